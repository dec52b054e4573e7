# Runs in the package's staging tree. Debian wants manual pages and the changelog compressed, without time stamps; and the
# packages of the libraries that the programs link to are its dependencies.
set(usr "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr")
file(MAKE_DIRECTORY "${usr}/share/doc/hearth")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE "${usr}/share/doc/hearth/changelog"
  "hearth (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * Release ${CPACK_PACKAGE_VERSION}.\n\n"
  " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
file(GLOB_RECURSE pages "${usr}/share/man/*.[1-9]")
foreach(file IN LISTS pages ITEMS "${usr}/share/doc/hearth/changelog")
  execute_process(COMMAND gzip -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
# Zsh looks in vendor-completions for what packages bring.
if(EXISTS "${usr}/share/zsh/site-functions")
  file(MAKE_DIRECTORY "${usr}/share/zsh")
  file(RENAME "${usr}/share/zsh/site-functions" "${usr}/share/zsh/vendor-completions")
endif()

# The programs inside packs find their libraries there, not on the machine.
file(GLOB_RECURSE files LIST_DIRECTORIES false "${usr}/bin/*" "${usr}/libexec/*")
set(programs "")
foreach(file IN LISTS files)
  set(in_pack FALSE)
  foreach(folder IN LISTS CPACK_HEARTH_PACK_PROGRAM_FOLDERS)
    string(FIND "${file}" "${usr}/${folder}/" at)
    if(at EQUAL 0)
      set(in_pack TRUE)
    endif()
  endforeach()
  file(READ "${file}" magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46" AND NOT in_pack)
    list(APPEND programs "${file}")
  endif()
endforeach()
set(scratch "${CPACK_TOPLEVEL_DIRECTORY}/shlibdeps")
file(WRITE "${scratch}/debian/control" "") # dpkg-shlibdeps does nothing without one
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C dpkg-shlibdeps -O ${programs}
  WORKING_DIRECTORY "${scratch}" OUTPUT_VARIABLE depends OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT depends MATCHES "^shlibs:Depends=(.+)$")
  message(FATAL_ERROR "dpkg-shlibdeps found no dependencies: ${depends}")
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${CMAKE_MATCH_1}, ${CPACK_DEBIAN_PACKAGE_DEPENDS}")
