# What every target of ours is compiled with.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "GCC before 14 miscompiles coroutines (temporaries are destroyed twice); "
    "use clang 19: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

option(HEARTH_WERROR "Treat warnings in our own code as errors" ON)
set(HEARTH_SANITIZE "" CACHE STRING "Sanitizers for everything: address,undefined or thread")
option(HEARTH_FUZZ "Build the libFuzzer targets" OFF)

add_library(hearth_flags INTERFACE)
target_compile_options(hearth_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wnull-dereference -Wimplicit-fallthrough -Wextra-semi)
if(HEARTH_WERROR)
  target_compile_options(hearth_flags INTERFACE -Werror)
endif()
# A program loads the libraries that it uses, not all those of the rooms that it is made of.
target_link_options(hearth_flags INTERFACE LINKER:--as-needed)
target_compile_definitions(hearth_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  HEARTH_VERSION="${PROJECT_VERSION}")

if(HEARTH_SANITIZE)
  add_compile_options(-fsanitize=${HEARTH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(NOT HEARTH_FUZZ)
    # These builds are made to be tested once: most of their time would go into optimising what is checked more
    # thoroughly without it, and into debug information that no report shows.
    add_compile_options(-O0 -gline-tables-only)
  endif()
  add_link_options(-fsanitize=${HEARTH_SANITIZE})
else()
  add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(HEARTH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
