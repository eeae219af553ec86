#include "cli/object_output.hpp"

#include <yaml-cpp/yaml.h>

namespace curfew::cli {
namespace {

using nlohmann::json;

// Strings are quoted, so that "1/1" and "true" stay strings for every reader.
void emit(YAML::Emitter& out, const json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, entry] : value.items()) {
      out << YAML::Key;
      if (key != escape_control_characters(key)) out << YAML::DoubleQuoted;
      out << key << YAML::Value;
      emit(out, entry);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << (value.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
    for (const auto& entry : value) emit(out, entry);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << value.dump();
  }
}

}  // namespace

Printable as_text(const json& value, const std::string& format) {
  if (format == "json") return Printable::lines(escaped_in_quotes(value.dump(2), Notation::Json), "") + "\n";
  YAML::Emitter out;
  emit(out, value);
  return Printable::lines(escaped_in_quotes(out.c_str(), Notation::Yaml), "") + "\n";
}

}  // namespace curfew::cli
