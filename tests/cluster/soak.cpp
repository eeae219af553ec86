#include <array>
#include <cstdlib>
#include <iostream>

#include "faultproxy.hpp"
#include "fleet.hpp"
#include "storm.hpp"

// Users, faults and restarts at the same time. `make soak` runs this for twenty minutes; the default is one
// minute.
using namespace curfew::test;

namespace {

constexpr std::size_t kReplicas = 3;
constexpr std::size_t kSteady = 2;  // never restarted, so that it has time to leak
constexpr milliseconds kSettled = seconds(60);
// By how much a process may hold more in the last quarter of its time than in the second: noise, not growth.
constexpr long kMoreKib = 32 * 1024;
constexpr long kMoreDescriptors = 24;
constexpr long kMoreThreads = 8;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kRssMeansSomething = false;  // it is mostly the sanitizer's
#else
constexpr bool kRssMeansSomething = true;
#endif

// CURFEW_SOAK_SECONDS, otherwise a minute.
seconds soak_time() {
  const char* given = std::getenv("CURFEW_SOAK_SECONDS");
  return seconds(given != nullptr ? std::stoi(given) : 60);
}

struct Fault {
  Json control;
  bool is_outage;  // access cannot end meanwhile; without an outage, Curfew must be on time
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all{
      {{{"fault", "refuse"}}, true},
      {{{"fault", "latency"}, {"ms", 200}}, false},
      {{{"fault", "half-open"}}, true},
      {{{"fault", "gone"}}, false},
      {{{"fault", "status"}, {"code", 500}}, true},
      {{{"fault", "duplicate"}}, false},
      {{{"fault", "reset"}}, true},
      {{{"fault", "stale"}}, false},
      {{{"fault", "status"}, {"code", 503}, {"retry_after", 1}}, true},
      {{{"fault", "truncate"}}, true},
      {{{"fault", "latency"}, {"ms", 5000}}, true},
      {{{"fault", "status"}, {"code", 429}, {"retry_after", 1}}, true},
      {{{"fault", "slow"}}, true},
      {{{"fault", "status"}, {"code", 500}, {"method", "DELETE"}}, true},
  };
  return all;
}

std::string in_words(const Holdings& held) {
  return std::to_string(held.rss_kib) + " KiB, " + std::to_string(held.descriptors) + " descriptors, " +
         std::to_string(held.threads) + " threads";
}

long median(std::vector<Holdings> samples, long Holdings::* what) {
  REQUIRE(!samples.empty());
  std::ranges::sort(samples, {}, what);
  return samples[samples.size() / 2].*what;
}

Holdings median(const std::vector<Holdings>& samples, double from, double until) {
  const auto at = [&](double share) {
    return samples.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(samples.size()));
  };
  const std::vector<Holdings> part(at(from), at(until));
  return {.rss_kib = median(part, &Holdings::rss_kib),
          .descriptors = median(part, &Holdings::descriptors),
          .threads = median(part, &Holdings::threads)};
}

class Soak {
 public:
  explicit Soak(seconds time)
      : time_(time),
        fault_every_(time_ >= seconds(300) ? seconds(20) : seconds(10)),
        restart_every_(std::min(seconds(60), time_ / 3)) {
    for (std::size_t i = 0; i < kReplicas; ++i)
      fleet_.start(i, Fleet::lease_flags(), proxies_[i].kubeconfig());
    fleet_.await_ready(seconds(20));
    REQUIRE(eventually(seconds(10), [&] { return fleet_.leader().has_value(); }));
  }

  void run() {
    std::cout << "soak: " << time_.count() << " s, seed " << seed_ << std::endl;
    const auto began = now();
    end_ = began + time_;
    next_fault_ = began + fault_every_ / 2;
    next_restart_ = began + restart_every_ / 2;
    storm_.start(2, 1'000'000);
    while (now() < end_) turn();
    end_fault();
    storm_.enough();
    while (!storm_.is_through()) turn_quietly();
    fleet_.await_ready(seconds(20));
    settle();
    sample();
    report();
  }

 private:
  void turn() {
    turn_quietly();
    if (now() >= next_sample_) sample();
    if (fault_ && now() >= fault_ends_) end_fault();
    if (!fault_ && now() >= next_fault_ && now() + fault_every_ < end_) begin_fault();
    if (!fault_ && now() >= next_restart_) restart();
  }

  void turn_quietly() {
    fleet_.look();
    sleep_until(now() + milliseconds(20));
  }

