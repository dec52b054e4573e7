# Runs in the package's staging tree: Debian wants manual pages and the changelog compressed, without time stamps.
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
