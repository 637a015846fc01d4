#include "plugin/isolate/child.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "plugin/isolate/child_kinds.hpp"
#include "plugin/isolate/metrics_codec.hpp"
#include "plugin/isolate/sandbox.hpp"
#include "plugin/loader.hpp"
#include "plugin/ports/workflow_port.hpp"

namespace spawn::isolate {
namespace {

constexpr std::uint64_t cursor_wait_ms = 2'000;
constexpr std::uint64_t metrics_every_ns = ns_per_s;
constexpr std::uint64_t step_ms_max = 60'000;  // of a step without a deadline

// Steps of the instance's life, one after another, on a thread that may wait for the plugin.
class life_thread {
 public:
  ~life_thread() { stop(); }
  void add(unique_function<void()> step) {
    const std::lock_guard hold(mutex_);
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { loop(); });
    }
    steps_.push_back(std::move(step));
    changed_.notify_all();
  }
  void stop() {
    {
      const std::lock_guard hold(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  void loop() {
    std::unique_lock hold(mutex_);
    for (;;) {
      changed_.wait(hold, [&] { return stopping_ || !steps_.empty(); });
      if (steps_.empty()) {
        return;
      }
      auto step = std::move(steps_.front());
      steps_.pop_front();
      hold.unlock();
      step();
      hold.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<unique_function<void()>> steps_;
  std::thread thread_;
  bool stopping_ = false;
};

class child {
 public:
  explicit child(std::unique_ptr<shared_area> area)
      : area_(std::move(area)), time_(area_->time()), in_(area_->reader(0, true), kernel_bell_fd) {
    out_.bind(area_->writer(0, false), kernel_bell_fd);
  }
  ~child();
  int run();

 private:
  void send(encoder& out) { static_cast<void>(out_.send(out.out())); }
  [[nodiscard]] bool take(std::string bytes);  // false: the end
  void create(decoder& in);
  [[nodiscard]] result<void> make(const create_order& order, created_answer& about);
  void life(decoder& in);
  void admin(decoder& in);
  void describe(decoder& in);
  void tell_state();
  [[nodiscard]] std::uint64_t ms_until(std::uint64_t deadline_ns) const noexcept {
    const std::uint64_t now = time_.now_ns();
    if (deadline_ns == 0) {
      return step_ms_max;
    }
    return deadline_ns > now ? (deadline_ns - now) / ns_per_ms : 1;
  }
  void ended(std::uint64_t id, op_form form, spawn_op& op, const result<void>& how);
  [[nodiscard]] std::optional<std::string> cursor(std::string_view source);

  std::unique_ptr<shared_area> area_;
  child_clock time_;
  frame_sender out_;
  frame_receiver in_;
  std::vector<std::unique_ptr<child_lane>> lanes_;
  std::unique_ptr<lane_set> lane_set_;
  std::unique_ptr<plugin_instance> instance_;
  std::unique_ptr<child_server> server_;
  life_thread life_;
  std::optional<bool> told_serving_;
  std::string told_why_;
  std::uint64_t metrics_told_ns_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable answered_;
  std::uint64_t last_asked_ = 0;
  std::map<std::uint64_t, std::optional<std::optional<std::string>>> asked_;
};

child::~child() {
  life_.stop();
  server_.reset();
  instance_.reset();
  for (auto& each : lanes_) {
    each->stop();
  }
}

int child::run() {
  for (;;) {
    std::string bytes;
    while (in_.next(bytes)) {
      if (!take(std::move(bytes))) {
        return 0;
      }
      bytes = {};
    }
    if (in_.broken()) {
      return 2;
    }
    out_.go_on();
    if (in_.sleep()) {
      pollfd bell{first_bell_fd, POLLIN, 0};
      ::poll(&bell, 1, -1);  // its end, at the latest, is the end of the kernel
      hush_bell(first_bell_fd);
    }
  }
}

bool child::take(std::string bytes) {
  const frame_hold held(std::move(bytes));
  decoder in(*held);
  switch (static_cast<frame>(in.take<std::uint8_t>())) {
    case frame::create:
      create(in);
      return true;
    case frame::life:
      life(in);
      return true;
    case frame::admin:
      admin(in);
      return true;
    case frame::describe:
      describe(in);
      return true;
    case frame::reply: {
      const auto id = in.take<std::uint64_t>();
      const bool ok = in.take<std::int32_t>() == SPAWN_OK;
      const std::string_view value = in.text();
      const std::lock_guard hold(mutex_);
      if (const auto waits = asked_.find(id); waits != asked_.end()) {
        waits->second.emplace(ok ? std::optional<std::string>(value) : std::nullopt);
        answered_.notify_all();
      }
      return true;
    }
    case frame::ping: {
      encoder out = frame_of(frame::pong);
      out.value(in.take<std::uint64_t>());
      send(out);
      tell_state();
      return true;
    }
    default:
      return false;  // destroy
  }
}

void child::create(decoder& in) {
  create_order order;
  fields(in, order);
  created_answer about;
  if (auto made = make(order, about); !made) {
    about.status = static_cast<std::int32_t>(made.error().code);
    about.text = made.error().text;
  }
  encoder out = frame_of(frame::created);
  fields(out, about);
  send(out);
}

result<void> child::make(const create_order& order, created_answer& about) {
  log::init(static_cast<log::level>(order.log_level), log::format::json);
  // Before there is any thread, and before any code of the plugin.
  SPAWN_TRY(about.sandbox, enter_sandbox(order));
  std::vector<lane*> all;
  lane_loops loops;
  for (std::uint32_t i = 1; i < area_->channels(); ++i) {
    lanes_.push_back(
        std::make_unique<child_lane>(*area_, i, first_bell_fd + static_cast<int>(i), time_));
    all.push_back(&lanes_.back()->lane());
    loops.io.push_back(&lanes_.back()->io());
  }
  lane_set_ = std::make_unique<lane_set>(std::move(all));
  loops.lanes = lane_set_.get();
  for (auto& each : lanes_) {
    each->lane().start(-1);
  }
  const std::filesystem::path file(order.file);
  SPAWN_TRY(auto store, store_dir::open(file.parent_path().parent_path()));
  SPAWN_TRY(auto library,
            load_library(file, store, {order.kind, order.name, order.version, order.sha256, {}}));
  instance_options options;
  options.name = order.instance;
  options.config_json = order.config_json;
  options.secrets = order.secrets;
  options.loops = loops;
  options.create_limit_ms = order.limit_ms;
  SPAWN_TRY(instance_, plugin_instance::create(std::move(library), time_, std::move(options)));
  child_link link{[this](encoder& out) { send(out); },
                  [this](std::string_view source) { return cursor(source); }};
  SPAWN_TRY(server_, make_server(*instance_, lanes_, std::move(link), about));
  for (auto& each : lanes_) {
    each->serve(*server_);
  }
  return {};
}

void child::ended(std::uint64_t id, op_form form, spawn_op& op, const result<void>& how) {
  if (!how) {
    op.status = static_cast<spawn_status>(how.error().code);
    op.error = {how.error().text.data(), how.error().text.size(), nullptr, nullptr};
  }
  encoder out = frame_of(frame::ended);
  out.value<std::uint32_t>(1);
  out.value(id);
  encode_answer(out, form, op);
  send(out);
}

void child::life(decoder& in) {
  const auto id = in.take<std::uint64_t>();
  const auto step = static_cast<life_step>(in.take<std::uint8_t>());
  spawn_op asked{};
  decode_ask(in, asked);
  life_.add([this, id, step, deadline = asked.deadline_ns] {
    const std::uint64_t limit_ms = ms_until(deadline);
    result<void> how;
    switch (step) {
      case life_step::start:
        how = instance_->start(limit_ms);
        break;
      case life_step::quiesce:
        how = instance_->quiesce(limit_ms);
        break;
      case life_step::drain:
        if (auto drained = instance_->drain(limit_ms); !drained) {
          how = fail(std::move(drained.error()));
        }
        break;
      case life_step::stop:
        how = instance_->stop(limit_ms);
        break;
    }
    spawn_op op{};
    ended(id, op_form::life, op, how);
  });
}

void child::admin(decoder& in) {
  const auto id = in.take<std::uint64_t>();
  const auto step = static_cast<admin_step>(in.take<std::uint8_t>());
  spawn_ss_admin asked{};
  decode_ask(in, asked);
  life_.add([this, id, step, deadline = asked.op.deadline_ns] {
    using call = plugin_instance::admin_call;
    const std::uint64_t limit_ms = ms_until(deadline);
    const auto which = step == admin_step::schema_text ? call::schema_text
                       : step == admin_step::migrate   ? call::migrate
                                                       : call::stats;
    const auto text = instance_->ask_admin(which, limit_ms);
    spawn_ss_admin op{};
    result<void> how;
    if (text) {
      op.out = {text->data(), text->size(), nullptr, nullptr};
    } else {
      how = fail(text.error());
    }
    ended(id, op_form::admin, op.op, how);
  });
}

void child::describe(decoder& in) {
  const auto id = in.take<std::uint64_t>();
  const auto schema = in.take<std::uint32_t>();
  spawn_slice scratch{};
  in.slice(scratch);
  const auto* table = static_cast<const spawn_workflow*>(instance_->find_interface(SPAWN_WORKFLOW));
  spawn_buf json{};
  spawn_status status = SPAWN_E_UNSUPPORTED;
  if (table != nullptr && SPAWN_KNOWS(table, describe) && table->describe != nullptr) {
    const std::string threw = contained(
        [&] { status = table->describe(instance_->core()->raw, schema, scratch, &json); });
    status = threw.empty() ? status : SPAWN_E_INTERNAL;
  }
  encoder out = frame_of(frame::described);
  out.value(id);
  out.value(status);
  out.text(view_of(json));
  release(json);
  send(out);
}

// With each ping, so that the kernel need not ask.
void child::tell_state() {
  if (instance_ == nullptr) {
    return;
  }
  const auto health = instance_->health();
  const bool faulted = instance_->faulted();
  // Before it says anything it counts as serving, but not a transport, which is to say when its
  // link is up: the kernel's side knows.
  const bool is_news = health.serving != told_serving_ || health.why != told_why_;
  if (faulted || (health.is_told && is_news)) {
    told_serving_ = health.serving;
    told_why_ = health.why;
    encoder out = frame_of(frame::state);
    out.value<std::uint8_t>(faulted ? 1 : 0);
    out.value<std::uint8_t>(health.serving ? 1 : 0);
    out.text(health.why);
    send(out);
  }
  const std::uint64_t now = time_.now_ns();
  if (now - metrics_told_ns_ < metrics_every_ns) {
    return;
  }
  metrics_told_ns_ = now;
  auto families = instance_->metrics();
  if (!families.empty()) {
    encoder out = frame_of(frame::metrics);
    put_all(out, families, [](encoder& to, metric_family& v) { fields(to, v); });
    send(out);
  }
}

std::optional<std::string> child::cursor(std::string_view source) {
  std::unique_lock hold(mutex_);
  const std::uint64_t id = ++last_asked_;
  asked_.try_emplace(id);
  encoder out = frame_of(frame::cursor_get);
  out.value(id);
  out.text(source);
  send(out);
  answered_.wait_for(hold, std::chrono::milliseconds(cursor_wait_ms),
                     [&] { return asked_[id].has_value(); });
  auto found = std::move(asked_[id]);
  asked_.erase(id);
  return found ? std::move(*found) : std::nullopt;
}

}  // namespace

int run_child(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    return 1;  // it died before the line above
  }
  // Stopping is the kernel's to say, also where a signal goes to all processes of a service.
  for (const int which : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    ::signal(which, SIG_IGN);
  }
  log::init(log::level::info, log::format::json);
  auto area = shared_area::attach(memory_fd);
  if (!area) {
    SPAWN_LOG(error, "can not serve", {"why", area.error().text});
    return 2;
  }
  auto served = std::make_unique<child>(std::move(*area));
  const int code = served->run();
  served.reset();
  log::flush();
  return code;
}

}  // namespace spawn::isolate
