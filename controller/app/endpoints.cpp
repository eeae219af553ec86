#include "app/endpoints.hpp"

#include <map>
#include <utility>

namespace curfew::app {
namespace {

http::Page page_of(const runtime::Health::Report& report) {
  return {.status = report.status_code(), .body = report.text};
}

}  // namespace

void Endpoints::add_ready_check(std::string name, std::function<std::optional<std::string>()> check) {
  health_.add_ready_check(std::move(name), std::move(check));
}

void Endpoints::add_live_check(std::string name, std::function<std::optional<std::string>()> check) {
  health_.add_live_check(std::move(name), std::move(check));
}

void Endpoints::start(std::string_view host_port) {
  server_.emplace(host_port, std::map<std::string, http::Server::Route>{
                                 {"/metrics",
                                  [this] {
                                    return http::Page{
                                        .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                        .body = metrics_.render()};
                                  }},
                                 {"/healthz", [this] { return page_of(health_.live()); }},
                                 {"/readyz", [this] { return page_of(health_.ready()); }}});
}

}  // namespace curfew::app