  // The faults in turn, each for a third to two thirds of the time until the next, on all replicas, on the
  // leader or on any one.
  void begin_fault() {
    fault_ = &faults()[(first_fault_ + fault_count_++) % faults().size()];
    hit_.clear();
    const auto one = fleet_.leader().value_or(kSteady);
    switch (random(0, 2)) {
      case 0: hit_ = {0, 1, 2}; break;
      case 1: hit_ = {one}; break;
      default: hit_ = {static_cast<std::size_t>(random(0, kReplicas - 1))};
    }
    fault_began_ = now();
    for (const std::size_t replica : hit_) proxies_[replica].set(fault_->control);
    fault_ends_ = fault_began_ + fault_every_ / 3 +
                  milliseconds(random(0, static_cast<int>(milliseconds(fault_every_ / 3).count())));
    next_fault_ = fault_began_ + fault_every_;
  }

  void end_fault() {
    if (!fault_) return;
    for (const std::size_t replica : hit_) proxies_[replica].set({{"fault", "pass"}});
    const Span span{fault_began_, now()};
    fleet_.add_trouble(span);
    for (const std::size_t replica : hit_) {
      if (fault_->is_outage) fleet_.add_outage(replica, span);
    }
    std::cout << "soak: " << fault_->control << " at " << curfew::format_rfc3339_micro(fault_began_)
              << " for " << in_milliseconds(now() - fault_began_) << " ms at " << Json(hit_) << "; replica "
              << kSteady << " holds " << in_words(holdings_of(fleet_[kSteady].pid())) << std::endl;
    fault_ = nullptr;
  }

  // Not during a fault: a process that cannot reach its API server waits for it, and is not started until
  // then.
  void restart() {
    const std::size_t replica = restarts_ / 2 % 2;
    const bool is_kill = restarts_ % 2 == 1;
    const Holdings held = holdings_of(fleet_[replica].pid());
    if (is_kill)
      fleet_.kill(replica);
    else
      fleet_.terminate(replica);
    fleet_.start(replica, Fleet::lease_flags(), proxies_[replica].kubeconfig());
    std::cout << "soak: " << (is_kill ? "SIGKILL" : "SIGTERM") << " for replica " << replica
              << ", which held " << in_words(held) << std::endl;
    ++restarts_;
    next_restart_ += restart_every_;
  }

  void sample() {
    samples_.push_back(holdings_of(fleet_[kSteady].pid()));
    next_sample_ = now() + time_ / 60;
  }

  void settle() {
    eventually(kSettled, [&] {
      sleep_until(now() + seconds(2));
      fleet_.look();
      return audit(storm_.expected(), storm_.evidence(), fleet_.outages()).wrong.empty();
    });
  }

  void report() {
    const Report report = audit(storm_.expected(), storm_.evidence(), fleet_.outages());
    const Holdings warm = median(samples_, 0.25, 0.5);
    const Holdings end = median(samples_, 0.75, 1);
    std::cout << "soak: " << storm_.expected().size() << " lives, " << fault_count_ << " faults, "
              << restarts_ << " restarts, seed " << seed_ << "\n"
              << report.text() << "\nthe replica that ran throughout held at its start "
              << in_words(samples_.front()) << "\n  in the second quarter " << in_words(warm)
              << "\n  in the last " << in_words(end) << "\n  at last " << in_words(samples_.back())
              << std::endl;
    CHECK(report.wrong.empty());
    CHECK(storm_.errors() == std::vector<std::string>{});
    if (kRssMeansSomething) CHECK(end.rss_kib - warm.rss_kib < kMoreKib);
    CHECK(end.descriptors - warm.descriptors < kMoreDescriptors);
    CHECK(end.threads - warm.threads < kMoreThreads);
  }

  static long in_milliseconds(std::chrono::microseconds time) {
    return std::chrono::floor<milliseconds>(time).count();
  }
  int random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  const seconds time_;
  const seconds fault_every_;
  const seconds restart_every_;
  const unsigned seed_ = storm_seed();
  std::mt19937 random_{seed_ + 1};
  Scene scene_;
  std::array<FaultProxy, kReplicas> proxies_{FaultProxy(scene_.cluster), FaultProxy(scene_.cluster),
                                             FaultProxy(scene_.cluster)};
  Fleet fleet_{scene_.cluster, kReplicas};
  Storm storm_{scene_, seed_};

  curfew::TimePoint end_;
  curfew::TimePoint next_fault_;
  curfew::TimePoint next_restart_;
  curfew::TimePoint next_sample_;
  const Fault* fault_ = nullptr;
  curfew::TimePoint fault_began_;
  curfew::TimePoint fault_ends_;
  std::vector<std::size_t> hit_;
  // Random, so that short runs do not all have the same faults.
  const std::size_t first_fault_ = static_cast<std::size_t>(random(0, 100));
  std::size_t fault_count_ = 0;
  std::size_t restarts_ = 0;
  std::vector<Holdings> samples_;  // of replica kSteady
};

}  // namespace

TEST_CASE("people, faults and restarts at once cost no record and no time beyond the outage",
          "[replica][soak][deep]") {
  Soak(soak_time()).run();
}
