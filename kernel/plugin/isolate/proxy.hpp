// The kernel's side of an isolated instance: the C tables of its kind, filled by a process.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "plugin/isolate/area.hpp"
#include "plugin/isolate/child_process.hpp"
#include "plugin/isolate/facts.hpp"
#include "plugin/isolate/flights.hpp"
#include "plugin/isolate/frames.hpp"
#include "plugin/isolate/limits.hpp"
#include "spawn/plugin/activator.h"

namespace spawn {
class host_metrics;
}

namespace spawn::isolate {

struct proxy_options {
  create_order order;
  isolation_limits limits;
  bool one_channel = false;  // one lane of the child serves all lanes of the kernel
  std::uint32_t kernel_lanes = 1;
  host_metrics* metrics = nullptr;  // borrowed; may be null
  std::shared_ptr<isolation_facts> facts = std::make_shared<isolation_facts>();
};

// Like a plugin's create(): OK and *out, or a status and a text. Waits until the child has made the
// instance, at most order.limit_ms + launch_ms. The instance's destroy ends the process. [control]
inline constexpr std::uint32_t launch_ms = 10'000;
[[nodiscard]] spawn_status make_proxy(const spawn_host* host, proxy_options options,
                                      spawn_instance** out, spawn_buf* error);

// One of them. A thread of its own, "sp.<instance>", starts the process, reads what it says, looks
// after it and starts another one when it is gone. All other calls come as the C headers say.
// Life: made by make_proxy, ended by destroy.
class proxy final : public spawn_instance {
 public:
  proxy(const spawn_host* to, proxy_options options);
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy();

  // True when the first process has made the instance. [control]
  [[nodiscard]] bool wait_created(created_answer& answer);
  [[nodiscard]] const void* interface(std::string_view id) noexcept;

  // --- what the tables call ---
  void life(life_step step, spawn_op* op);
  void admin(admin_step step, spawn_ss_admin* op);
  void submit(std::uint32_t lane, submit_to to, spawn_op* const* ops, std::uint32_t n);
  void submit_steps(std::uint32_t lane, spawn_op* const* ops, std::uint32_t n);
  void set_window(std::uint32_t window, std::uint32_t pause);
  void settle(std::span<const spawn_settle* const> verdicts);
  void close_activator();
  void grant(std::uint32_t lane, std::uint64_t sub_id, std::uint32_t credit);
  void settle_messages(std::uint32_t lane, std::span<const std::uint64_t> tokens,
                       std::uint32_t nack);
  void set_kv_sink(std::uint32_t lane,
                   void (*on_event)(void*, const spawn_kv_event*, std::uint32_t), void* arg);
  [[nodiscard]] spawn_status describe(std::uint32_t schema, spawn_slice scratch, spawn_buf* out);
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept;
  [[nodiscard]] const created_answer& made() const noexcept { return made_; }
  [[nodiscard]] const char* const* part_types() const noexcept { return part_types_.data(); }
  [[nodiscard]] const char* const* virtual_parents() const noexcept {
    return virtual_parents_.data();
  }

 private:
  enum class phase { launching, up, waiting, ended };
  struct channel {
    std::mutex mutex;  // guards what follows but the receiver
    bool up = false;   // the plugin takes operations
    flights in_flight;
    std::uint64_t steps = 0;  // of workflows: submitted and not completed
    std::condition_variable steps_ended;
    frame_sender sender;
    frame_receiver receiver;   // of the thread, as the two below
    std::uint64_t pinged = 0;  // number of the ping that has no answer yet, or 0
    std::uint64_t pinged_ns = 0;
    std::uint64_t moved_ns = 0;  // when an op ended last, or there was none
  };
  struct told_token {
    std::uint64_t epoch = 0;
    std::uint64_t of_child = 0;
  };
  struct live_sub {
    std::string pattern, group;
    std::int64_t credit = 0;
    std::uint32_t lane = 0;
    bool live = false;  // its SUBSCRIBE has ended OK
  };
  struct told_key {
    std::uint64_t revision = 0;
    bool by_this_process = false;
  };
  struct live_watch {
    std::string bucket, key;
    std::uint32_t lane = 0;
    bool live = false;
    std::map<std::string, told_key> there;  // keys that have been told and not told as deleted
  };
  struct kv_sink {
    std::mutex mutex;
    void (*on_event)(void*, const spawn_kv_event*, std::uint32_t) = nullptr;
    void* arg = nullptr;
  };
  struct asked {
    bool done = false;
    spawn_status status = SPAWN_E_UNAVAILABLE;
    std::string text;
  };

  // --- the thread: proxy_thread.cpp ---
  void run();
  [[nodiscard]] int poll_ms();
  [[nodiscard]] bool take_frames();
  void on_time();
  void ping_all(std::uint64_t now);
  [[nodiscard]] bool stuck(channel& at, std::uint64_t time);

