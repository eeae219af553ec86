#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.hpp"
#include "kube/json.hpp"
#include "util/result.hpp"

// Decodes pages of lists from their text. No I/O.
namespace curfew::kube {

// An object of a list that could not be decoded as its kind.
struct Undecodable {
  api::ObjectKey key;
  std::string why;
};

template <class T>
struct Page {
  std::vector<T> items;
  std::vector<Undecodable> undecodable;
  std::string continue_token;  // empty: the last page
  std::string resource_version;
};

// The key in an object's metadata, as far as it is readable.
api::ObjectKey key_of(const nlohmann::json& object);
// object.metadata.FIELD if it is a string, otherwise "".
std::string metadata_string(const nlohmann::json& object, const char* field);

// A page of one object that is too large or malformed, so that the list can continue after it. nullopt: the
// text does not tell how to continue, or may be complete when it is read again. `cut`: the text is truncated
// by Curfew's own limit.
std::optional<Page<Undecodable>> page_without_object(std::string_view text, const std::optional<Error>& cut);

// Decodes the text of a list. If it is not a list: error Decode, whose message completes a sentence ("is not
// JSON"). decode(item) -> Result<T>
template <class T, class Decode>
Result<Page<T>> page_of(std::string_view text, const Decode& decode) {
  Page<T> page;
  const auto head = parse_list(text, [&](const nlohmann::json& item) {
    if (Result<T> object = decode(item))
      page.items.push_back(std::move(*object));
    else
      page.undecodable.push_back({key_of(item), std::move(object.error().message)});
  });
  if (head.is_discarded()) return fail(ErrorKind::Decode, "is not JSON, or is cut short");
  page.continue_token = metadata_string(head, "continue");
  page.resource_version = metadata_string(head, "resourceVersion");
  if (page.resource_version.empty()) return fail(ErrorKind::Decode, "is not a list");
  return page;
}

}  // namespace curfew::kube
