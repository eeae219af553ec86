#pragma once

#include <string>
#include <vector>

#include "lifecycle.hpp"

namespace curfew::test {

// Takes admission policies away from a control plane, and gives them back at the latest when it goes out of
// scope. Tests that use it are [replica].
class Guard {
 public:
  explicit Guard(const Scene& scene) : scene_(scene) {}
  ~Guard() { install(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  void remove(const std::string& policy) const;
  void weaken(const std::string& binding) const;
  // Off as the API server sees it, so that requests and decisions can be forged: also what fills in who asks.
  void lift() const;
  void install() const;
  // install(), and waits until it counts for a controller that runs, so that the next test finds it in force.
  void settle() const;

 private:
  const Scene& scene_;
};

// Tries that until it succeeds: the API server forgets a deleted policy within a second or so.
ProcessResult once_unguarded(const Person& who, const std::vector<std::string>& arguments,
                             const std::string& input = {});

}  // namespace curfew::test
