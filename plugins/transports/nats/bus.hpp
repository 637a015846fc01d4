// bus: the session of one transport instance. Subscriptions with their credit, requests, replies,
// and behind them the key-value store. All of it on the session thread; lanes only leave orders.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "kv_store.hpp"
#include "kv_watch.hpp"
#include "nats-common/session.hpp"
#include "orders.hpp"

namespace nats_transport {

struct bus_settings {
  nats_common::connection_settings connection;
  std::string prefix = "spawn";       // in front of every subject; empty: none
  std::size_t held_messages = 1'024;  // for one subscription that has no credit
  std::size_t held_bytes = 64u << 20;
  kv_settings kv;
};

class bus final : public nats_common::session {
 public:
  bus(spawn::plugin::host_ref host, bus_settings settings);
  ~bus() override { finish(); }

  // [lane]
  void order(lane_order what) {
    if (orders_.put(std::move(what))) {
      wake();
    }
  }
  [[nodiscard]] open_lanes& lanes() noexcept { return lanes_; }

 private:
  struct subscription {
    std::uint64_t id = 0;
    std::uint32_t lane = 0;
    std::string pattern, group;  // the group as the server knows it
    std::uint64_t credit = 0;
    std::deque<nats_common::message_ptr> held;  // no credit yet
    std::size_t held_bytes = 0;
    std::uint64_t dropped = 0;
    std::uint64_t at_server = 0;  // 0: not subscribed on this connection
    // UNSUBSCRIBE: ends when all has been delivered.
    std::optional<spawn::plugin::pending<spawn_tp_sub>> ending;
    std::uint64_t ending_until_ns = 0;
    bool is_empty = false;  // the connection has handed over all that came for it
  };

  void connected() override;
  void disconnected() override;
  void received(std::uint64_t subscription, nats_common::message_ptr m) override;
  void work() override;
  void quiesced() override;
  void resumed() override { quiet_ = false; }
  [[nodiscard]] bool drained() override { return in_flight_ == 0; }
  void ended() override;
  [[nodiscard]] std::uint32_t patience_ms() const override;

  void send(spawn::plugin::pending<spawn_tp_send> op);
  void request(nats_common::outgoing m, spawn::plugin::pending<spawn_tp_send> op);
  void reply(nats_common::outgoing m, spawn::plugin::pending<spawn_tp_send> op);
  void subscribe_for(std::uint32_t lane, spawn::plugin::pending<spawn_tp_sub> op);
  void unsubscribe_for(spawn::plugin::pending<spawn_tp_sub> op);
  void listen(subscription& s);
  void look_at_endings();
  void hold(subscription& s, nats_common::message_ptr m);
  void pump(subscription& s);
  void deliver(const subscription& s, nats_common::message_ptr m);
  void link(bool is_up);
  [[nodiscard]] std::string at_server(std::string_view subject) const;

  const bus_settings settings_;
  const spawn_host_transport* const to_host_;
  order_queue orders_;
  open_lanes lanes_;

  // [session thread]
  std::map<std::uint64_t, subscription> subscriptions_;  // by the kernel's id
  std::map<std::uint64_t, std::uint64_t> by_server_id_;
  std::unordered_set<std::string> answered_;  // reply subjects, the newest of them
  std::deque<std::string> answered_order_;
  std::size_t in_flight_ = 0;  // requests and confirmations that are out
  std::size_t endings_ = 0;    // subscriptions that are given up
  bool quiet_ = false, link_told_ = false, link_up_ = false;
  kv_store kv_;
  kv_watches watches_;
};

}  // namespace nats_transport
