#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/session.hpp"
#include "cli/words.hpp"
#include "core/identity.hpp"

namespace curfew::cli {
namespace {

constexpr int kTries = 5;  // Curfew writes the status of the same object now and then

struct Options {
  std::vector<std::string> names;
  std::string comment;
  bool all = false;
  bool all_namespaces = false;
  std::string labels;
};

std::string done_word(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Approve: return "approved";
    case api::Verdict::Deny: return "denied";
    case api::Verdict::Revoke: return "revoked";
  }
  return "";
}

// On the request as it was looked at: one that was deleted and made again under the same name is another one.
Result<void> decide(const Session& session, const api::ObjectKey& key, const api::Decision& decision) {
  std::string uid;
  for (int i = 0; i < kTries; ++i) {
    const auto request = session.cluster.get<api::AccessRequest>(key);
    if (!request) return tl::unexpected(request.error());
    if (!uid.empty() && uid != request->object.metadata.uid) return fail(ErrorKind::Conflict, "it was deleted and made again in this moment: look at it first");
    uid = request->object.metadata.uid;
    const auto decided = session.cluster.decide(*request, decision);
    if (decided) return {};
    if (decided.error().kind != ErrorKind::Conflict) return tl::unexpected(decided.error());
  }
  return fail(ErrorKind::Conflict, "it changes all the time: try again");
}

// Active requests that this person may end.
std::vector<api::ObjectKey> selected(const Session& session, const Options& options, const api::Person& me) {
  const std::string scope = options.all_namespaces ? "" : session.own_namespace();
  const auto active = must(session.cluster.list<api::AccessRequest>({.name_space = scope, .fields = "status.phase=Active", .labels = options.labels}));
  const auto policies = session.cluster.list<api::AccessPolicy>({});
  std::vector<api::ObjectKey> result;
  for (const auto& [request, _] : active) {
    const api::AccessPolicy* policy = nullptr;
    for (std::size_t i = 0; policies && i < policies->size(); ++i) {
      if ((*policies)[i].object.metadata.name == std::string(request.spec.policy)) policy = &(*policies)[i].object;
    }
    if (core::may_revoke(request, policy, me)) result.push_back(request.metadata.key());
  }
  return result;
}

Exit run(const Options& options, api::Verdict verdict, Session& session) {
  const bool selects = options.all || !options.labels.empty();
  if (selects == !options.names.empty()) {
    throw Stop(Exit::Usage, verdict == api::Verdict::Revoke ? "name the requests, or select them with --all or -l, not both" : "name the requests: NAME or NAMESPACE/NAME");
  }
  const auto me = must(session.cluster.whoami());
  std::vector<api::ObjectKey> keys;
  std::ranges::transform(options.names, std::back_inserter(keys), [&](const std::string& name) { return key_of(session, name); });
  if (selects) keys = selected(session, options, me);
  if (keys.empty()) std::cout << "nothing that you may revoke is active" << (options.all_namespaces ? "" : " in namespace " + session.own_namespace()) << "\n";
  Exit exit = Exit::Done;
  for (const auto& key : keys) {
    const auto decided = decide(session, key, {.verdict = verdict, .person = me, .comment = options.comment});
    if (decided) {
      std::cout << done_word(verdict) << " " << to_string(key) << "\n" << std::flush;
    } else {
      std::cerr << to_string(key) << ": " << harmless(decided.error().message) << "\n";
      exit = Exit::Failed;
    }
  }
  return exit;
}

Verb verb(CLI::App& app, api::Verdict verdict, const std::string& name, const std::string& help) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("names", options->names, "NAME or NAMESPACE/NAME, several if need be");
  command->add_option("-m,--comment", options->comment, "Your words, for the requester and the audit records");
  if (verdict == api::Verdict::Revoke) {
    command->add_flag("--all", options->all, "All that is active in the namespace and that you may end");
    command->add_flag("-A,--all-namespaces", options->all_namespaces, "With --all or -l: in all namespaces");
    command->add_option("-l,--selector", options->labels, "All that is active and has these labels");
  }
  return {command, [options, verdict](Session& session) { return run(*options, verdict, session); }};
}

}  // namespace

Verb approve_verb(CLI::App& app) { return verb(app, api::Verdict::Approve, "approve", "Approve requests"); }
Verb deny_verb(CLI::App& app) { return verb(app, api::Verdict::Deny, "deny", "Deny requests that wait"); }
Verb revoke_verb(CLI::App& app) { return verb(app, api::Verdict::Revoke, "revoke", "End access early, yours or other people's; withdraw a request"); }

}  // namespace curfew::cli
