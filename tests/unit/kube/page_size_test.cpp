#include "kube/page_size.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace curfew::kube;

TEST_CASE("a page that is too much is halved, down to one object") {
  std::vector<int> sizes{kMaxPageSize};
  while (sizes.back() > 1) sizes.push_back(next_page_size(sizes.back(), kTooMuch));
  CHECK(sizes == std::vector<int>{500, 250, 125, 62, 31, 15, 7, 3, 1});
  CHECK(next_page_size(1, kTooMuch) == 1);
}

TEST_CASE("a page without an answer is a hundredth the next time") {
  CHECK(next_page_size(kMaxPageSize, kNoAnswer) == 5);
  CHECK(next_page_size(5, kNoAnswer) == 1);
}

TEST_CASE("a page grows again where there is room for four of it, up to five hundred objects") {
  CHECK(next_page_size(1, 0.0) == 2);
  CHECK(next_page_size(200, 0.24) == 400);
  CHECK(next_page_size(300, 0.24) == 500);
  CHECK(next_page_size(500, 0.0) == 500);
}

TEST_CASE(
    "what grew does not have to be halved again, nor what was halved grow: a list of equal objects settles") {
  CHECK(next_page_size(200, 0.25) == 200);
  CHECK(next_page_size(200, 1.0) == 200);
  constexpr double kObject = 1.0 / 3;  // of a page
  int size = kMaxPageSize;
  std::vector<int> tried;
  for (int i = 0; i < 20; ++i) {
    tried.push_back(size);
    size = next_page_size(size, size * kObject);
  }
  CHECK(size == 3);
  CHECK(tried[10] == 3);
}