  // --- its process: proxy_child.cpp ---
  void launch();
  void created(created_answer answer);
  void begin_service();
  void give_up(std::string cause);  // kills; the end is seen by its pidfd
  void lost(const std::string& cause);
  void end_lost(channel& at, const std::vector<flights::flight>& lost, const std::string& why);
  void steps_completed(channel& at, std::uint64_t n);
  void close_child();

  // --- what it writes: proxy_output.cpp ---
  void read_output();
  void write_line(std::string_view line);

  // --- what the child says: proxy_frames.cpp ---
  void take(std::uint32_t channel, std::string bytes);
  void take_ended(std::uint32_t channel, decoder& in);
  void take_state(decoder& in);
  void tell_health(std::uint32_t serving, spawn_slice why);
  void take_metrics(decoder& in);
  void take_offered(decoder& in);
  void take_cursor_get(decoder& in);
  void take_delivered(decoder& in);
  void take_kv_events(std::uint32_t channel, decoder& in);

  // --- proxy_transport.cpp ---
  void note_submit(std::uint32_t lane, spawn_op* const* ops, std::uint32_t n);
  void note_end(const flights::flight& done);
  void note_events(const spawn_kv_event* events, std::uint32_t n);
  [[nodiscard]] bool take_own(const flights::flight& done);
  void watch_renewed(const spawn_kv_op& op);
  void tell_kv(std::uint32_t channel, const spawn_kv_event* events, std::uint32_t n);
  void resume_transport();

  [[nodiscard]] channel& of_lane(std::uint32_t lane) noexcept {
    return *channels_[1 + lane % (channels_.size() - 1)];
  }
  [[nodiscard]] std::uint64_t now() const noexcept { return time_.now_ns(); }
  void end(spawn_op* op, spawn_status status, std::string text);
  void wake() noexcept { ring_bell(bell_); }
  // Before each call, for a host that does not have the machine's clock.
  void tell_time() noexcept {
    if (own_clock_) {
      const std::lock_guard hold(mutex_);
      put_time();
    }
  }
  void put_time() noexcept;

  system_clock time_;  // of the processes, whatever clock the plugin is given
  proxy_options options_;
  std::string program_;
  std::vector<std::unique_ptr<channel>> channels_;
  std::vector<std::unique_ptr<kv_sink>> kv_sinks_;
  int bell_ = -1;
  bool own_clock_ = false;  // of the host

  std::mutex offers_;  // held while the kernel is offered something; before mutex_
  std::mutex mutex_;   // guards what follows, up to the thread's own
  std::condition_variable changed_;
  life_step wanted_{};  // none: created
  bool closing_ = false;
  std::string condemned_;  // why the process has to go; by a lane, for the thread
  bool answered_ = false;  // the first create has ended
  created_answer made_;    // immutable once answered_
  std::string down_;       // why there is no process now
  std::map<std::uint64_t, asked*> asked_;
  std::uint64_t last_asked_ = 0;
  std::uint64_t epoch_ = 0;
  told_time* told_ = nullptr;  // in area_, while there is one
  std::map<std::uint64_t, told_token> tokens_;
  std::uint64_t last_token_ = 0;
  std::uint32_t window_ = 0, pause_ = 0;
  bool activator_open_ = false;
  std::map<std::uint64_t, live_sub> subs_;
  std::map<std::uint64_t, live_watch> watches_;

  std::vector<const char*> part_types_, virtual_parents_;

  // The thread's own.
  std::optional<child_process> child_;
  std::unique_ptr<shared_area> area_;
  std::vector<int> child_bells_;
  phase phase_ = phase::launching;
  std::uint64_t due_ns_ = 0;  // of launching and waiting
  std::uint64_t up_since_ns_ = 0;
  std::uint64_t next_ping_ns_ = 0;
  std::uint64_t last_ping_ = 0;
  std::uint64_t woken_ns_ = 0;    // when the thread last ran
  std::uint32_t failures_ = 0;    // in a row
  std::uint64_t start_id_ = 0;    // of our own start, on a new process
  std::string cause_;             // why we killed it
  std::string said_;              // output that is no whole line yet
  std::uint64_t said_lines_ = 0;  // in the second that began at
  std::uint64_t said_since_ns_ = 0;
  spawn::random rng_;
  std::thread thread_;
};

// The one behind an instance of make_proxy.
[[nodiscard]] inline proxy& proxy_of(spawn_instance* self) noexcept {
  return *static_cast<proxy*>(self);
}
// Tables by interface id; null for those that proxies do not have.
[[nodiscard]] const void* store_table(std::string_view id) noexcept;
[[nodiscard]] const void* workflow_table(std::string_view id, bool keeps_scratch,
                                         bool describes) noexcept;
[[nodiscard]] const void* activator_table(std::string_view id) noexcept;
[[nodiscard]] const void* transport_table(std::string_view id) noexcept;
[[nodiscard]] const void* sink_table() noexcept;

// A channel into a proxy; what the opaque lanes of the C tables are.
struct proxy_lane {
  proxy* owner;
  std::uint32_t lane;
};

}  // namespace spawn::isolate
