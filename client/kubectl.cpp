#include "client/kubectl.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <csignal>
#include <future>

namespace curfew::client {
namespace {

namespace process = boost::process;

// kubectl is terminated with this process: a watch would otherwise continue for half an hour.
const auto kEndsWithUs = process::extend::on_exec_setup = [](auto&) { ::prctl(PR_SET_PDEATHSIG, SIGTERM); };

Result<boost::filesystem::path> find_kubectl() {
  auto path = process::search_path("kubectl");
  if (path.empty())
    return fail(ErrorKind::Other, "kubectl is not in PATH: this is a plugin of it and works through it");
  return path;
}

}  // namespace

std::string Kubectl::server() const {
  constexpr std::string_view kServer = "--server=";
  const auto flag =
      std::ranges::find_if(flags_, [&](const std::string& one) { return one.starts_with(kServer); });
  return flag == flags_.end() ? "" : flag->substr(kServer.size());
}

Result<KubectlOutput> Kubectl::run(const std::vector<std::string>& arguments,
                                   const std::string& input) const {
  return repeat_while_unavailable(arguments, [&] { return run_once(arguments, input); }, patience_);
}

Result<KubectlOutput> Kubectl::run_once(const std::vector<std::string>& arguments,
                                        const std::string& input) const {
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
  return KubectlOutput{.exit_code = child.exit_code(), .out = out.get(), .err = err.get()};
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
