#include "cli/completion.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>

namespace curfew::cli {
namespace {

// Each shell asks the program itself; the candidates are the same as kubectl gets.
const std::map<std::string, std::string> kScripts{
    {"bash", R"sh(# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: source <(kubectl curfew completion bash)
_kubectl_curfew() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(kubectl-curfew __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | sed -e '/^:/d' -e 's/\t.*//')" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _kubectl_curfew kubectl-curfew
)sh"},
    {"zsh", R"sh(#compdef kubectl-curfew
# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: source <(kubectl curfew completion zsh)
_kubectl_curfew() {
  local -a candidates
  candidates=("${(@f)$(kubectl-curfew __complete "${(@)words[2,$CURRENT]}" 2>/dev/null | sed -e '/^:/d' -e 's/:/\\:/g' -e 's/\t/:/')}")
  _describe 'kubectl-curfew' candidates
}
compdef _kubectl_curfew kubectl-curfew
)sh"},
    {"fish", R"sh(# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: kubectl curfew completion fish | source
complete -c kubectl-curfew -f -a '(kubectl-curfew __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -v -r "^:")'
)sh"}};

Exit run(const std::string& shell) {
  std::cout << kScripts.at(shell);
  return Exit::Done;
}

using Candidates = std::set<std::string>;

void add_options(const CLI::App& app, Candidates& result) {
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (!option->get_group().empty()) result.insert("--" + name + "\t" + option->get_description());
    }
  }
}

Candidates names_of_requests(const Session& session, bool only_waiting) {
  Candidates result;
  const auto found = session.cluster.list<api::AccessRequest>({.name_space = session.own_namespace(), .fields = only_waiting ? "status.complete!=true" : "", .labels = ""});
  for (std::size_t i = 0; found && i < found->size(); ++i) result.insert((*found)[i].object.metadata.name);
  return result;
}

Candidates of_policies(const Session& session, bool roles) {
  Candidates result;
  const auto found = session.cluster.list<api::AccessPolicy>({});
  for (std::size_t i = 0; found && i < found->size(); ++i) {
    const auto& policy = (*found)[i].object;
    if (!roles) result.insert(policy.metadata.name + "\t" + policy.spec.description);
    for (const auto& role : policy.spec.roles) {
      if (roles) result.insert(std::string(role.name));
    }
  }
  return result;
}

Candidates of_namespaces(const Session& session) {
  Candidates result;
  const auto found = session.cluster.list<api::Namespace>({});
  for (std::size_t i = 0; found && i < found->size(); ++i) result.insert((*found)[i].object.metadata.name);
  return result;
}

Candidates after_flag(const Session& session, const std::string& flag) {
  if (flag == "--policy") return of_policies(session, false);
  if (flag == "-n" || flag == "--namespace") return of_namespaces(session);
  if (flag == "-o" || flag == "--output") return {"json", "yaml"};
  return {};
}

Candidates of_verb(const Session& session, const std::string& verb) {
  if (verb == "request" || verb == "can") return of_policies(session, true);
  if (verb == "approve" || verb == "deny" || verb == "revoke") return names_of_requests(session, true);
  if (verb == "explain" || verb == "history") return names_of_requests(session, false);
  if (verb == "completion") return {"bash", "fish", "zsh"};
  return {};
}

// Whether the word is a flag that takes the next word as its value.
bool takes_value(const CLI::App& app, const CLI::App* verb, const std::string& word) {
  if (!word.starts_with('-') || word.find('=') != std::string::npos) return false;
  for (const CLI::App* owner : {verb, &app}) {
    const CLI::Option* option = owner == nullptr ? nullptr : owner->get_option_no_throw(word);
    if (option != nullptr) return option->get_items_expected_max() > 0;
  }
  return false;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The first word that is a verb, and no flag's value; null: there is none yet.
const CLI::App* verb_among(const CLI::App& app, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (i > 0 && takes_value(app, nullptr, words[i - 1])) continue;
    for (const CLI::App* verb : verbs_of(app)) {
      if (verb->get_name() == words[i]) return verb;
    }
  }
  return nullptr;
}

}  // namespace

std::string complete(const CLI::App& app, const std::vector<std::string>& words, const std::function<Session()>& session) {
  const std::string last = words.empty() ? "" : words.back();
  const CLI::App* verb = verb_among(app, words);
  Candidates found;
  if (words.size() > 1 && takes_value(app, verb, words[words.size() - 2])) {
    found = after_flag(session(), words[words.size() - 2]);
  } else if (last.starts_with('-')) {
    add_options(app, found);
    if (verb != nullptr) add_options(*verb, found);
  } else if (verb == nullptr) {
    for (const CLI::App* one : verbs_of(app)) found.insert(one->get_name() + "\t" + one->get_description());
  } else {
    found = of_verb(session(), verb->get_name());
  }
  std::string result;
  for (const auto& candidate : found) {
    if (candidate.starts_with(last)) result += candidate + "\n";
  }
  return result + ":4\n";
}

Verb completion_verb(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Prints a shell's completion script");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {command, [shell](Session&) { return run(*shell); }};
}

}  // namespace curfew::cli
