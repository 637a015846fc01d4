// start, quiesce, drain and stop, and what an instance leaves behind.
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "instance.hpp"
#include "lanes.hpp"
#include "process_state.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "test.hpp"
#include "utf8.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::chrono::milliseconds silence{200};
constexpr std::string_view thread_prefix = "sp.";

// For instances that are left where they are: it lives as long as the process.
check_host& lasting_host() {
  static auto* const out = new check_host;
  return *out;
}

void start_ends(subject& s) {
  instance one(s, lasting_host());
  one.abandon();
  require(one.take(step::start).in_time, "start did not end its op in time");
}

// All steps up to this one end with OK.
std::function<void(subject&)> reaches(step last) {
  return [last](subject& s) {
    instance one(s, lasting_host());
    one.abandon();
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      one.must(static_cast<step>(i));
    }
  };
}

// What the host's table has to say at the end of a whole life, for several tests.
void live_with(subject& s, check_host& host) {
  instance one(s, host);
  one.must(step::start);
  {
    const lanes open(s, one, 4);
  }
  one.destroy();
}

void a_whole_life(subject& s) {
  check_host host;
  live_with(s, host);
  require(host.violations().empty(), host.violations().empty() ? "" : host.violations().front());
}

// The four ops of a life, each in memory of its own.
struct step_op {
  step_op() : memory(sizeof(spawn_op), "a step writes past the end of its op") {
    std::memset(memory.data(), 0, memory.size());
    op()->struct_size = sizeof(spawn_op);
  }
  [[nodiscard]] spawn_op* op() const { return memory.as<spawn_op>(); }
  guarded memory;
};

// Takes an instance through its life with such ops; `then` says what becomes of one at its end.
void live_in_pages(subject& s, void (*then)(void*, spawn_op*)) {
  check_host& host = lasting_host();
  instance one(s, host);
  one.abandon();
  const auto* vt = one.raw()->vt;
  for (const auto call : {vt->start, vt->quiesce, vt->drain, vt->stop}) {
    auto held = std::make_unique<step_op>();
    host.at_end(then, held.get());
    step_op* const raw = held.release();  // stays for ever: the plugin may touch it
    call(one.raw(), raw->op());
    require(host.wait_end(raw->op(), s.patience()), "a step did not end in time");
    std::this_thread::sleep_for(silence / 4);  // for a touch that comes late
    require(host.ends(raw->op()) == 1, "a step ended its op twice");
  }
  vt->destroy(one.raw());
}

void steps_end_once(subject& s) {
  live_in_pages(s, [](void*, spawn_op*) {});
}

void steps_are_not_touched_after_their_end(subject& s) {
  live_in_pages(s, [](void* held, spawn_op*) {
    static_cast<step_op*>(held)->memory.forbid("a step touches its op after complete()");
  });
}

void steps_keep_the_header(subject& s) {
  check_host& host = lasting_host();
  instance one(s, host);
  one.abandon();
  auto held = std::make_unique<spawn_op>();
  held->struct_size = sizeof(spawn_op);
  held->op_id = 0x0123456789abcdef;
  held->flags = 0;
  held->host_private[0] = &host;
  held->host_private[1] = &one;
  spawn_op* const op = held.release();  // stays for ever: the plugin may touch it
  one.raw()->vt->start(one.raw(), op);
  require(host.wait_end(op, s.patience()), "start did not end in time");
  require(op->op_id == 0x0123456789abcdef && op->struct_size == sizeof(spawn_op) &&
              op->host_private[0] == &host && op->host_private[1] == &one,
          "start changed fields of its op that are the host's");
}

void takes_every_host(subject& s) {
  for (const host_minor& at : host_minors) {
    if (at.minor >= s.entry()->abi_minor_min) {
      check_host host(at);
      live_with(s, host);
    }
  }
}

void takes_a_newer_host(subject& s) {
  const auto host = check_host::newer();
  live_with(s, *host);
}

