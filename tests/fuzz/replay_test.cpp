#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/targets.hpp"

using namespace curfew;
using fuzz::Target;

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string nested(std::size_t levels) {
  return repeated("[", levels) + repeated("]", levels);
}
std::string nested_objects(std::size_t levels) {
  return repeated(R"({"f:a":)", levels) + "{}" + repeated("}", levels);
}

// JSON values that are too large for files of the corpus.
std::vector<std::string> large_values() {
  constexpr std::size_t kMany = 100'000;
  constexpr std::size_t kMillion = 1'000'000;
  return {nested(kMany),
          nested(kMillion),
          nested_objects(kMany),
          repeated("[", kMillion),
          "[" + repeated(nested(101) + ",", 100) + nested(99) + "]",
          "[" + repeated("[],", kMany / 5) + "[]]",
          "\"" + std::string(10 * kMillion, 'x') + "\"",
          "\"" + repeated(R"(\ud83d\ude00)", kMany) + "\"",
          std::string(kMany, '9'),
          "1e" + std::string(kMany, '9')};
}

}  // namespace

TEST_CASE("every input of the corpora is taken by its target") {
  const std::filesystem::path corpora = std::string(CURFEW_SOURCE_DIR) + "/tests/fuzz/corpus";
  for (const Target& target : fuzz::targets()) {
    int inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpora / target.name)) {
      INFO(entry.path());
      CHECK_NOTHROW(target.run(contents(entry.path())));
      ++inputs;
    }
    INFO("corpus " << target.name);
    CHECK(inputs >= 5);
  }
}

TEST_CASE("every target takes what every other is given") {
  const std::filesystem::path corpora = std::string(CURFEW_SOURCE_DIR) + "/tests/fuzz/corpus";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpora)) {
    if (!entry.is_regular_file()) continue;
    const std::string input = contents(entry.path());
    INFO(entry.path());
    for (const Target& target : fuzz::targets()) CHECK_NOTHROW(target.run(input));
  }
}

TEST_CASE("a value of a million levels, or of ten megabytes, is taken wherever JSON is read") {
  for (const std::string& value : large_values()) {
    INFO(value.substr(0, 20) << " and so on, " << value.size() << " bytes");
    const std::string object = R"({"metadata":{"name":"a","managedFields":)" + value + "}}";
    CHECK_NOTHROW(fuzz::list_pages(R"({"metadata":{"resourceVersion":"1"},"items":[)" + object + "]}"));
    CHECK_NOTHROW(fuzz::policies(object));
  }
}

TEST_CASE("a kubeconfig of a million levels, or of ten megabytes, is refused") {
  for (const std::string& value : large_values()) {
    INFO(value.substr(0, 20) << " and so on, " << value.size() << " bytes");
    CHECK_NOTHROW(fuzz::kubeconfig(value));
  }
}

TEST_CASE("durations, times and patterns of ten megabytes are taken") {
  for (const char* piece : {"9", "(", "0h", "2026-11-24T20:00:00.", "a*", "\n", "\xff"}) {
    const std::string text = repeated(piece, std::size_t{10} * 1'000'000 / std::string_view(piece).size());
    INFO(piece);
    CHECK_NOTHROW(fuzz::durations(text));
    CHECK_NOTHROW(fuzz::times(text));
    CHECK_NOTHROW(fuzz::times("2026-11-24T20:00:00." + text + "Z"));
    CHECK_NOTHROW(fuzz::patterns(text));
  }
}

TEST_CASE("notes and leaves that are longer than any limit are taken") {
  for (const char* piece :
       {"\n", "\u2014 a AAAAAAA=\n", "AAAA", "[", R"({"a":)", "\xff", "tile/0/", "x000/", "\x01"}) {
    const std::string text = repeated(piece, std::size_t{2'100'000} / std::string_view(piece).size());
    INFO(piece);
    CHECK_NOTHROW(fuzz::notes(text));
    CHECK_NOTHROW(fuzz::notes("a\n\n" + text));
    CHECK_NOTHROW(fuzz::leaves(text));
  }
  for (const std::string& value : large_values()) {
    INFO(value.substr(0, 20) << " and so on, " << value.size() << " bytes");
    CHECK_NOTHROW(fuzz::leaves(value));
    CHECK_NOTHROW(fuzz::leaves(R"({"action":"a","metadata":{"name":"a"},"time":"2026-11-24T20:00:00Z","z":)" +
                               value + "}"));
  }
}
