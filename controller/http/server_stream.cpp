#include "http/server_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <utility>

#include "util/log.hpp"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

}  // namespace

void stream_header(ResponseMessage& response) {
  response.body().clear();
  response.content_length(boost::none);
  if (response.version() >= 11) response.chunked(true);
  response.keep_alive(false);
}

StreamSession::StreamSession(boost::beast::tcp_stream stream, ServerState& server, ResponseMessage header,
                             Page::Source source)
    : stream_(std::move(stream)),
      server_(server),
      header_(std::move(header)),
      source_(std::move(source)),
      pause_(stream_.get_executor()) {
  ++server_.open;
  ++server_.streams;
}

StreamSession::~StreamSession() {
  --server_.streams;
  --server_.open;
}

void StreamSession::start() {
  stream_.expires_never();  // a client has nothing to send while it reads
  watch_client();
  stream_.expires_after(server_.limits.write);
  bhttp::async_write_header(stream_, serializer_, [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->end();
    self->next();
  });
}

// A client that is gone would otherwise be noticed with the next piece only.
void StreamSession::watch_client() {
  stream_.async_read_some(asio::buffer(ignored_), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->end();
    self->watch_client();
  });
}

void StreamSession::next() {
  if (!source_) return;
  std::optional<std::string> piece;
  try {
    piece = source_();
  } catch (const std::exception& e) {
    log::error("stream failed", {{"err", e.what()}});
    return end();
  }
  if (!piece) return finish();
  piece_ = std::move(*piece);
  if (!piece_.empty()) return write_piece();
  pause_.expires_after(server_.limits.stream_poll);
  pause_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->next();
  });
}

void StreamSession::write_piece() {
  auto written = [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->end();
    self->next();
  };
  stream_.expires_after(server_.limits.write);
  if (header_.chunked())
    asio::async_write(stream_, bhttp::make_chunk(asio::buffer(piece_)), std::move(written));
  else
    asio::async_write(stream_, asio::buffer(piece_), std::move(written));
}

void StreamSession::finish() {
  if (!header_.chunked()) return end();
  stream_.expires_after(server_.limits.write);
  asio::async_write(stream_, bhttp::make_chunk_last(),
                    [self = shared_from_this()](error_code, std::size_t) { self->end(); });
}

void StreamSession::end() {
  source_ = nullptr;
  pause_.cancel();
  stream_.close();
}

}  // namespace curfew::http
