#pragma once

// Private to cpprest_transport.cpp: one request in flight, between the library's threads and the caller's.

#include <cpprest/astreambuf.h>
#include <cpprest/http_client.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http/headers.hpp"
#include "http/transport.hpp"

namespace curfew::http {

// The library's threads append bytes and never block; the caller takes them. Above the high-water mark the
// library's write task stays incomplete, so that the library stops reading from the socket.
class Exchange {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  enum class Event { Bytes, Finished, TooLate, Doubted, Stopped };
  struct Unanswered {  // a call that timed out
    Instant began;
    Instant gave_up;
  };

  // is_streamed: wake the caller for each piece of the body; otherwise at the high-water mark and when the
  // body is complete.
  explicit Exchange(bool is_streamed) : is_streamed_(is_streamed) {}

  pplx::cancellation_token token() const { return cancel_.get_token(); }

  // -- the library's side

  pplx::task<std::size_t> put(const std::uint8_t* bytes, std::size_t count) {
    const std::scoped_lock lock(mutex_);
    if (abandoned_) return pplx::task_from_exception<std::size_t>(std::runtime_error("abandoned"));
    arrived_.append(reinterpret_cast<const char*>(bytes), count);
    last_arrival_ = std::chrono::steady_clock::now();
    if (is_streamed_ || arrived_.size() >= kHighWater) changed_.notify_all();
    if (arrived_.size() < kHighWater) return pplx::task_from_result(count);
    owed_.emplace();
    owed_count_ = count;
    return pplx::create_task(*owed_);
  }

  void head(const web::http::http_response& response) {
    const std::scoped_lock lock(mutex_);
    head_ = Response{.status = response.status_code(), .body = {}, .retry_after = {}, .date = {}};
    const auto& headers = response.headers();
    if (const auto found = headers.find("Retry-After"); found != headers.end())
      head_->retry_after = parse_retry_after(found->second);
    if (const auto found = headers.find("Date"); found != headers.end())
      head_->date = parse_http_date(found->second);
    last_arrival_ = std::chrono::steady_clock::now();
    if (is_streamed_ || arrived_.size() >= kHighWater) changed_.notify_all();  // the body may have come first
  }

  void finish(std::exception_ptr failure) {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    failure_ = std::move(failure);
    changed_.notify_all();
  }

  // -- the caller's side

  // Waits for bytes of the body (the status is known by then) or for the end. Calls `limit` again after each
  // arrival, including that of the head.
  Event wait(const std::function<Instant(Instant last_arrival, bool has_begun)>& limit,
             const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    // Do not count the time in which the caller was busy as the server's silence.
    last_arrival_ = std::chrono::steady_clock::now();
    const auto has_enough = [this] {
      return head_ && (is_streamed_ ? !arrived_.empty() : arrived_.size() >= kHighWater);
    };
    const auto ready = [&] { return finished_ || doubted_ || has_enough(); };
    while (!ready()) {
      const Instant until = limit(last_arrival_, head_.has_value());
      const Instant seen = last_arrival_;
      if (changed_.wait_until(lock, stop, until, [&] { return ready() || last_arrival_ != seen; })) continue;
      return stop.stop_requested() ? Event::Stopped : Event::TooLate;
    }
    if (stop.stop_requested()) return Event::Stopped;
    if (doubted_ && !finished_) return Event::Doubted;
    if (std::chrono::steady_clock::now() >= limit(last_arrival_, head_.has_value()) && !finished_)
      return Event::TooLate;
    return head_ && !arrived_.empty() ? Event::Bytes : Event::Finished;
  }

  // Thread-safe. Treats the connection as dead if nothing has arrived since `call` gave up. Skips an exchange
  // that began after `call`: the timeout of `call` says nothing about its connection.
  void doubt(const Unanswered& call) {
    const std::scoped_lock lock(mutex_);
    if (began_ >= call.began || last_arrival_ > call.gave_up) return;
    doubted_ = true;
    changed_.notify_all();
  }

