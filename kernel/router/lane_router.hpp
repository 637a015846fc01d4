// Station 2: which cell, and on which lane. One per lane.
#pragma once
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cell/actor_pool.hpp"
#include "cell/cell_lane.hpp"
#include "lane/lane_set.hpp"
#include "mesh/system_service.hpp"
#include "plugin/ports/transport_port.hpp"
#include "router/actor_timers.hpp"
#include "router/bindings.hpp"
#include "router/channel_listeners.hpp"
#include "router/channels.hpp"
#include "router/durable_topics.hpp"
#include "router/fan_outs.hpp"
#include "router/policies.hpp"
#include "router/publisher.hpp"
#include "router/reply_desk.hpp"
#include "router/row_scan.hpp"
#include "router/system_rows.hpp"
#include "router/timed_rows.hpp"
#include "router/tombstone_care.hpp"
#include "state/store_desk.hpp"

namespace spawn {

// A broadcast on its way to all lanes. Shared, immutable.
struct broadcast_message {
  broadcast_order order;
  std::shared_ptr<void> ticket;  // of what it counts against; may be null
};

// Resolves a message to an actor (protocol.md 4.5 [K]), hands it to its cell, and carries what
// cells send. Borrows everything; made before its lane starts, destroyed after it stopped. [lane]
class lane_router final : public outbound {
 public:
  struct parts {
    lane_set& lanes;
    cell_services& services;
    cell_options cells;
    record_writer& records;
    byte_budget& budget;
    transport_port* transport = nullptr;  // may be null: one kernel alone
    bool calls_systems = false;           // calls between systems go over the transport
    std::uint64_t request_ms = limits::request_timeout_ms;
    bool timers_enabled = true;
    std::uint64_t incarnation = 0;            // of this kernel, the same for all lanes
    const virtual_types* virtuals = nullptr;  // may be null: none
    row_scan_options scan{};
    timed_options timed{};
    const sink_directory* sinks = nullptr;  // may be null: none
  };
  explicit lane_router(const parts& with);
  ~lane_router() override;
  // All lanes' routers, by lane index; set once before lanes start.
  void connect(std::span<lane_router* const> all) { all_.assign(all.begin(), all.end()); }

  // --- outbound: from cells, and from ingress on this lane ---------------------------------
  void route(invocation_ptr message) override;
  void broadcast(broadcast_order order) override;
  // Those who hear what is sent to a channel, on this lane.
  [[nodiscard]] channel_listeners& listeners() noexcept { return listeners_; }
  [[nodiscard]] bool is_heard_durably(std::string_view system,
                                      std::string_view channel) const override {
    return durable_topics_.contains(system, channel);
  }
  void restored(actor_view id) override;
  void stored_for_later(const message_row& row) override;
  void drop_row(std::uint32_t store, std::string key) override;
  [[nodiscard]] bool is_address_of(actor_view address, actor_view id) override;
  [[nodiscard]] reply_ref park(reply_slot& caller, std::uint64_t deadline_ns) override;
  [[nodiscard]] bool is_parked(reply_ref place) const override { return replies_.is_parked(place); }
  [[nodiscard]] reply_slot* unpark(reply_ref place) override { return replies_.unpark(place); }
  void answer(reply_ref place, outcome with) override;
  [[nodiscard]] reply_slot* slot_for(reply_ref place) override;

  // --- registration --------------------------------------------------------------------------
  // Takes up a definition (every lane gets it) and activates the actor if it is eager and ours.
  void install(definition_ptr def);
  void uninstall(std::string_view system, std::string_view type);
  // A type that a workflow plugin serves is there in every system that is served.
  [[nodiscard]] actor_type* find_type(std::string_view system, std::string_view type);
  // The same, and whether the system is served or not: a message in the store is proof that it was.
  void ensure_virtual(std::string_view system, std::string_view type);
  [[nodiscard]] bool serves(std::string_view system) const { return systems_.contains(system); }
  // Binds a spawned name (this lane owns it); calls back once durable.
  void bind(std::string_view system, std::string_view name, std::string_view parent,
            std::uint64_t restore_revision, bindings::done_fn done);
  void recover(binding from);
  // After start-up: subscriptions and eager activations that recovery held back.
  void begin_service();

  // --- people ---------------------------------------------------------------------------------
  [[nodiscard]] cell_lane& cells() noexcept { return cells_; }
  [[nodiscard]] store_desk& desk() noexcept { return desk_; }
  [[nodiscard]] cell_services& services() noexcept { return services_; }
  [[nodiscard]] bindings& names() noexcept { return bindings_; }
  [[nodiscard]] lane& home() noexcept { return lane_; }
  template <class F>
  void for_each_type(F&& f) {
    for (auto& [key, type] : types_) {
      if (is_registered(*type)) {
        f(*type);
      }
    }
  }
  struct resolved {
    actor_id id;
    actor_type* type = nullptr;
  };
  // The actor a bare (system, name) means now, without binding anything.
  [[nodiscard]] resolved resolve(std::string_view system, std::string_view name,
                                 std::string_view parent);
  // What a pooled type has under way here. Pooled actors are not in cells().
  [[nodiscard]] actor_pool::load pool_of(actor_type& type) const {
    const auto found = pools_.find(&type);
    return found == pools_.end() ? actor_pool::load() : found->second->under_way();
  }
  // Drops the actor's timers and subscriptions; its next message makes them again.
  void release_actor(actor_view id) {
    timers_.drop(id);
    channels_.unsubscribe(id);
  }
  // An actor of this lane became active without a message of the router's (native/): its timers and
  // subscriptions begin.
  void live_activated(actor_view id);
  // Rows may wait in that store for whoever has this address: it looks for them, and keeps the
  // ticket while it does.
  void wake_receiver(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket = nullptr);
  void drain(unique_function<void()> drained);
  // Takes no more calls from other systems; calls back once nothing more comes.
  void leave_groups(unique_function<void()> left) { system_service_.close(std::move(left)); }
  // Once every lane has drained: whoever still waits for a durable chain is told that it goes on.
  void close_replies() { replies_.close(); }
  void deliver_broadcast(const broadcast_message& message);

