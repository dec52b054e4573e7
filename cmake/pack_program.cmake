# hearth_pack_program(NAME SOURCES … [LIBRARIES …] SDK whisper|onnxruntime … [FOLDER dir])
#
# An engine program that runs inside a pack: a root file system of a newer Debian, with libraries that this Debian lacks. It is
# compiled here, against the C headers that tools/engine-sdk unpacked, and linked to the pack's library by its soname only; what
# else that library needs is the pack's affair. The C and C++ libraries of a newer release serve what was linked to older ones.
# Other libraries of this Debian that the program links to (fmt, Boost, libsodium) are copied to lib/ beside it, where its
# RUNPATH looks, because a pack need not have them in this version.
#
# The result is a folder with the program and lib/: engines/DIR of the build, where DIR is the calling folder's name, which
# install() takes to libexec/hearth/engines/DIR. A program with a FOLDER of its own is a tool: built when it is asked for, and
# not installed. Only the C interfaces of an SDK library may be used: its C++ ones have another standard library's ABI.
#
# A pack has no sanitizer's or fuzzer's runtime, so instrumented builds leave these programs out. Whatever can be wrong without
# the foreign library belongs into an ordinary library of the engine, with native tests that are instrumented.
option(HEARTH_PACK_PROGRAMS "Build the engine programs that run inside packs (needs tools/engine-sdk)" ON)
set(HEARTH_ENGINE_SDK ${PROJECT_SOURCE_DIR}/build/engine-sdk CACHE PATH "What tools/engine-sdk unpacked")
if(HEARTH_SANITIZE OR HEARTH_FUZZ)
  set(HEARTH_BUILDS_PACK_PROGRAMS OFF)
else()
  set(HEARTH_BUILDS_PACK_PROGRAMS ${HEARTH_PACK_PROGRAMS})
endif()

# What the packs have: the C and C++ libraries, which are in all of them, and the SDKs' own.
set(HEARTH_PACK_HAS
  "^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|stdc\\+\\+|gcc_s|whisper|ggml|ggml-base|onnxruntime))\\.so(\\..*)?$")

if(HEARTH_BUILDS_PACK_PROGRAMS)
  if(NOT EXISTS ${HEARTH_ENGINE_SDK}/versions)
    message(FATAL_ERROR "The libraries that programs inside engine packs are linked to are not in ${HEARTH_ENGINE_SDK}: run "
      "tools/engine-sdk once (it needs the network), or configure with -DHEARTH_PACK_PROGRAMS=OFF to do without those programs.")
  endif()
  set(sdk_libraries ${HEARTH_ENGINE_SDK}/root/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
  set(sdk_headers ${HEARTH_ENGINE_SDK}/root/usr/include)

  # The SDKs by name. Full paths: the SDK's folder holds another C library, which no search may find.
  add_library(hearth_sdk_whisper INTERFACE)
  target_include_directories(hearth_sdk_whisper SYSTEM INTERFACE ${sdk_headers})
  target_link_libraries(hearth_sdk_whisper INTERFACE
    ${sdk_libraries}/libwhisper.so ${sdk_libraries}/libggml.so ${sdk_libraries}/libggml-base.so)
  add_library(hearth_sdk_onnxruntime INTERFACE)
  target_include_directories(hearth_sdk_onnxruntime SYSTEM INTERFACE ${sdk_headers}/onnxruntime)
  target_link_libraries(hearth_sdk_onnxruntime INTERFACE ${sdk_libraries}/libonnxruntime.so)
endif()

function(hearth_pack_program name)
  cmake_parse_arguments(P "" "FOLDER" "SOURCES;LIBRARIES;SDK" ${ARGN})
  if(P_UNPARSED_ARGUMENTS OR NOT P_SOURCES OR NOT P_SDK)
    message(FATAL_ERROR "hearth_pack_program(${name}): SOURCES or SDK is missing or these are unknown: ${P_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT HEARTH_BUILDS_PACK_PROGRAMS)
    return()
  endif()
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME engine)
  set(installed libexec/hearth/engines/${engine})
  if(P_FOLDER)
    set(installed "")
  else()
    set(P_FOLDER ${CMAKE_BINARY_DIR}/engines/${engine})
  endif()
  add_executable(${name} ${P_SOURCES})
  target_link_libraries(${name} PRIVATE hearth_flags ${P_LIBRARIES})
  foreach(sdk IN LISTS P_SDK)
    if(NOT TARGET hearth_sdk_${sdk})
      message(FATAL_ERROR "hearth_pack_program(${name}): there is no SDK '${sdk}'; cmake/pack_program.cmake lists them")
    endif()
    target_link_libraries(${name} PRIVATE hearth_sdk_${sdk})
  endforeach()
  target_link_options(${name} PRIVATE -Wl,--allow-shlib-undefined)
  # The build's program is the installed one: no path of this machine in it.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${P_FOLDER}
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/lib" INSTALL_RPATH_USE_LINK_PATH OFF)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${name}> -D "PACK_HAS=${HEARTH_PACK_HAS}" -D SDK=${sdk_libraries}
      -P ${PROJECT_SOURCE_DIR}/cmake/copy_pack_libraries.cmake
    VERBATIM)
  if(NOT installed)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY HEARTH_PACK_PROGRAM_FOLDERS ${installed})
  configure_file(engine.yaml ${P_FOLDER}/engine.yaml COPYONLY)
  install(FILES engine.yaml DESTINATION ${installed})
  install(TARGETS ${name} RUNTIME DESTINATION ${installed})
  install(DIRECTORY ${P_FOLDER}/lib DESTINATION ${installed}
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()
