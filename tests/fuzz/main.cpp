#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

// Compiled once per target: CURFEW_FUZZ_TARGET is its function.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as text
  curfew::fuzz::CURFEW_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
