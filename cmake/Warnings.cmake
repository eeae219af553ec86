# Warnings for our own targets; the presets turn them into errors (CURFEW_WERROR). Missing fields of designated initialisers are meant: they have defaults.
option(CURFEW_WERROR "Treat warnings as errors" OFF)

function(curfew_set_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    -Wsuggest-override -Wno-missing-field-initializers -Wcast-align -Woverloaded-virtual -Wimplicit-fallthrough
    # g++ 12 reports concatenated std::strings, wrongly, once <string> is precompiled (GCC bugs 105329 and 105651).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>
    $<$<BOOL:${CURFEW_WERROR}>:-Werror>)
endfunction()
