#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/request_flags.hpp"

namespace curfew::cli {

// A request that was made.
struct Asked {
  client::Candidate chosen;
  client::Read<api::AccessRequest> made;

  api::ObjectKey key() const { return made.object.metadata.key(); }
};

// "ClusterRole view under AccessPolicy payments-debug, decided by 1 of Group sre"
Printable choice_text(const client::Candidate& candidate);

// The candidates that a verb is about, and what to say if there are none; without: all.
struct Eligible {
  std::function<bool(const client::Candidate&)> is_eligible = nullptr;
  Printable none;
};

// Chooses the policy that fits, with a question if there are several and somebody can answer. Of those that
// are not eligible, none. Throws ExitError if none fits or none was chosen.
client::Candidate choose(const Invocation& run, const RequestFlags& flags, const Eligible& eligible = {});

// Makes the request, and prints what the policy's status warns of. Throws ExitError if it is refused.
Asked ask(const Invocation& run, client::Candidate chosen);
void warn_of(const Terminal& terminal, const Asked& asked);

// Prints each state of a request once.
class WaitReport {
 public:
  explicit WaitReport(const Terminal& terminal) : terminal_(terminal) {}

  void operator()(const api::AccessRequest& request);

 private:
  const Terminal& terminal_;
  std::string last_;
};

// How the verbs that make a request show it, and whether they wait for it.
struct MadeFlags {
  bool wait = false;
  std::string timeout = "1h";
  std::string output;  // name, json, yaml; empty: a sentence
};

void add_made_flags(CLI::App& command, MadeFlags& flags);

// Prints the request that was made: as the flags say, or in that sentence, after its name.
void print_made(const Terminal& terminal, const client::Read<api::AccessRequest>& made,
                const MadeFlags& flags, const Printable& sentence);

// Waits until the request is Active, with each of its states. Throws ExitError if it ends otherwise or is not
// decided in time.
Exit wait_until_active(const Invocation& run, const api::ObjectKey& key, std::chrono::seconds timeout);

// Throws ExitError for text that is no duration.
std::chrono::seconds timeout_of(const std::string& text);

}  // namespace curfew::cli
