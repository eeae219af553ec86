# Warnings for our own targets; the presets turn them into errors (CURFEW_WERROR).
option(CURFEW_WERROR "Treat warnings as errors" OFF)

function(curfew_set_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    -Wsuggest-override -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
    $<$<BOOL:${CURFEW_WERROR}>:-Werror>)
endfunction()
