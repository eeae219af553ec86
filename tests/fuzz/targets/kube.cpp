#include <array>
#include <optional>
#include <vector>

#include "api/codec.hpp"
#include "fuzz/targets.hpp"
#include "http/line_splitter.hpp"
#include "kube/client.hpp"
#include "kube/error.hpp"
#include "kube/json.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/line_decoder.hpp"
#include "kube/raw_object.hpp"

namespace curfew::fuzz {
namespace {

// Reads an object of any kind as T: it is decoded, or refused with a message. A decoded object is encoded,
// and decodes to the same object again.
template <class T>
void decode_as(const nlohmann::json& object) {
  const auto read = api::decode<T>(object);
  if (!read) {
    must(read.error().kind == ErrorKind::Decode && !read.error().message.empty(),
         "what cannot be read is Decode, in words");
    return;
  }
  if constexpr (requires { api::encode(*read); }) {
    const nlohmann::json written = api::encode(*read);
    const auto again = api::decode<T>(written);
    must(again.has_value(), "what was written can be read: " + written.dump());
    must(api::encode(*again) == written, "and is the same: " + written.dump());
  }
}

void decode_as_all(const nlohmann::json& object) {
  decode_as<api::AccessRequest>(object);
  decode_as<api::AccessPolicy>(object);
  decode_as<api::AuditRecord>(object);
  decode_as<api::RoleBinding>(object);
  decode_as<api::Lease>(object);
  decode_as<api::Role>(object);
  decode_as<api::ClusterRole>(object);
  decode_as<api::Namespace>(object);
  if (const auto raw = kube::decode_raw(object)) must(*raw->json == object, "a raw object is all of it");
}

// The lines of the stream if its bytes arrive in pieces of `size_of(i)`.
template <class SizeOf>
std::vector<std::string> lines_of(std::string_view input, SizeOf size_of) {
  constexpr std::size_t kMaxLineBytes = 4096;
  std::vector<std::string> lines;
  http::LineSplitter splitter(kMaxLineBytes);
  for (std::size_t i = 0; !input.empty(); ++i) {
    const auto piece = input.substr(0, size_of(i));
    input.remove_prefix(piece.size());
    const auto outcome = splitter.feed(piece, [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
    if (outcome == http::LineSplitter::Outcome::More) continue;
    lines.emplace_back("too long");
    break;
  }
  return lines;
}

template <class T>
void page_as(std::string_view text, const nlohmann::json& body) {
  const auto page = kube::page_of<T>(text, [](const nlohmann::json& item) { return api::decode<T>(item); });
  if (!page)
    return must(page.error().kind == ErrorKind::Decode && is_one_line(page.error().message),
                "what is no list is Decode, in one line");
  const std::size_t all =
      body.is_object() && body.contains("items") && body.at("items").is_array() ? body.at("items").size() : 0;
  // More if the text has two lists of items, of which the document keeps the last.
  must(page->items.size() + page->undecodable.size() >= all,
       "each item is read, or named as one that cannot be");
}

}  // namespace

void watch_lines(std::string_view input) {
  const auto lines = lines_of(input, [&](std::size_t) { return input.size(); });
  must(lines_of(input, [](std::size_t) { return std::size_t{1}; }) == lines,
       "lines are the same a byte at a time");
  const auto uneven = [&](std::size_t i) {
    return std::size_t{1} + static_cast<unsigned char>(input[i % input.size()]) % 32U;
  };
  must(lines_of(input, uneven) == lines, "lines are the same however the stream was cut");
  for (const std::string& line : lines) {
    const auto event = kube::decode_line(line);
    if (!event) {
      must(event.error().kind == ErrorKind::Decode && is_one_line(event.error().message),
           "a line that is none is Decode, in one line");
    } else if (event->type == kube::EventType::Error) {
      must(is_one_line(kube::error_from_status(event->object).message), "an error's message is one line");
    } else {
      decode_as_all(event->object);
    }
  }
}

void list_pages(std::string_view input) {
  for (const int status : {403, 500}) {
    const auto error = kube::error_from_response({.status = status, .body = std::string(input)});
    must(!error.message.empty() && is_one_line(error.message), "an error's message is one line");
  }
  const auto body = kube::parse_json(input);
  must(kube::parse_list(input, [](const nlohmann::json&) {}).is_discarded() == body.is_discarded(),
       "a list is JSON where any other text would be");
  for (const auto& cut :
       {std::optional<Error>(), std::optional<Error>({.kind = ErrorKind::Decode, .message = "too large"})}) {
    if (const auto rest = kube::page_without_object(input, cut))
      must(!rest->resource_version.empty() && rest->undecodable.size() == 1,
           "a page without its object has a version");
  }
  if (body.is_discarded()) return;
  must(!kube::parse_fragment(input, {}).is_cut_short, "what is JSON is not cut short");
  page_as<api::AccessRequest>(input, body);
  page_as<api::AccessPolicy>(input, body);
  page_as<api::AuditRecord>(input, body);
  page_as<api::RoleBinding>(input, body);
  page_as<api::Lease>(input, body);
  page_as<api::Role>(input, body);
  page_as<api::ClusterRole>(input, body);
  page_as<api::Namespace>(input, body);
  if (!body.is_object() || !body.contains("items") || !body.at("items").is_array()) return;
  for (const auto& item : body.at("items")) decode_as_all(item);
}

void kubeconfig(std::string_view input) {
  const auto read_file = [](const std::filesystem::path& path) -> std::optional<std::string> {
    if (path.filename() == "ca.pem") return "-----BEGIN CERTIFICATE-----\n";
    return std::nullopt;
  };
  for (const auto& context : {std::optional<std::string>(), std::optional<std::string>("other")}) {
    const auto config = kube::parse_kubeconfig(input, read_file, "/nowhere/config", context);
    if (config) {
      must(config->server.starts_with("http"), "a server is an address");
      must(config->client_cert_pem.empty() == config->client_key_pem.empty(), "a certificate has its key");
    } else {
      must(config.error().kind == ErrorKind::Invalid && is_one_line(config.error().message),
           "what is wrong is Invalid, in one line");
    }
  }
}

}  // namespace curfew::fuzz
