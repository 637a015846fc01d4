// Live actors of one plugin instance on one lane: who runs next, what they send, what they ask.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log_limit.hpp"
#include "cell/lane_stats.hpp"
#include "cell/outbound.hpp"
#include "lane/lane_set.hpp"
#include "native/live_ask.hpp"
#include "native/live_line.hpp"
#include "plugin/ports/actors_port.hpp"

namespace spawn {

struct live_options {
  std::uint64_t objects_max = limits::active_actors_max;  // on this lane
  std::uint64_t request_ms = limits::request_timeout_ms;
  std::uint64_t request_ms_max = limits::request_timeout_ms_max;
};

// Who runs next is a queue of the actors that have mail; an actor runs some of its mails and goes
// to the end. A stretch of it lasts a fraction of a millisecond, then the lane's other work has its
// go. Borrows what `parts` names. Life: made before its lane starts; closed on it by the port, or
// after it has stopped. [lane]
class live_lane final : public task {
 public:
  struct parts {
    lane& home;
    const lane_set& lanes;
    actors_port& port;
    const live_types& types;
    byte_budget& budget;
    lane_stats& stats;
    live_options options;
  };
  explicit live_lane(const parts& with);
  ~live_lane();
  live_lane(const live_lane&) = delete;
  live_lane& operator=(const live_lane&) = delete;

  // The same instance on all lanes, and the way to actors that are not live; once, before the lanes
  // start.
  void connect(std::span<live_lane* const> all, outbound& out);
  // Called when an object is made of a type that has timers or listens to channels.
  void on_activation(std::function<void(actor_view)> tell) { activated_ = std::move(tell); }

  // One message from elsewhere in the kernel to a live actor of this lane. OK: `by.ended` follows,
  // by the deadline. Otherwise nothing does.
  [[nodiscard]] spawn_status ask_from_outside(actor_view to, std::string_view action,
                                              const spawn_payload& payload,
                                              std::uint64_t deadline_ns, outside_ask& by);
  // Fails every question, destroys every object, gives the lane back to the plugin.
  void close();

  [[nodiscard]] std::size_t objects() const noexcept { return objects_; }

 private:
  friend class live_line;
  friend struct live_crate;
  friend struct live_host_calls;
  friend struct live_reply;

  // --- running (live_lane.cpp)
  void schedule();
  void run_some();
  void run_mails(std::uint64_t until_ns);
  void run_one(live_address& of, live_mail* mail);
  void ran(live_address& of);
  void fail_all(std::string_view why);
  void sweep();

  // --- actors (live_objects.cpp)
  [[nodiscard]] live_address* address_of(actor_view id);
  [[nodiscard]] live_address* address_of(const live_type& type, std::string_view name);
  [[nodiscard]] live_address* address_of(const live_type& type, std::string_view name,
                                         std::uint64_t hash);
  void hold(live_address& which) noexcept { ++which.held; }
  void let_go(live_address& which) {
    if (--which.held == 0 && which.is_unused()) {
      forget(which);
    }
  }
  void forget(live_address& which);
  [[nodiscard]] bool open();
  [[nodiscard]] spawn_status make_object(live_address& of);
  void drop_object(live_address& of);
  [[nodiscard]] bool make_room();
  [[nodiscard]] bool is_idle(const live_address& which) const noexcept {
    return which.object != nullptr && !which.ready && which.asked == 0 && which.owes == 0;
  }

  // --- messages (live_messages.cpp)
  void put(live_address& to, live_mail* mail);
  [[nodiscard]] spawn_status tell(live_address& to, std::uint32_t action,
                                  const spawn_payload& payload);
  [[nodiscard]] spawn_status ask(live_address& to, std::uint32_t action,
                                 const spawn_payload& payload, std::uint64_t token,
                                 std::uint32_t timeout_ms);
  [[nodiscard]] spawn_status deliver(live_address& to, std::uint32_t action, live_ask* ask,
                                     live_address* from, const spawn_payload& payload);
  [[nodiscard]] live_ask& open_ask(live_ask::whose by, std::uint64_t deadline_ns);
  [[nodiscard]] live_ask& open_ask_of_actor(std::uint64_t token, std::uint32_t timeout_ms);
  void close_ask(live_ask& ask);
  [[nodiscard]] live_ask* find_ask(std::uint64_t name) const noexcept;
  [[nodiscard]] bool answer(std::uint64_t name, spawn_status status, const spawn_payload& payload);
  void fail_mail(live_mail* mail, spawn_status status, std::string_view why);

  // --- other lanes (live_across.cpp)
  [[nodiscard]] spawn_status send_across(live_address& to, std::uint32_t action,
                                         std::uint64_t token, std::uint64_t deadline_ns,
                                         const spawn_payload& payload);
  void send_answer(live_lane& to, std::uint64_t token, spawn_status status,
                   const spawn_payload& payload);
  [[nodiscard]] bool pack(live_line& into, live_record& record, std::string_view name,
                          std::string_view from, const spawn_payload& payload, bool must);
  void send_lines();
  void post_to(live_lane& there, live_crate& crate);
  void unpack(const live_crate& crate);
  void arrived(live_lane& back, const live_record& record, std::string_view name,
               std::string_view from_name, const spawn_payload& payload);

  // --- ordinary actors (live_outside.cpp)
  [[nodiscard]] spawn_status send_out(live_address& to, std::string_view action,
                                      const spawn_payload& payload, live_ask* ask);

  lane& home_;
  const lane_set& lanes_;
  actors_port& port_;
  const live_types& types_;
  lane_stats& stats_;
  const live_options options_;
  byte_budget& budget_;
  std::vector<std::unique_ptr<live_line>> lines_;  // by lane; its own is never used
  outbound* out_ = nullptr;
  std::function<void(actor_view)> activated_;
  spawn_live_host host_{};
  actors_port::live_channel plugin_;

  live_table table_;
  chunk_pool<live_address, &live_address::chain> addresses_;
  live_mail_pool mails_;
  chunk_pool<live_ask, &live_ask::next> asks_;

  live_address* ready_first_ = nullptr;
  live_address* ready_last_ = nullptr;
  live_address* current_ = nullptr;  // its receive() or create() is running
  live_mail* running_ = nullptr;
  std::uint32_t time_ = 0;  // milliseconds; of the stretch that runs
  std::uint64_t ran_ = 0;   // messages, not yet in stats_
  std::size_t objects_ = 0;
  std::size_t sweep_at_ = 0;
  bool is_scheduled_ = false;
  bool is_running_ = false;
  bool is_closed_ = false;
  log_limit dropped_log_;
  struct sweep_timer : timer {
    live_lane* owner = nullptr;
  } sweep_timer_;
  struct across : turn_end {
    live_lane* owner = nullptr;
  } across_;
};

// What the table of spawn_live_host leads to. `data` is the live_lane.
[[nodiscard]] spawn_live_host live_host_of(live_lane& lane) noexcept;

}  // namespace spawn
