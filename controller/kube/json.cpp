#include "kube/json.hpp"

#include <array>
#include <optional>
#include <string>

namespace curfew::kube {
namespace {

// The position after the string that begins at `start`; the end of the text if the string is not closed. A
// quote after an odd number of backslashes is part of the string.
std::size_t after_string(std::string_view text, std::size_t start) {
  for (std::size_t quote = text.find('"', start + 1); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    std::size_t before = quote;
    while (text[before - 1] == '\\') --before;
    if ((quote - before) % 2 == 0) return quote + 1;
  }
  return text.size();
}

// Replaces each value that is nested too deep by null; nullopt if there is none. A value that is never closed
// stays open, since the text is not JSON anyway.
std::optional<std::string> without_depths(std::string_view text) {
  std::string kept;
  std::size_t kept_to = 0;
  std::size_t level = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = after_string(text, at);
      continue;
    }
    if ((c == '[' || c == '{') && ++level == kMaxDepth + 1) kept.append(text.substr(kept_to, at - kept_to));
    ++at;
    if ((c != ']' && c != '}') || level == 0) continue;
    if (level-- != kMaxDepth + 1) continue;
    kept += "null";
    kept_to = at;
  }
  if (level > kMaxDepth) return kept;
  if (kept_to == 0) return std::nullopt;
  kept.append(text.substr(kept_to));
  return kept;
}

// Collects the strings at `paths` from the parser's events. Tracks the path down to kDeepest levels, deeper
// than any of `paths`.
class FragmentReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  FragmentReader(std::size_t size, const std::set<std::string>& paths, Fragment& fragment)
      : size_(size), paths_(paths), fragment_(fragment) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (level_ >= kDeepest) return true;
    std::string path;
    for (std::size_t i = 0; i <= level_; ++i)
      if (!keys_[i].empty()) path += (path.empty() ? "" : ".") + keys_[i];
    if (paths_.contains(path)) fragment_.strings.try_emplace(path, value);
    return true;
  }
  bool start_object(std::size_t) override { return descend(); }
  bool start_array(std::size_t) override { return descend(); }
  bool key(string_t& name) override {
    // A dot separates the names of a path: a key that contains one matches no path.
    if (level_ < kDeepest) keys_[level_] = name.find('.') == string_t::npos ? name : ".";
    return true;
  }
  bool end_object() override { return ascend(); }
  bool end_array() override { return ascend(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    fragment_.is_cut_short = position >= size_;
    return false;
  }

 private:
  static constexpr std::size_t kDeepest = 6;

  bool descend() {
    if (++level_ < kDeepest) keys_[level_].clear();  // array elements have no key
    return true;
  }
  bool ascend() {
    --level_;
    return true;
  }

  const std::size_t size_;
  const std::set<std::string>& paths_;
  Fragment& fragment_;
  std::array<std::string, kDeepest> keys_;  // current path, outermost level first; [0] stays empty
  std::size_t level_ = 0;
};

nlohmann::json parse_json(std::string_view text, const nlohmann::json::parser_callback_t& callback) {
  if (const auto shallow = without_depths(text)) return nlohmann::json::parse(*shallow, callback, false);
  return nlohmann::json::parse(text, callback, false);
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  return parse_json(text, nullptr);
}

Fragment parse_fragment(std::string_view text, const std::set<std::string>& paths) {
  Fragment fragment;
  FragmentReader reader(text.size(), paths, fragment);
  nlohmann::json::sax_parse(text, &reader);
  return fragment;
}

nlohmann::json parse_list(std::string_view text, const std::function<void(nlohmann::json& item)>& on_item) {
  using Event = nlohmann::json::parse_event_t;
  // Levels: the fields of the list, and the elements of such a field.
  constexpr int kField = 1;
  constexpr int kItem = 2;
  bool is_items = false;   // the current field is named "items"
  bool is_inside = false;  // the parser is inside the array of that field
  return parse_json(text, [&](int level, Event event, nlohmann::json& parsed) {
    if (level == kField && event == Event::key) is_items = parsed == "items";
    if (level == kField && event == Event::array_start) is_inside = is_items;
    if (level == kField && event == Event::array_end) is_inside = false;
    const bool is_whole = event == Event::object_end || event == Event::array_end || event == Event::value;
    if (!is_inside || level != kItem || !is_whole) return true;
    on_item(parsed);
    return false;
  });
}

}  // namespace curfew::kube
