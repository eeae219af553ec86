#include "guard/objects.hpp"

#include <algorithm>

namespace curfew::guard {
namespace {

void set_default(nlohmann::json& object, const char* field, nlohmann::json value) {
  if (!object.contains(field)) object[field] = std::move(value);
}

void default_match(nlohmann::json& match) {
  set_default(match, "matchPolicy", "Equivalent");
  set_default(match, "namespaceSelector", nlohmann::json::object());
  set_default(match, "objectSelector", nlohmann::json::object());
  for (const char* rules : {"resourceRules", "excludeResourceRules"}) {
    if (!match.contains(rules)) continue;
    for (auto& rule : match[rules]) set_default(rule, "scope", "*");
  }
}

constexpr std::string_view kCrd = "CustomResourceDefinition/";

std::string member(const std::string& place, const std::string& name) {
  return place + "." + name;
}

std::string element(const std::string& place, std::size_t index) {
  return place + "[" + std::to_string(index) + "]";
}

// The path of the first difference between two unequal values; `place` is the path of the values.
std::string first_difference(const nlohmann::json& shipped, const nlohmann::json& live,
                             const std::string& place) {
  if (shipped.is_object() && live.is_object()) {
    for (const auto& [name, value] : shipped.items()) {
      if (!live.contains(name)) return member(place, name);
      if (live[name] != value) return first_difference(value, live[name], member(place, name));
    }
    for (const auto& [name, value] : live.items()) {
      if (!shipped.contains(name)) return member(place, name);
    }
  }
  if (shipped.is_array() && live.is_array() && shipped.size() == live.size()) {
    for (std::size_t i = 0; i < shipped.size(); ++i) {
      if (live[i] == shipped[i]) continue;
      return first_difference(shipped[i], live[i], element(place, i));
    }
  }
  return place;
}

// A folded YAML scalar with more-indented lines reaches the API server with one line break or several,
// depending on the installer (kubectl -f, kubectl -k, Helm). CEL string literals cannot contain line breaks,
// so their number has no meaning.
void join_line_breaks(nlohmann::json& value) {
  if (value.is_structured()) {
    for (auto& part : value) join_line_breaks(part);
  } else if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    const auto repeated =
        std::unique(text.begin(), text.end(), [](char a, char b) { return a == '\n' && b == '\n'; });
    text.erase(repeated, text.end());
  }
}

}  // namespace

nlohmann::json with_defaults(nlohmann::json spec) {
  if (!spec.is_object()) return spec;
  if (spec.contains("matchConstraints")) {
    set_default(spec, "failurePolicy", "Fail");
    default_match(spec["matchConstraints"]);
  }
  if (spec.contains("matchResources")) default_match(spec["matchResources"]);
  if (spec.contains("versions")) set_default(spec, "conversion", {{"strategy", "None"}});
  join_line_breaks(spec);
  return spec;
}

bool is_optional(const std::string& id) {
  return id.ends_with("/curfew-eligibility") || id.ends_with("/curfew-extensions") ||
         id.ends_with("/curfew-cluster-extensions");
}

GuardSpecs shipped_guard(bool with_eligibility) {
  GuardSpecs specs;
  for (const auto shipped = nlohmann::json::parse(shipped_guard_json());
       const auto& [id, spec] : shipped.items()) {
    if (!with_eligibility && is_optional(id)) continue;
    specs[id] = with_defaults(spec);
  }
  return specs;
}

std::optional<std::string> guard_difference(const GuardSpecs& shipped, const GuardSpecs& live) {
  for (const auto& [id, spec] : shipped) {
    const auto found = live.find(id);
    if (found == live.end()) return describe_missing(id);
    if (found->second != spec) return describe_changed(id, place_of_difference(spec, found->second));
  }
  return std::nullopt;
}

std::string place_of_difference(const nlohmann::json& shipped, const nlohmann::json& live) {
  return first_difference(shipped, live, "spec");
}

std::string describe_missing(const std::string& id) {
  if (id.starts_with(kCrd))
    return id +
           " is missing, or its label app.kubernetes.io/name=curfew is: install it again (kubectl apply -k crds/)";
  return id + " is missing: install it again (kubectl apply -k manifests/guard/)";
}

std::string describe_changed(const std::string& id, const std::string& place) {
  const std::string what = id + " is not what this version of Curfew ships (" + place + "): put it back (";
  if (!id.starts_with(kCrd)) return what + "kubectl replace --save-config -k manifests/guard/)";
  return what + "kubectl annotate --overwrite crd " + id.substr(kCrd.size()) +
         " curfew.dev/allow-change=again, then kubectl replace --save-config -k crds/)";
}

}  // namespace curfew::guard
