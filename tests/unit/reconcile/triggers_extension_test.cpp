#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/triggers_fixture.hpp"

// Which requests of a chain are looked at when one of them changes.

namespace {

api::AccessRequest extending(const std::string& name, const std::string& extended,
                             Phase phase = Phase::Active) {
  auto made = request_in(phase, name, "uid-of-" + name);
  made.spec.extends = extended;
  return made;
}

// debug <- second <- third.
struct ChainFixture : TriggersFixture {
  ChainFixture() {
    see(request_in(Phase::Active));
    see(extending("second", "debug"));
    see(extending("third", "second"));
    queued_within(10s);
  }
};

}  // namespace

TEST_CASE("a change of a request is looked at by those that extend it") {
  ChainFixture f;
  f.see(request_in(Phase::Active));
  CHECK(f.queued() == Keys{request_key("debug"), request_key("second")});
  f.see(extending("second", "debug"));
  CHECK(f.queued() == Keys{request_key("second"), request_key("third")});
  f.see(extending("third", "second"));
  CHECK(f.queued() == Keys{request_key("third")});
}

TEST_CASE("so is its departure, also when it was completed here") {
  ChainFixture f;
  SECTION("by somebody") {
    f.see_leave(request().metadata.key());
    CHECK(f.queued() == Keys{request_key("debug"), request_key("second")});
  }
  SECTION("here") {
    f.departed.expect(kUid);
    f.see_leave(request().metadata.key());
    CHECK(f.queued() == Keys{request_key("second")});
  }
}

TEST_CASE("an extension in a new phase concerns what it extends, and what else extends that") {
  ChainFixture f;
  f.see(extending("another", "debug", Phase::Pending));
  CHECK(f.queued() == Keys{request_key("another"), request_key("debug"), request_key("second")});
  f.see(extending("another", "debug", Phase::Pending));
  CHECK(f.queued() == Keys{request_key("another")});
  f.see(extending("another", "debug", Phase::Active));
  CHECK(f.queued() == Keys{request_key("another"), request_key("debug"), request_key("second")});
}

TEST_CASE("the index follows requests that leave, and knows namespaces apart") {
  ChainFixture f;
  f.see_leave(extending("second", "debug").metadata.key());
  CHECK(f.extensions.of(request().metadata.key()).empty());
  CHECK(f.extensions.of({"payments", "second"}) == std::vector<api::ObjectKey>{{"payments", "third"}});
  CHECK(f.extensions.of({"billing", "second"}).empty());
}
