# Every third-party package, named once. tools/install-dependencies reads the lines
#   # debian: PACKAGE MINIMUM_VERSION [SUITE]
# and find_package below is the only one in the project.
#
# debian: g++ 4:12
# debian: cmake 3.25
# debian: ninja-build 1.11
# debian: ccache 4.7
# debian: pkg-config 1.8
# debian: libcpprest-dev 2.10.18
# debian: libssl-dev 3.0
# debian: zlib1g-dev 1:1.2.13
# debian: libboost-dev 1.74
# debian: libboost-system-dev 1.74
# debian: libboost-filesystem-dev 1.74
# debian: nlohmann-json3-dev 3.11
# debian: libyaml-cpp-dev 0.7
# debian: libspdlog-dev 1:1.10
# debian: libfmt-dev 9.1
# debian: libexpected-dev 1.0
# debian: libcli11-dev 2.1
# debian: libhowardhinnant-date-dev 3.0
# debian: libre2-dev 20220601
# debian: libutf8proc-dev 2.8
# debian: prometheus-cpp-dev 1.0
# debian: libcatch2-dev 3.7 bookworm-backports
# debian: catch2 3.7 bookworm-backports
# debian: libfaketime 0.9.10
# debian: clang-19 1:19.1
# debian: clang-tidy-19 1:19.1
# debian: clang-format-19 1:19.1
# debian: libclang-rt-19-dev 1:19.1
# debian: openssl 3.0
# debian: python3 3.11
# debian: python3-venv 3.11
# debian: python3-yaml 6.0
# debian: binutils 2.40
# debian: umoci 0.4.7
# debian: skopeo 1.9.3
# debian: tmux 3.3
# debian: zsh 5.9
# debian: fish 3.6
# debian: prometheus 2.42
# debian: gnuplot-nox 5.4
# debian: ca-certificates 20230311

set(python /usr/bin/python3)  # Debian's: it sees the packages that this file names
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS filesystem)
find_package(cpprestsdk 2.10.18 CONFIG REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(yaml-cpp 0.7 CONFIG REQUIRED)
find_package(fmt 9.1 CONFIG REQUIRED)
find_package(spdlog 1.10 CONFIG REQUIRED)
find_package(CLI11 2.1 CONFIG REQUIRED)
find_package(tl-expected 1.0 CONFIG REQUIRED)
find_package(date 3.0 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)  # Debian's RE2 has no CMake package
set_property(TARGET PkgConfig::re2 PROPERTY INTERFACE_COMPILE_OPTIONS)  # -pthread, which glibc does without: all of ours is compiled alike
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
find_package(prometheus-cpp CONFIG REQUIRED)  # its package states no version
if(BUILD_TESTING)
  find_package(Catch2 3.7 CONFIG REQUIRED)
  include(Catch)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
  find_library(libfaketime NAMES libfaketimeMT.so.1 PATH_SUFFIXES faketime REQUIRED)  # preloaded by tests about clocks
endif()

# Debian's yaml-cpp 0.7 exports a target without a namespace; newer ones have it.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
