#include "http/server_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "util/percent_encoding.hpp"
#include "util/utf8.hpp"

namespace curfew::http {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

constexpr const char* kBadLength =
    "the Content-Length cannot be used: one whole number is expected, and no Transfer-Encoding beside it\n";
constexpr const char* kBadEncoding =
    "the Transfer-Encoding cannot be used: chunked alone is accepted, without a Content-Length\n";
constexpr const char* kBadTarget =
    "the path or the query is wrongly encoded: UTF-8 in percent-encoding is expected, without control characters, and without / as %2F\n";

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

tl::unexpected<Page> refuse(int status, std::string why) {
  return tl::unexpected(Page{.status = status, .body = std::move(why)});
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// Empty if the body's length is unambiguous, otherwise the reason. The parser takes several equal lengths,
// and ignores an encoding that it does not know.
std::string framing_problem(const bhttp::request_header<>& header) {
  const auto lengths = header.count(bhttp::field::content_length);
  const auto encodings = header.count(bhttp::field::transfer_encoding);
  if (lengths > 1 || (lengths > 0 && encodings > 0) ||
      view(header[bhttp::field::content_length]).find(',') != std::string_view::npos)
    return kBadLength;
  if (encodings > 1 ||
      (encodings == 1 && !beast::iequals(header[bhttp::field::transfer_encoding], "chunked")) ||
      (encodings == 1 && header.version() < 11))
    return kBadEncoding;
  return {};
}

std::optional<std::string> decoded_path(std::string_view text) {
  auto path = percent_decode(text);
  if (!path || !utf8::is_valid(*path) || std::ranges::any_of(*path, is_control) ||
      std::ranges::count(*path, '/') != std::ranges::count(text, '/'))
    return std::nullopt;
  return path;
}

// Of a key or a value, where "+" stands for a space.
std::optional<std::string> decoded_form(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  auto decoded = percent_decode(spaced);
  if (!decoded || !utf8::is_valid(*decoded) || decoded->find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

// False if it is wrongly encoded.
bool read_query(std::string_view text, Server::Request& request) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decoded_form(pair.substr(0, equals));
    auto value = decoded_form(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return false;
    request.query.emplace(std::move(*name), std::move(*value));
  }
  return true;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// RFC 9110: a token.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSymbols.find(c) != std::string_view::npos;
  });
}

bool frames_the_body(std::string_view name) {
  return std::ranges::any_of(
      std::initializer_list<const char*>{"Content-Length", "Transfer-Encoding", "Connection"},
      [&](const char* own) { return beast::iequals(own, {name.data(), name.size()}); });
}

// A line break would end the header, and what follows would be a header, or a response, of its own.
void set_header(ResponseMessage& response, const std::string& name, const std::string& value) {
  if (!is_header_name(name) || frames_the_body(name) ||
      std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; }))
    throw std::invalid_argument("a response cannot have this header: " + name);
  response.set(name, value);
}

}  // namespace

std::optional<Method> method_of(bhttp::verb verb) {
  switch (verb) {
    case bhttp::verb::get:
    case bhttp::verb::head: return Method::Get;
    case bhttp::verb::post: return Method::Post;
    case bhttp::verb::put: return Method::Put;
    case bhttp::verb::patch: return Method::Patch;
    case bhttp::verb::delete_: return Method::Delete;
    default: return std::nullopt;
  }
}

tl::expected<Server::Request, Page> read_request(const bhttp::request_header<>& header,
                                                 const ServerLimits& limits) {
  if (std::string problem = framing_problem(header); !problem.empty()) return refuse(400, std::move(problem));
  const std::string_view target = view(header.target());
  if (target.size() > limits.target_bytes)
    return refuse(414, fmt::format("the path and the query are too long: at most {} bytes are accepted\n",
                                   limits.target_bytes));
  const auto question = std::min(target.find('?'), target.size());
  auto path = decoded_path(target.substr(0, question));
  Server::Request request;
  if (!path || !read_query(target.substr(std::min(question + 1, target.size())), request))
    return refuse(400, kBadTarget);
  request.path = std::move(*path);
  request.method = method_of(header.method()).value_or(Method::Get);
  for (const auto& field : header)
    request.headers.emplace(lower_case(view(field.name_string())), std::string(view(field.value())));
  return request;
}

std::optional<Page> refusal_for(boost::system::error_code error) {
  if (error == bhttp::error::header_limit) return Page{.status = 431, .body = "the header is too long\n"};
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return std::nullopt;
  if (error == bhttp::error::bad_content_length) return Page{.status = 400, .body = kBadLength};
  if (error == bhttp::error::bad_transfer_encoding) return Page{.status = 400, .body = kBadEncoding};
  if (error == bhttp::error::buffer_overflow)
    return Page{.status = 400, .body = "the header of a chunk is too long\n"};
  if (error.category() == make_error_code(bhttp::error::bad_method).category())
    return Page{.status = 400, .body = "this is not an HTTP/1.1 request\n"};
  return std::nullopt;
}

Page body_too_large(std::size_t limit) {
  return {.status = 413,
          .body = limit == 0 ? "no body is accepted\n"
                             : fmt::format("the body is too large: at most {} bytes are accepted\n", limit)};
}

Page method_not_allowed(const std::vector<Method>& accepted) {
  std::vector<std::string_view> names;
  for (const Method method : accepted) {
    names.push_back(to_string(method));
    if (method == Method::Get) names.emplace_back("HEAD");
  }
  const std::string allow = fmt::format("{}", fmt::join(names, ", "));
  const std::string_view last = names.empty() ? "no method" : names.back();
  if (!names.empty()) names.pop_back();
  return {.status = 405,
          .body = fmt::format("only {}{}{} {} accepted\n", fmt::join(names, ", "),
                              names.empty() ? "" : " and ", last, names.empty() ? "is" : "are"),
          .headers = {{"Allow", allow}}};
}

ResponseMessage response_message(Page page, unsigned version) {
  if (page.status < 200 || page.status > 599)
    throw std::invalid_argument("a response cannot have status " + std::to_string(page.status));
  ResponseMessage response(static_cast<bhttp::status>(page.status), version);
  set_header(response, "Content-Type", page.content_type);
  set_header(response, "Cache-Control", "no-store");
  set_header(response, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : page.headers) set_header(response, name, value);
  response.body() = std::move(page.body);
  response.prepare_payload();
  return response;
}

}  // namespace curfew::http
