# CURFEW_SANITIZE: "address,undefined" or "thread"; empty for none. Release hardening otherwise.
# Their presets compile eight files of a target as one (CMAKE_UNITY_BUILD), which saves compiling what they include: a name in an unnamed namespace is used in one file of a target only.
set(CURFEW_SANITIZE "" CACHE STRING "Sanitizers for every target")

if(CURFEW_SANITIZE)
  add_compile_options(-fsanitize=${CURFEW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CURFEW_SANITIZE})
  if(CURFEW_SANITIZE STREQUAL "thread")
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # Boost.Asio has fences, which g++ warns about; it needs none of them here
  endif()
else()
  add_compile_options(-fstack-protector-strong)
  add_link_options(-Wl,-z,relro,-z,now)
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=3> _GLIBCXX_ASSERTIONS)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# The programs of tests/fuzz, with libFuzzer, which has to see every library of ours.
option(CURFEW_FUZZ "Build the fuzzers (Clang only)" OFF)
if(CURFEW_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "CURFEW_FUZZ needs Clang, such as -DCMAKE_CXX_COMPILER=clang++-19; the compiler is ${CMAKE_CXX_COMPILER_ID}")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
