// What the sessions of one lane share.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/log_limit.hpp"
#include "ingress/encoding.hpp"
#include "ingress/http_message.hpp"
#include "lane/asio_lane.hpp"
#include "model/kernel_state.hpp"
#include "model/reply_slot.hpp"
#include "router/registrar.hpp"

namespace spawn {

struct gateway_options {
  std::string system;
  std::uint64_t body_max = limits::body_bytes_max;
  std::uint32_t header_max = limits::header_bytes_max;
  std::uint32_t connections_max = limits::connections_max;  // of this lane
  std::uint64_t read_ms = limits::client_read_ms;
  std::uint64_t idle_ms = limits::client_idle_ms;
  std::uint64_t request_ms = limits::request_timeout_ms;
  std::uint64_t request_ms_max = limits::request_timeout_ms_max;
  std::uint64_t answer_grace_ms = 5'000;  // past a deadline, before the session gives up itself
  std::vector<std::string> trusted;       // addresses and networks whose spawn-host header counts
};

// Borrows all; one per lane. [lane]
struct gateway {
  asio_lane& home;
  lane_set& lanes;
  std::vector<lane_router*> routers;
  registrar& registry;
  byte_budget& budget;
  lane_stats& stats;
  kernel_state& state;
  gateway_options options;
  // Renders the Prometheus text on another thread and answers with it as the value. Empty: off.
  std::function<void(reply_slot&)> metrics;
  body_encoder encoder;
  std::uint32_t connections = 0;
  log_limit refusals;  // one line a second: any client can cause them
  log_limit slow_clients;

  std::string date;  // of the Date header, and the second it is of
  std::int64_t date_second = -1;

  [[nodiscard]] lane_router& router() { return *routers[home.index()]; }
};

// The Date header's value, made once a second (RFC 9110, 5.6.7). [lane]
[[nodiscard]] const std::string& http_date(gateway& g);
[[nodiscard]] bool is_ip_address(const std::string& text);
// Whether the spawn-host header of this peer counts (D40).
[[nodiscard]] bool is_trusted(const gateway& g, const http_request& request);

}  // namespace spawn
