#pragma once

#include <string>
#include <vector>

#include "lifecycle.hpp"

namespace curfew::test {

// Removes admission policies from a control plane; the destructor restores them at the latest. Tests that use
// it are [replica][disruptive].
class Guard {
 public:
  explicit Guard(const Scene& scene) : scene_(scene) {}
  ~Guard() { install(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  void remove(const std::string& policy) const;
  void weaken(const std::string& binding) const;
  // Lifts the guard as the API server sees it, including what fills in the requester, so that requests and
  // decisions can be forged.
  void lift() const;
  void install() const;
  // install(), then waits until the guard counts for a running controller, so that the next test finds it in
  // force.
  void settle() const;

 private:
  const Scene& scene_;
};

// Retries until the write succeeds: the API server forgets a deleted policy within a second or so.
ProcessResult once_unguarded(const Person& who, const std::vector<std::string>& arguments,
                             const std::string& input = {});

}  // namespace curfew::test
