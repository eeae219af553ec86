# Third-party headers that most of our files include, compiled once for all of them: a good part of a build's time otherwise. No
# header of ours is among them, so that changing one of ours compiles what includes it and nothing else.
set(common_headers
  <nlohmann/json.hpp> <tl/expected.hpp>
  <algorithm> <chrono> <condition_variable> <functional> <map> <memory> <mutex> <optional> <set> <stop_token> <string> <string_view> <thread> <unordered_map> <utility>
  <variant> <vector>)
set(test_headers <catch2/catch_test_macros.hpp> <catch2/generators/catch_generators.hpp> <catch2/matchers/catch_matchers_string.hpp>)
file(WRITE ${PROJECT_BINARY_DIR}/headers.cpp "")  # the target that owns them has to have a source

add_library(curfew_library_headers OBJECT ${PROJECT_BINARY_DIR}/headers.cpp)
target_link_libraries(curfew_library_headers PRIVATE nlohmann_json::nlohmann_json tl::expected)
target_precompile_headers(curfew_library_headers PRIVATE ${common_headers})
curfew_set_warnings(curfew_library_headers)

# Tests are compiled more often than they are slow.
set(test_options $<$<CONFIG:Release>:-O1>)
if(CURFEW_SANITIZE MATCHES address)
  set(test_options -O0)  # what is instrumented and optimised takes longest to compile; the libraries stay as the preset says
endif()
# Eight sources of a test program compiled as one: a third of the time from nothing, more after a change of one source.
# The environment's CURFEW_UNITY_TESTS=ON asks for it, too.
option(CURFEW_UNITY_TESTS "Compile the tests in batches" $ENV{CURFEW_UNITY_TESTS})

function(curfew_compile_tests target)
  if(CURFEW_UNITY_TESTS)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
    target_compile_options(${target} PRIVATE -Wno-shadow)  # a name of one source may be another's, too
  endif()
  target_compile_options(${target} PRIVATE ${test_options})
  target_precompile_headers(${target} REUSE_FROM curfew_test_headers)
endfunction()

if(BUILD_TESTING)
  add_library(curfew_test_headers OBJECT ${PROJECT_BINARY_DIR}/headers.cpp)
  target_link_libraries(curfew_test_headers PRIVATE nlohmann_json::nlohmann_json tl::expected Catch2::Catch2)
  target_precompile_headers(curfew_test_headers PRIVATE ${common_headers} ${test_headers})
  # As programs are compiled, not libraries.
  set_target_properties(curfew_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(curfew_test_headers PRIVATE -fPIE ${test_options})
  curfew_set_warnings(curfew_test_headers)
endif()
