# Copies what PROGRAM needs of this machine's libraries, and no pack has (PACK_HAS, a regular expression), to lib/ beside it.
# SDK is the folder with the SDK's libraries. Run by hearth_pack_program() after linking.
cmake_path(GET PROGRAM PARENT_PATH folder)
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${PROGRAM}
  RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing PRE_EXCLUDE_REGEXES ${PACK_HAS})
if(missing)
  message(FATAL_ERROR "${PROGRAM} needs libraries that this machine has not: ${missing}")
endif()
file(MAKE_DIRECTORY ${folder}/lib)
foreach(library IN LISTS found)
  cmake_path(GET library FILENAME name)
  if(EXISTS ${SDK}/${name})
    message(FATAL_ERROR "${PROGRAM} links to this machine's ${name}, and its pack may bring another one: two of them cannot be "
      "in one process. Do without it, or link it statically.")
  endif()
  file(REAL_PATH ${library} file)
  configure_file(${file} ${folder}/lib/${name} COPYONLY)
endforeach()
