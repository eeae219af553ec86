#pragma once

#include <functional>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/codec.hpp"
#include "http/transport.hpp"
#include "kube/request.hpp"

namespace curfew::testing {

using Calls = std::vector<std::string>;  // "GET /path", in order

// A minimal API server behind the transport: objects by path, with a real server's answers to conflicts,
// preconditions, finalizers and pages. Single-threaded. It records the calls in order, as "GET /path"; tests
// can make some of them fail.
class FakeApi final : public http::Transport {
 public:
  using Json = nlohmann::json;

  Result<http::Response> send(const http::Request& request, std::chrono::milliseconds deadline,
                              std::stop_token stop) override;
  Result<http::Response> stream(const http::Request& request, const http::LineSink& sink,
                                std::chrono::milliseconds idle, std::stop_token stop) override;

  // Returns the object as stored: with a new resourceVersion, and with a uid if it had none.
  template <class T>
  T put(const T& object) {
    Json json = api::encode(object);
    const auto stored = store(
        kube::target_of(kube::resource_of<T>(), object.metadata.ns, object.metadata.name), std::move(json));
    return *api::decode<T>(stored);
  }
  void put_raw(const std::string& path, Json object) { store(path, std::move(object)); }

  // null if it does not exist.
  Json get(const std::string& path) const;
  template <class T>
  Json get(const api::ObjectKey& key) const {
    return get(kube::target_of(kube::resource_of<T>(), key.ns, key.name));
  }
  void erase(const std::string& path) { objects_.erase(path); }

  // The next `times` calls whose "METHOD path" contains `what` get this answer and change nothing.
  void fail(std::string what, int status, std::string reason, std::string message, int times = 1);
  void fail(std::string what, Error error, int times = 1);

  // Answers a POST to `path` from the posted object, and stores nothing: a review.
  void review(const std::string& path, std::function<Json(const Json& object)> answer) {
    reviews_[path] = std::move(answer);
  }

  // Runs at each call, before it is answered.
  std::function<void(const std::string& call)> on_call;

  const Calls& calls() const { return calls_; }
  Json last_body() const { return bodies_.empty() ? Json() : bodies_.back(); }
  void forget_calls() {
    calls_.clear();
    bodies_.clear();
  }

 private:
  struct Failure {
    std::string what;
    Result<http::Response> answer;
    int times;
  };

  http::Response answer(const http::Request& request, const std::string& path, const Json& body);
  http::Response list(const std::string& target, const std::string& path) const;
  http::Response create(const std::string& path, Json object);
  http::Response replace(const std::string& path, Json object);
  http::Response patch(const std::string& path, const Json& change);
  http::Response remove(const std::string& path, const Json& options);
  Json store(const std::string& path, Json object);

  std::map<std::string, Json> objects_;                              // ordered by path, as in etcd
  std::map<std::string, std::function<Json(const Json&)>> reviews_;  // by path
  std::list<Failure> failures_;
  Calls calls_;
  std::vector<Json> bodies_;
  int version_ = 1000;
};

}  // namespace curfew::testing
