#include "client/kubectl.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <csignal>
#include <future>
#include <map>

namespace curfew::client {
namespace {

namespace process = boost::process;

// kubectl is terminated with this process: a watch would otherwise continue for half an hour.
const auto kEndsWithUs = process::extend::on_exec_setup = [](auto&) { ::prctl(PR_SET_PDEATHSIG, SIGTERM); };

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n\r\t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \n\r\t") - first + 1));
}

Result<boost::filesystem::path> find_kubectl() {
  auto path = process::search_path("kubectl");
  if (path.empty())
    return fail(ErrorKind::Other, "kubectl is not in PATH: this is a plugin of it and works through it");
  return path;
}

ErrorKind kind_of(std::string_view name) {
  static const std::map<std::string_view, ErrorKind> kinds{
      {"NotFound", ErrorKind::NotFound},         {"AlreadyExists", ErrorKind::AlreadyExists},
      {"Conflict", ErrorKind::Conflict},         {"Forbidden", ErrorKind::Forbidden},
      {"Unauthorized", ErrorKind::Unauthorized}, {"Invalid", ErrorKind::Invalid},
      {"BadRequest", ErrorKind::Invalid},        {"TooManyRequests", ErrorKind::TooManyRequests}};
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

}  // namespace

Error error_of(std::string_view said) {
  const std::string text = trimmed(said);
  constexpr std::string_view kServer = "Error from server";
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

std::string Kubectl::server() const {
  constexpr std::string_view kServer = "--server=";
  const auto flag =
      std::ranges::find_if(flags_, [&](const std::string& one) { return one.starts_with(kServer); });
  return flag == flags_.end() ? "" : flag->substr(kServer.size());
}

Result<std::string> Kubectl::run(const std::vector<std::string>& arguments, const std::string& input) const {
  const auto path = find_kubectl();
  if (!path) return tl::unexpected(path.error());
  std::vector<std::string> all = arguments;
  all.insert(all.end(), flags_.begin(), flags_.end());
  boost::asio::io_context io;
  std::future<std::string> out;
  std::future<std::string> err;
  process::child child(*path, process::args(all),
                       process::std_in<boost::asio::buffer(input), process::std_out> out,
                       process::std_err > err, io, kEndsWithUs);
  io.run();
  child.wait();
  if (child.exit_code() != 0) return tl::unexpected(error_of(err.get()));
  return out.get();
}

Result<void> Kubectl::follow(const std::vector<std::string>& arguments,
                             const std::function<bool(const std::string&)>& take) const {
  const auto path = find_kubectl();
  if (!path) return tl::unexpected(path.error());
  std::vector<std::string> all = arguments;
  all.insert(all.end(), flags_.begin(), flags_.end());
  process::ipstream out;
  process::ipstream err;
  process::child child(*path, process::args(all), process::std_in<process::null, process::std_out> out,
                       process::std_err > err, kEndsWithUs);
  std::string line;
  bool is_stopped = false;
  while (!is_stopped && std::getline(out, line)) is_stopped = !take(line);
  if (is_stopped) child.terminate();
  const std::string said(std::istreambuf_iterator<char>(err), {});
  child.wait();
  if (!is_stopped && child.exit_code() != 0) return tl::unexpected(error_of(said));
  return {};
}

}  // namespace curfew::client