  std::string take() {
    std::unique_lock lock(mutex_);
    std::string bytes = std::exchange(arrived_, {});
    auto owed = std::exchange(owed_, std::nullopt);
    lock.unlock();
    if (owed) owed->set(owed_count_);
    return bytes;
  }

  // The caller stops reading; whatever the library still delivers is discarded.
  void abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    const bool finished = finished_;
    auto owed = std::exchange(owed_, std::nullopt);
    lock.unlock();
    if (owed) owed->set_exception(std::runtime_error("abandoned"));
    if (!finished) cancel_.cancel();  // if finished, the connection is back in the pool: do not close it
  }

  // True if the response has begun and its body was arriving a moment ago: a large response on a slow link,
  // not a dead connection.
  bool arrives_still() const {
    const std::scoped_lock lock(mutex_);
    return head_ && std::chrono::steady_clock::now() - last_arrival_ < kArriving;
  }

  std::optional<Response> response() const {
    const std::scoped_lock lock(mutex_);
    return head_;
  }

  std::exception_ptr failure() const {
    const std::scoped_lock lock(mutex_);
    return failure_;
  }

 private:
  static constexpr std::size_t kHighWater = std::size_t{1} << 20;  // bytes
  static constexpr std::chrono::seconds kArriving{1};

  const bool is_streamed_;
  const Instant began_ = std::chrono::steady_clock::now();
  pplx::cancellation_token_source cancel_;
  mutable std::mutex mutex_;  // protects all below
  std::condition_variable_any changed_;
  std::optional<Response> head_;
  std::string arrived_;
  std::optional<pplx::task_completion_event<std::size_t>> owed_;
  std::size_t owed_count_ = 0;
  Instant last_arrival_ = std::chrono::steady_clock::now();
  std::exception_ptr failure_;
  bool finished_ = false;
  bool abandoned_ = false;
  bool doubted_ = false;
};

// A connection that dies silently (a cable, a firewall that dropped its state) affects calls and watches
// alike, but a call notices soon and a quiet watch only after minutes. So when calls timed out and a later
// call is answered, on a new connection, restart the watches that have been silent since. Thread-safe.
class StaleStreamDetector {
 public:
  void add(const std::shared_ptr<Exchange>& stream) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(streams_, [](const auto& each) { return each.expired(); });
    streams_.push_back(stream);
  }
  void unanswered(Exchange::Instant began) {
    const std::scoped_lock lock(mutex_);
    if (last_) began = std::max(began, last_->began);
    last_ = {.began = began, .gave_up = std::chrono::steady_clock::now()};
  }
  void answered() {
    const std::scoped_lock lock(mutex_);
    if (!last_) return;
    for (const auto& each : streams_)
      if (const auto stream = each.lock()) stream->doubt(*last_);
    last_.reset();
  }

 private:
  std::mutex mutex_;  // protects all below
  std::vector<std::weak_ptr<Exchange>> streams_;
  std::optional<Exchange::Unanswered> last_;  // the latest timeout since a call was last answered
};

// The write-only stream buffer through which the library delivers a body.
class ExchangeBuffer final : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
  using Base = concurrency::streams::details::streambuf_state_manager<std::uint8_t>;

 public:
  explicit ExchangeBuffer(std::shared_ptr<Exchange> exchange)
      : Base(std::ios_base::out), exchange_(std::move(exchange)) {}

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* bytes, std::size_t count) override {
    return exchange_->put(bytes, count);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    return exchange_->put(&byte, 1).then([byte](std::size_t) -> int_type { return byte; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  utility::size64_t size() const override { return 0; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return -1; }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return -1; }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override { return -1; }
  pplx::task<int_type> _bumpc() override { return nothing(); }
  pplx::task<int_type> _getc() override { return nothing(); }
  pplx::task<int_type> _nextc() override { return nothing(); }
  pplx::task<int_type> _ungetc() override { return nothing(); }
  int_type _sbumpc() override { return -1; }
  int_type _sgetc() override { return -1; }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result<std::size_t>(0);
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(-1); }
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace curfew::http
