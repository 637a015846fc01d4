// What a transport port shares with the tasks it has posted. Internal to the transport port.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lane/timer_wheel.hpp"
#include "plugin/ports/store_lanes.hpp"
#include "plugin/ports/transport_port.hpp"
#include "plugin/transport_sink.hpp"

namespace spawn {

struct transport_state;

using send_op = pinned<spawn_tp_send>;

// A publish, request or reply with its own copies. Belongs to the lane that sent it.
struct outgoing_op : send_op {
  std::string bytes;  // subject, payload, headers, one after another
  std::vector<spawn_kv> headers;
  spawn_slice payload{};
  transport_state* owner = nullptr;
  transport_port::replied_fn replied;  // empty: nobody waits for its end
};

// Its memory is there for the kernel's life. The callback runs on `to`; calls into the plugin are
// made on `channel`.
struct subscription {
  transport_state* owner = nullptr;
  std::uint64_t id = 0;
  lane* to = nullptr;
  lane* channel = nullptr;
  std::string pattern, group;
  unique_function<void(transport_message)> on_message;
  unique_function<void(result<void>)> first_try;  // until it is told [channel]
  std::atomic<std::int64_t> credit{0};            // messages the plugin may still deliver
  std::uint32_t handled = 0;                      // since the last grant [to]
  bool is_over = false;                           // nothing is asked for any more [channel]
  struct subscribe_op : pinned<spawn_tp_sub> {
    subscription* owner = nullptr;
  } op, end_op;
  std::vector<unique_function<void()>> on_end;  // [channel]
  struct again_timer : timer {
    subscription* owner = nullptr;
  } again;
};

struct transport_state final : transport_sink {
  transport_state(std::shared_ptr<instance_core> c, const spawn_transport* t);

  struct slot {
    spawn_tp_lane* handle = nullptr;
    call_times times;
    store_flights flights;
    op_slab<outgoing_op> publishes, requests, replies;

    [[nodiscard]] op_slab<outgoing_op>& slab_of(std::uint16_t code) noexcept {
      return code == SPAWN_TP_REQUEST ? requests : code == SPAWN_TP_REPLY ? replies : publishes;
    }
  };

  // The lane that makes the plugin calls for `from`.
  [[nodiscard]] lane& channel_of(lane& from) const noexcept;
  [[nodiscard]] bool open(slot& s, std::uint32_t lane_index);                      // [channel]
  void hand_over(lane& channel, spawn_op& raw);                                    // [channel]
  void subscribe_now(subscription& sub);                                           // [channel]
  void subscribe_ended(subscription& sub);                                         // [channel]
  void unsubscribe_now(subscription& sub, unique_function<void()> ended);          // [channel]
  void unsubscribed(subscription& sub);                                            // [channel]
  void send_ended(outgoing_op& op);                                                // [its lane]
  void handle(subscription& sub, transport_message message, std::uint64_t token);  // [sub.to]
  void grant_and_settle(subscription& sub, std::uint32_t credit, std::uint64_t token);
  void publish_failed(std::string_view why) noexcept;                                 // [any]
  void deliver(const spawn_tp_message* messages, std::uint32_t n) noexcept override;  // [any]

  const std::shared_ptr<instance_core> core;
  const spawn_transport* const table;
  const bool one_channel;
  std::uint64_t capabilities = 0;
  std::vector<slot> slots;
  std::mutex mutex;  // guards `subscriptions`, which only grows
  std::vector<std::unique_ptr<subscription>> subscriptions;
  std::weak_ptr<transport_state> self;
  std::atomic<std::uint64_t> overruns{0};
  std::atomic<std::uint64_t> failure_logged_ns{0};
};

}  // namespace spawn
