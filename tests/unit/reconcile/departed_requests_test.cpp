#include "reconcile/departed_requests.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/support/builders.hpp"

using namespace curfew;
using namespace curfew::testing;
using reconcile::DepartedRequests;

TEST_CASE("a departed request is remembered until its own uid is forgotten") {
  DepartedRequests departed;
  const auto gone = shared(request());
  departed.add(gone);
  CHECK(departed.first(gone->metadata.key()) == gone);
  CHECK(departed.keys() == std::vector{gone->metadata.key()});

  departed.remove(gone->metadata.key(), kOtherUid);
  CHECK(departed.first(gone->metadata.key()) == gone);

  departed.remove(gone->metadata.key(), kUid);
  CHECK(departed.first(gone->metadata.key()) == nullptr);
  CHECK(departed.keys().empty());
}

TEST_CASE(
    "of departed requests of one name each is remembered, in the order in which they left, by its last state") {
  DepartedRequests departed;
  departed.add(shared(request()));
  departed.add(shared(request("debug", kOtherUid)));
  const auto latest = shared(request_in(api::Phase::Active));
  departed.add(latest);
  const auto key = request().metadata.key();
  CHECK(departed.first(key) == latest);
  CHECK(departed.contains(kUid));
  CHECK(departed.contains(kOtherUid));
  CHECK(departed.keys().size() == 1);
  departed.remove(key, kUid);
  CHECK_FALSE(departed.contains(kUid));
  CHECK(departed.first(key)->metadata.uid == kOtherUid);
  departed.remove(key, kOtherUid);
  CHECK(departed.first(key) == nullptr);
}

TEST_CASE("a departure is expected by uid until it is not any more") {
  DepartedRequests departed;
  CHECK_FALSE(departed.is_expected(kUid));
  departed.expect(kUid);
  CHECK(departed.is_expected(kUid));
  CHECK_FALSE(departed.is_expected(kOtherUid));
  departed.stop_expecting(kUid);
  CHECK_FALSE(departed.is_expected(kUid));
}