void keeps_nothing_of_create(subject& s) {
  check_host host;
  require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed");
  const std::string config = s.fresh_config();
  const std::string name = "checked";
  constexpr const char* kept = "it uses memory of spawn_create_info after create returned";
  guarded text(config.size() + name.size() + 1, kept);  // who reads up to a NUL finds one
  std::memcpy(text.data(), config.data(), config.size());
  std::memcpy(text.as<char>() + config.size(), name.data(), name.size());
  guarded info(sizeof(spawn_create_info), kept);
  *info.as<spawn_create_info>() = {sizeof(spawn_create_info),
                                   1,
                                   {text.as<char>() + config.size(), name.size()},
                                   {text.data(), config.size()},
                                   nullptr,
                                   0,
                                   0};
  spawn_instance* made = nullptr;
  spawn_buf error{};
  require(s.entry()->create(host.seen(), info.as<spawn_create_info>(), &made, &error) == SPAWN_OK,
          "create failed");
  text.forbid(kept);
  info.forbid(kept);
  for (const auto call : {made->vt->start, made->vt->quiesce, made->vt->drain, made->vt->stop}) {
    auto op = std::make_unique<spawn_op>();
    op->struct_size = sizeof(spawn_op);
    spawn_op* const raw = op.release();  // stays for ever: the plugin may touch it
    call(made, raw);
    require(host.wait_end(raw, s.patience()), "a step did not end in time");
  }
  made->vt->destroy(made);
}

void quiesce_is_undone_by_start(subject& s) {
  check_host host;
  instance one(s, host);
  for (int round = 0; round < 3; ++round) {
    one.must(step::start);
    one.must(step::quiesce);
  }
  one.must(step::start);
  {
    const lanes open(s, one, 1);
  }
  one.destroy();
}

void lanes_open_and_close(subject& s) {
  instance one(s, lasting_host());
  one.abandon();
  one.must(step::start);
  const lanes open(s, one, 4);
}

void lanes_open_again(subject& s) {
  check_host host;
  instance one(s, host);
  one.must(step::start);
  for (int round = 0; round < 10; ++round) {
    const lanes open(s, one, 4);
  }
  one.destroy();
}

void stop_joins_its_threads(subject& s) {
  check_host host;
  instance warm(s, host);
  warm.must(step::start);
  warm.destroy();  // what a library starts once for the process is not the instance's
  const auto before = threads_now();
  instance one(s, host);
  one.must(step::start);
  one.end();
  require(new_threads(before).empty(), "after stop there is still " + new_threads(before));
}

void stop_closes_its_sockets(subject& s) {
  check_host host;
  instance warm(s, host);
  warm.must(step::start);
  warm.destroy();
  const auto before = files_now();
  instance one(s, host);
  one.must(step::start);
  one.end();
  for (const auto& [fd, what] : files_now()) {
    require(before.contains(fd) || !what.starts_with("socket:"),
            "after stop there is still an open socket");
  }
}

void twenty_lives_leave_nothing(subject& s) {
  check_host host;
  live_with(s, host);
  const auto threads = threads_now();
  const auto files = files_now();
  for (int round = 0; round < 20; ++round) {
    live_with(s, host);
  }
  require(new_threads(threads).empty(), "left the thread " + new_threads(threads));
  require(new_files(files).empty(), "left open " + new_files(files));
}

void leaves_no_child(subject& s) {
  check_host host;
  live_with(s, host);
  require(::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD, "it left a child process");
}

void leaves_signals_alone(subject& s) {
  check_host host;
  (void)s.entry();
  const auto before = signals_now();
  live_with(s, host);
  require(changed(before, signals_now()).empty(), "changed " + changed(before, signals_now()));
}

void leaves_settings_alone(subject& s) {
  check_host host;
  (void)s.entry();
  const auto before = settings_now();
  live_with(s, host);
  require(changed(before, settings_now()).empty(), "changed " + changed(before, settings_now()));
}

void writes_nothing(subject& s) {
  std::string text;
  (void)s.entry();
  {
    const caught_output caught;
    check_host host;
    live_with(s, host);
    text = caught.text();
  }
  require(text.empty(), "it wrote to standard output or error: " + text);
}

