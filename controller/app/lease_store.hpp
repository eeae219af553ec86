#pragma once

#include "kube/client.hpp"
#include "runtime/leader_elector.hpp"

namespace curfew::app {

// Stores the elector's Lease through the typed client. Each call has the shorter of the elector's deadline
// and the client's own.
class ClientLeaseStore final : public runtime::LeaseStore {
 public:
  ClientLeaseStore(kube::Client& client, api::ObjectKey key) : client_(client), key_(std::move(key)) {}

  Result<api::Lease> get(std::chrono::milliseconds deadline, std::stop_token stop) override {
    return client_.within(deadline).get<api::Lease>(key_, std::move(stop));
  }
  Result<api::Lease> create(const api::Lease& lease, std::chrono::milliseconds deadline,
                            std::stop_token stop) override {
    return client_.within(deadline).create(lease, std::move(stop));
  }
  Result<api::Lease> update(const api::Lease& lease, std::chrono::milliseconds deadline,
                            std::stop_token stop) override {
    return client_.within(deadline).update(lease, std::move(stop));
  }

 private:
  kube::Client& client_;
  const api::ObjectKey key_;
};

}  // namespace curfew::app
