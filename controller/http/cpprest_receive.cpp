#include "http/cpprest_receive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/cpprest_transport.hpp"
#include "http/line_splitter.hpp"

namespace curfew::http {
namespace {

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

}  // namespace

Result<Response> receive(Exchange& exchange, const Call& call, const ServerName& server, TlsClient* tls) {
  LineSplitter lines(kMaxLineBytes);
  std::string body;
  const auto too_large = [&](const char* what, std::size_t most) {
    return fail(ErrorKind::Decode,
                fmt::format("{} sent {} of more than {} MiB", server.text(), what, most >> 20));
  };
  const auto ended = [&] {
    Response response = exchange.response().value_or(Response{});
    response.body = std::move(body);
    return response;
  };
  const auto cut = [&](tl::unexpected<Error> why) -> Result<Response> {
    Response response = ended();
    if (!call.request.accepts_part || !is_success(response.status)) return why;
    response.cut = std::move(why.value());
    return response;
  };
  while (true) {
    switch (exchange.wait(call.limit, call.stop)) {
      case Exchange::Event::Stopped: return fail(ErrorKind::Cancelled, "stopped");
      case Exchange::Event::Doubted:
        return fail(ErrorKind::Timeout, server.text() + " said nothing while calls had no answer");
      case Exchange::Event::TooLate: {
        auto why = fail(ErrorKind::Timeout, server.text() + " " + call.late);
        if (exchange.arrives_still()) return cut(std::move(why));
        return why;
      }
      case Exchange::Event::Finished: {
        if (const auto thrown = exchange.failure()) return tl::unexpected(explain(thrown, server, tls));
        return ended();
      }
      case Exchange::Event::Bytes: {
        const std::string bytes = exchange.take();
        Response head = exchange.response().value_or(Response{});
        if (!call.sink || !is_success(head.status)) {
          const std::size_t room = call.request.max_body - std::min(body.size(), call.request.max_body);
          body.append(bytes, 0, room);
          if (bytes.size() > room) return cut(too_large("an answer", call.request.max_body));
          break;
        }
        const auto outcome = lines.feed(bytes, *call.sink);
        if (outcome == LineSplitter::Outcome::TooLong) return too_large("a line", kMaxLineBytes);
        if (outcome == LineSplitter::Outcome::Stopped) return head;
      }
    }
  }
}

}  // namespace curfew::http