void threads_have_names(subject& s) {
  check_host host;
  (void)s.entry();
  const auto before = threads_now();
  instance one(s, host);
  one.must(step::start);
  std::string strange;
  for (const auto& [id, name] : threads_now()) {
    if (!before.contains(id) && !name.starts_with(thread_prefix)) {
      strange.append(strange.empty() ? "" : ", ").append(name);
    }
  }
  one.destroy();
  if (!strange.empty()) {
    throw warned{"threads that operators can not tell by their name (sp.*): " + strange};
  }
}

void silent_after_destroy(subject& s) {
  check_host host;
  live_with(s, host);
  std::this_thread::sleep_for(silence);
  require(host.violations().empty(), host.violations().empty() ? "" : host.violations().front());
}

void two_live_side_by_side(subject& s) {
  check_host first_host, second_host;
  instance first(s, first_host), second(s, second_host);
  first.must(step::start);
  second.must(step::start);
  first.destroy();
  {
    const lanes open(s, second, 1);
  }
  second.destroy();
}

void tells_text(subject& s) {
  check_host host;
  live_with(s, host);
  for (const auto& line : host.log()) {
    require(is_utf8(line.text), "a log line is not UTF-8");
    require(line.level >= 0 && line.level <= 4,
            "a log line of the unknown level " + std::to_string(line.level));
  }
  for (const auto& said : host.health()) {
    require(is_utf8(said.why), "a reason of health() is not UTF-8");
    require(said.serving || !said.why.empty(), "health says that it does not serve, and not why");
  }
}

}  // namespace

test_list life_tests() {
  return {
      {"life.start_ends", "start ends its op in time", start_ends, true},
      {"life.start_succeeds", "start ends with OK", reaches(step::start), true},
      {"life.lanes_open", "every lane can be opened and closed", lanes_open_and_close, true},
      {"life.quiesce_ends", "quiesce ends with OK in time", reaches(step::quiesce), true},
      {"life.drain_ends", "drain ends with OK in time", reaches(step::drain), true},
      {"life.stop_ends", "stop ends with OK in time", reaches(step::stop), true},
      {"life.keeps_the_rules", "a whole life without a fault, a double end or a late call",
       a_whole_life},
      {"life.steps_end_once", "each step ends its op once, and writes within it", steps_end_once},
      {"life.steps_are_not_touched_after_their_end", "no op of a step is touched after complete()",
       steps_are_not_touched_after_their_end},
      {"life.steps_keep_the_header", "what the host wrote into the op of a step is still there",
       steps_keep_the_header},
      {"life.takes_every_host", "it lives with the host table of every minor it serves",
       takes_every_host},
      {"life.takes_a_newer_host", "it lives with the longer table of a newer kernel",
       takes_a_newer_host},
      {"life.keeps_nothing_of_create", "nothing of spawn_create_info is used after create",
       keeps_nothing_of_create},
      {"life.quiesce_is_undone_by_start", "a quiesced instance can be started again",
       quiesce_is_undone_by_start},
      {"life.lanes_open_again", "a lane that was closed can be opened again", lanes_open_again},
      {"life.stop_joins_its_threads", "after stop there is no thread of it",
       stop_joins_its_threads},
      {"life.stop_closes_its_sockets", "after stop there is no open socket of it",
       stop_closes_its_sockets},
      {"life.twenty_lives_leave_nothing", "20 lives leave no thread and no file behind",
       twenty_lives_leave_nothing},
      {"life.leaves_no_child", "it leaves no child process", leaves_no_child},
      {"life.leaves_signals_alone", "it changes no signal handler and no mask",
       leaves_signals_alone},
      {"life.leaves_settings_alone", "it changes no working folder, umask, locale, environment",
       leaves_settings_alone},
      {"life.writes_nothing", "it writes to the host's log, not to standard output or error",
       writes_nothing},
      {"life.threads_have_names", "its threads have names that begin with sp.", threads_have_names},
      {"life.silent_after_destroy", "it does not call the host after destroy",
       silent_after_destroy},
      {"life.two_live_side_by_side", "one instance can end while another goes on",
       two_live_side_by_side},
      {"life.tells_text", "log lines and reasons are UTF-8, log levels are known ones", tells_text},
  };
}

}  // namespace spawn::check
