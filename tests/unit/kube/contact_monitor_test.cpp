#include "kube/contact_monitor.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace curfew;
using namespace curfew::kube;
using namespace std::chrono_literals;

namespace {

const Error kRefused{.kind = ErrorKind::Transport, .message = "refused"};
const ContactMonitor::Instant kStart{100s};

}  // namespace

TEST_CASE("lost contact is news once, until it is back") {
  ContactMonitor contact;
  CHECK(contact.in_contact());
  CHECK_FALSE(contact.failed(kRefused, kStart - 2s, kStart - 1s));  // not reported if there never was contact
  CHECK_FALSE(contact.in_contact());
  contact.succeeded(kStart);
  CHECK(contact.failed(kRefused, kStart, kStart + 1s));
  CHECK_FALSE(contact.in_contact());
  CHECK_FALSE(contact.failed(kRefused, kStart + 2s, kStart + 3s));
  contact.succeeded(kStart + 4s);
  CHECK(contact.in_contact());
  CHECK(contact.failed(kRefused, kStart + 5s, kStart + 6s));
}

TEST_CASE("contact that comes and goes is lost once, and back when nothing has failed for a second") {
  ContactMonitor contact;
  contact.succeeded(kStart);
  CHECK(contact.failed(kRefused, kStart + 1ms, kStart + 2ms));
  for (auto now = kStart + 100ms; now < kStart + 2s; now += 100ms) {
    contact.succeeded(now);
    CHECK_FALSE(contact.failed(kRefused, now + 1ms, now + 2ms));
  }
  contact.succeeded(kStart + 2901ms);
  CHECK_FALSE(contact.in_contact());
  contact.succeeded(kStart + 2902ms);
  CHECK(contact.in_contact());
}

TEST_CASE("a failure while others get answers is no lost contact") {
  ContactMonitor contact;
  contact.succeeded(kStart + 50s);
  CHECK_FALSE(contact.failed(kRefused, kStart, kStart + 60s));  // a watch that broke
  CHECK(contact.in_contact());
  CHECK(contact.failed(kRefused, kStart + 60s, kStart + 61s));  // and could not be resumed
}

TEST_CASE("a call that was stopped says nothing about the server") {
  ContactMonitor contact;
  CHECK_FALSE(contact.failed({.kind = ErrorKind::Cancelled, .message = "stopped"}, kStart, kStart + 1s));
  CHECK(contact.in_contact());
}

TEST_CASE(
    "an API server that answers with errors is said so once of each kind, until a minute has passed without") {
  ContactMonitor contact;
  const Error failed{.kind = ErrorKind::InternalError, .message = "a webhook failed"};
  const Error busy{.kind = ErrorKind::TooManyRequests, .message = "later"};
  contact.succeeded(kStart);
  CHECK(contact.struggled(failed, kStart));
  CHECK(contact.struggled(busy, kStart + 1s));
  for (auto now = kStart + 2s; now < kStart + 5min; now += 30s) {
    contact.succeeded(now);
    CHECK_FALSE(contact.struggled(failed, now));
    CHECK_FALSE(contact.struggled(busy, now));
  }
  CHECK(contact.in_contact());
  contact.succeeded(kStart + 7min);
  CHECK(contact.struggled(failed, kStart + 8min));
  CHECK_FALSE(contact.struggled({.kind = ErrorKind::Forbidden, .message = "no"}, kStart + 8min));
}

TEST_CASE("that lost contact has become a matter of trust is news once more, of each kind") {
  const Error untrusted{.kind = ErrorKind::Tls,
                        .message = "its certificate is not signed by the cluster's CA"};
  const Error unauthorized{.kind = ErrorKind::Unauthorized, .message = "Unauthorized"};
  ContactMonitor contact;
  contact.succeeded(kStart);
  CHECK(contact.failed(kRefused, kStart, kStart + 1s));
  for (const Error& error : {untrusted, unauthorized}) {
    CHECK(contact.failed(error, kStart + 2s, kStart + 3s));
    CHECK_FALSE(contact.failed(error, kStart + 4s, kStart + 5s));
  }
  CHECK_FALSE(contact.failed(kRefused, kStart + 6s, kStart + 7s));
  contact.succeeded(kStart + 9s);
  CHECK(contact.failed(untrusted, kStart + 10s, kStart + 11s));
  CHECK_FALSE(contact.failed(untrusted, kStart + 12s, kStart + 13s));
}
