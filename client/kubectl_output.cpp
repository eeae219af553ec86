#include "client/kubectl_output.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>

namespace curfew::client {
namespace {

using nlohmann::json;

constexpr std::string_view kServer = "Error from server";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n\r\t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \n\r\t") - first + 1));
}

ErrorKind kind_of(std::string_view name) {
  static const std::map<std::string_view, ErrorKind> kinds{{"NotFound", ErrorKind::NotFound},
                                                           {"AlreadyExists", ErrorKind::AlreadyExists},
                                                           {"Conflict", ErrorKind::Conflict},
                                                           {"Expired", ErrorKind::Gone},
                                                           {"Gone", ErrorKind::Gone},
                                                           {"Forbidden", ErrorKind::Forbidden},
                                                           {"Unauthorized", ErrorKind::Unauthorized},
                                                           {"Invalid", ErrorKind::Invalid},
                                                           {"BadRequest", ErrorKind::Invalid},
                                                           {"TooManyRequests", ErrorKind::TooManyRequests},
                                                           {"ServiceUnavailable", ErrorKind::Unavailable}};
  const auto found = kinds.find(name);
  return found == kinds.end() ? ErrorKind::Other : found->second;
}

// Returns SENTENCE of "... denied request: SENTENCE", with which our admission policies refuse; the first of
// several.
std::string sentence_of(const std::string& message) {
  constexpr std::string_view kDenied = "denied request: ";
  const auto at = message.find(kDenied);
  return at == std::string::npos ? message : message.substr(at + kDenied.size());
}

// kubectl prints one document, a List, or documents one after the other.
std::vector<json> documents_of(const std::string& out) {
  std::vector<json> result;
  std::istringstream in(out);
  while (in >> std::ws && !in.eof()) {
    json document;
    try {
      in >> document;
    } catch (const json::exception&) {
      return result;
    }
    if (const auto items = document.is_object() ? document.find("items") : document.end();
        items != document.end() && items->is_array()) {
      for (auto& item : *items) result.push_back(std::move(item));
    } else {
      result.push_back(std::move(document));
    }
  }
  return result;
}

bool is_object_of(const json& object, const ObjectRef& ref) {
  return text_at(object, "/kind") == ref.kind && text_at(object, "/metadata/name") == ref.key.name &&
         text_at(object, "/metadata/namespace") == ref.key.ns;
}

bool is_created_from(const json& created, const json& body) {
  const auto field = [](const json& object, const char* pointer) {
    const json::json_pointer at(pointer);
    return object.contains(at) ? object.at(at) : json();
  };
  return std::ranges::all_of(std::array{"/spec/policy", "/spec/role"}, [&](const char* pointer) {
    return field(created, pointer) == field(body, pointer);
  });
}

// The errors of a call; empty if it succeeded.
std::vector<Error> errors_in(const Result<KubectlOutput>& output) {
  if (!output) return {output.error()};
  return output->exit_code == 0 ? std::vector<Error>() : errors_of(output->err);
}

}  // namespace

std::string text_at(const json& object, const char* pointer) {
  const json::json_pointer at(pointer);
  return object.contains(at) && object.at(at).is_string() ? object.at(at).get<std::string>() : "";
}

Error error_of(std::string_view err) {
  const std::string text = trimmed(err);
  const auto at = text.find(kServer);
  if (at == std::string::npos) {
    const std::string message = text.starts_with("error: ") ? text.substr(7) : text;
    return Error{.kind = ErrorKind::Other,
                 .message = message.empty() ? "kubectl failed without a word" : message};
  }
  const std::string rest = text.substr(at + kServer.size());
  const auto colon = rest.find(": ");
  const std::string message = colon == std::string::npos ? rest : rest.substr(colon + 2);
  const auto close = rest.find(')');
  const bool has_kind = rest.starts_with(" (") && close != std::string::npos;
  return Error{.kind = has_kind ? kind_of(std::string_view(rest).substr(2, close - 2)) : ErrorKind::Other,
               .message = sentence_of(message)};
}

std::vector<Error> errors_of(std::string_view err) {
  const auto first = err.find(kServer);
  if (first == std::string_view::npos) return {error_of(err)};
  err.remove_prefix(first);
  const std::string begin = "\n" + std::string(kServer);
  std::vector<Error> errors;
  while (true) {
    const auto next = err.find(begin);
    errors.push_back(error_of(err.substr(0, next)));
    if (next == std::string_view::npos) return errors;
    err.remove_prefix(next + 1);
  }
}

Result<json> json_of(const Result<KubectlOutput>& output) {
  if (!output) return tl::unexpected(output.error());
  if (output->exit_code != 0) return tl::unexpected(error_of(output->err));
  json result = json::parse(output->out, nullptr, false);
  if (result.is_discarded())
    return fail(ErrorKind::Decode, "kubectl did not answer in JSON: " + output->out.substr(0, 200));
  return result;
}

std::vector<std::optional<Result<json>>> objects_of(const std::vector<ObjectRef>& refs,
                                                    const Result<KubectlOutput>& output) {
  auto documents = output ? documents_of(output->out) : std::vector<json>();
  const auto errors = errors_in(output);
  std::vector<std::optional<Result<json>>> results;
  for (const ObjectRef& ref : refs) {
    std::optional<Result<json>> result;
    const auto found =
        std::ranges::find_if(documents, [&](const json& one) { return is_object_of(one, ref); });
    const auto error = std::ranges::find_if(
        errors, [&](const Error& one) { return one.message.starts_with(name_in_errors(ref) + " "); });
    if (found != documents.end()) {
      result = Result<json>(std::move(*found));
    } else if (error != errors.end()) {
      result = Result<json>(tl::unexpected(*error));
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<Result<json>> created_of(const std::vector<json>& bodies, const Result<KubectlOutput>& output) {
  const auto documents = output ? documents_of(output->out) : std::vector<json>();
  auto errors = errors_in(output);
  if (errors.empty()) errors.push_back(error_of(""));
  auto created = documents.begin();
  auto error = errors.begin();
  std::vector<Result<json>> results;
  for (const json& body : bodies) {
    if (created != documents.end() && is_created_from(*created, body)) {
      results.emplace_back(*created++);
    } else {
      results.emplace_back(tl::unexpected(*error));
      if (std::next(error) != errors.end()) ++error;
    }
  }
  return results;
}

}  // namespace curfew::client
