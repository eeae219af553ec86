set(python /usr/bin/python3)  # Debian's: it sees the packages that cmake/Dependencies.cmake names

# curfew_python_tests(PROGRAM LABEL LABEL [ARGUMENTS ARGUMENT...] [PROPERTIES PROPERTY VALUE...]): each test that the program lists is one of ctest's.
function(curfew_python_tests program)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "PROPERTIES;ARGUMENTS")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${program})
  execute_process(COMMAND ${python} -B ${CMAKE_CURRENT_SOURCE_DIR}/${program} --list OUTPUT_VARIABLE names OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" names "${names}")
  foreach(name IN LISTS names)
    string(REGEX REPLACE "^test_" "" title ${name})
    string(REPLACE "_" " " title "${arg_LABEL}: ${title}")
    add_test(NAME ${title} COMMAND ${python} -B ${CMAKE_CURRENT_SOURCE_DIR}/${program} ${arg_ARGUMENTS} ${name})
    set_tests_properties(${title} PROPERTIES LABELS ${arg_LABEL} ${arg_PROPERTIES})
  endforeach()
endfunction()