 private:
  [[nodiscard]] static bool is_registered(const actor_type& type) noexcept {
    return type.now != nullptr && !type.forgotten;
  }
  void carry(invocation_ptr message, lane_router& to);
  void receive(invocation_ptr message);
  void receive_bound(invocation_ptr message, std::string_view parent);
  void dispatch(invocation_ptr message, actor_view id, actor_type& type);
  void run(invocation_ptr message, actor_view id, actor_type& type);
  void answer_at_deadline(invocation& message, void (*late)(invocation&));
  void not_found(invocation_ptr taken);
  [[nodiscard]] bool is_elsewhere(std::string_view system) const {
    return system_calls_.enabled() && !serves(system);
  }
  void send_elsewhere(invocation_ptr message);

  // lane_broadcasts.cpp
  void spread(broadcast_order order, std::shared_ptr<void> ticket);
  void hear_channels();
  void ask_listeners(fan_outs::question what, fan_outs::heard_fn done);

  // lane_types.cpp
  void serve_system(std::string_view system);

  // lane_rows.cpp
  void insert_row(invocation_ptr message, actor_view id, actor_type& type, std::int64_t due_ms);
  // Its caller is told "unknown" at the deadline, from the moment that the store has the row.
  void await_insert(invocation& message);
  void row_inserted(invocation_ptr message, row_outcome how, const std::string& why);
  // keyed_rows.cpp
  [[nodiscard]] static bool keeps_record(const invocation& message, const actor_type& type) {
    return type.now->mode() == durability::commit && !is_for_pool(message, type);
  }
  [[nodiscard]] static bool admit_key(invocation& message, const actor_type& type);
  void insert_keyed_row(invocation_ptr message, actor_view id);
  void keyed_row_known(invocation_ptr message, const std::string& key, result<call_row> found);
  void settle_call(invocation_ptr end);
  void take_publish(invocation_ptr message);
  void wake(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket);
  // `skipped`: the lane that the pages before left where it is.
  void fetch(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket,
             std::string cursor = {}, std::string skipped = {});
  void move_to_store(invocation_ptr message, std::uint32_t to);
  [[nodiscard]] static bool is_for_pool(const invocation& message, const actor_type& type) {
    return message.pooled || type.now->kind == actor_kind::pooled;
  }
  void fetched(result<stored_page> page, const actor_id& address, std::uint32_t store,
               std::shared_ptr<void> ticket, std::string skipped);
  // Rows on their way from the store of their sender to that of their receiver.
  struct row_move {
    actor_id address;
    std::uint32_t from = 0, to = 0;
    bool more = false;
    std::deque<std::pair<invocation_ptr, std::uint32_t>> rows;  // and where to
    std::shared_ptr<void> ticket;
  };
  void move_next(std::shared_ptr<row_move> work);
  void row_without_receiver(invocation_ptr message);
  // A row on its way again after a while, unless too many are: then the next scan finds it.
  struct delayed_row : timer {
    lane_router* owner = nullptr;
    invocation_ptr message;
  };
  void route_later(invocation_ptr message, std::uint64_t after_ms);
  void begin_rows();
  void end_rows();

  void fire_timer(actor_view id, actor_type& type, std::string_view action,
                  std::shared_ptr<void> ticket);
  [[nodiscard]] lane_router& owner_of(std::string_view system, std::string_view name);
  [[nodiscard]] invocation_ptr make_internal(actor_view id, std::string_view action,
                                             payload_view argument, const actor_view* caller);

  lane_set& lanes_;
  lane& lane_;
  cell_services& services_;
  cell_options options_;
  cell_lane cells_;
  store_desk desk_;
  byte_budget& budget_;
  transport_port* transport_;
  const std::uint64_t request_ms_;
  const bool timers_enabled_;
  const virtual_types* virtuals_;
  bool serving_ = false;
  std::vector<lane_router*> all_;
  std::unordered_map<std::string, std::unique_ptr<actor_type>, text_hash, std::equal_to<>> types_;
  std::unordered_set<std::string, text_hash, std::equal_to<>> systems_;
  std::unordered_map<actor_type*, std::unique_ptr<actor_pool>> pools_;
  channels channels_;
  durable_topics durable_topics_;
  fan_outs fan_outs_;
  publisher publisher_;
  channel_listeners listeners_;
  system_calls system_calls_;
  system_rows system_rows_;
  system_service system_service_;
  const std::uint64_t incarnation_;
  bindings bindings_;
  actor_timers timers_;
  reply_desk replies_;
  tombstone_care tombstones_;
  timed_rows timed_;
  std::unique_ptr<row_scan> scan_;  // on lane 0
  // Address and store of the pages on their way, and whether there is more to look for.
  std::map<std::pair<std::string, std::uint32_t>, bool> fetching_;
  std::list<std::unique_ptr<delayed_row>> delayed_;
  bool draining_ = false;
};

}  // namespace spawn
