#include <cstdlib>

#include "fleet.hpp"
#include "storm.hpp"

// Controllers are killed at random moments of many lifecycles, and nothing is lost. `make kill-loop` runs
// more of them.
using namespace curfew::test;

namespace {

constexpr seconds kSettled{60};

// CURFEW_KILL_LOOP_LIFECYCLES, otherwise few enough for daily runs.
int lifecycles() {
  const char* given = std::getenv("CURFEW_KILL_LOOP_LIFECYCLES");
  return given != nullptr ? std::stoi(given) : 48;  // four of each kind
}

class KillLoop {
 public:
  explicit KillLoop(std::size_t replicas) : fleet_(scene_.cluster, replicas) {
    for (std::size_t i = 0; i < replicas; ++i) start(i);
    fleet_.await_ready(seconds(20));
  }

  void run(int most, int a_turn, int least_kills) {
    storm_.start(a_turn, most);
    while (!storm_.is_through() || kills_ < least_kills) {
      wait(random_moment());
      kill_one();
    }
    fleet_.await_ready(seconds(20));
    settle();
    // A starting replica reconciles everything once more, and finds nothing to do.
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
      fleet_.kill(i);
      fleet_.start(i);
    }
    REQUIRE(eventually(seconds(20), [&] { return fleet_.leader().has_value(); }));
    fleet_.await_ready(seconds(20));
    sleep_until(now() + seconds(2));
    const Report report = audit(storm_.expected(), storm_.evidence(), fleet_.outages());
    WARN(fleet_.size() << " replicas, " << most << " lives, " << kills_ << " kills, seed " << seed_ << "\n"
                       << report.text());
    CHECK(report.wrong.empty());
    CHECK(storm_.errors() == std::vector<std::string>{});
  }

 private:
  // A single replica does not need a lease, and without one is at work again at once. Runs both ways, so that
  // it is killed at work more often.
  void start(std::size_t replica) {
    const bool has_lease = fleet_.size() > 1 || random(0, 1) == 0;
    fleet_.start(replica, has_lease ? Fleet::lease_flags() : std::vector<std::string>{"--no-leader-elect"});
    slow_ = has_lease;
  }

  // Half of the time early, because a process is busiest in its first moments; otherwise late enough for a
  // new leader to have worked.
  milliseconds random_moment() {
    if (random(0, 1) == 0) return milliseconds(random(0, 1500));
    return milliseconds(slow_ ? random(3000, 8000) : random(1000, 5000));
  }

  void wait(milliseconds time) {
    const auto until = now() + time;
    do {
      fleet_.look();
      sleep_until(std::min(until, now() + milliseconds(20)));
    } while (now() < until);
  }

  void kill_one() {
    const auto replica = static_cast<std::size_t>(random(0, static_cast<int>(fleet_.size()) - 1));
    fleet_.kill(replica);
    ++kills_;
    start(replica);
  }

  // Stops waiting as soon as the audit finds nothing wrong.
  void settle() {
    eventually(kSettled, [&] {
      sleep_until(now() + seconds(2));
      return audit(storm_.expected(), storm_.evidence(), fleet_.outages()).wrong.empty();
    });
  }

  int random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  const unsigned seed_ = storm_seed();
  std::mt19937 random_{seed_ + 1};
  Scene scene_;
  Fleet fleet_;
  Storm storm_{scene_, seed_};
  int kills_ = 0;
  bool slow_ = false;
};

}  // namespace

TEST_CASE("a controller killed at random moments loses nothing, and does nothing twice",
          "[replica][kill-loop]") {
  const int most = lifecycles();
  KillLoop(1).run(most, most > 100 ? 8 : 4, 6);
}

TEST_CASE("two replicas killed at random moments lose nothing, and do nothing twice",
          "[replica][kill-loop]") {
  const int most = lifecycles();
  KillLoop(2).run(most, most > 100 ? 8 : 4, 6);
}
