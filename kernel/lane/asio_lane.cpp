#include "lane/asio_lane.hpp"

#include <pthread.h>

#include <string>

#include "base/log.hpp"

namespace spawn {
namespace {

// Handlers taken per turn before deferred work, timers and batches get their go.
constexpr int handlers_per_turn = 64;
constexpr std::uint64_t handlers_ns = 500'000;  // and no longer than this
// Lanes that answer each other within microseconds leave their sockets alone for so long.
constexpr std::uint64_t exchange_ns = 50'000;
constexpr const char* looking = "looking";  // a station that holds nobody up

}  // namespace

asio_lane::asio_lane(std::uint32_t index, const clock& time, std::uint64_t seed)
    : lane(index, time, seed),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      open_(io_.get_executor()),
      wake_(io_),
      wheel_timer_(io_) {}

asio_lane::~asio_lane() {
  SPAWN_ASSERT(!thread_.joinable(), "lane destroyed while running");
}

void asio_lane::wake() noexcept {
  if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) {
    wake_.signal();
  }
}

// For how long, nanoseconds. Waking a thread takes several times as long as this looks at most.
std::uint64_t asio_lane::look_for_inbox() noexcept {
  if (has_inbox()) {
    return 0;
  }
  const std::uint64_t from = time().now_ns();
  for (;;) {
    const std::uint64_t took = time().now_ns() - from;
    if (has_inbox() || took >= look_ns_ || stopping_.load(std::memory_order_relaxed)) {
      return took;
    }
  }
}

// Turns while another lane answers at once; a look at the sockets costs as much as many of its
// messages. Returns how long it only looked for them, nanoseconds.
std::uint64_t asio_lane::exchange(std::uint64_t began_ns) {
  std::uint64_t looked_ns = 0;
  while (look_ns_ != 0 && time().now_ns() - began_ns < exchange_ns && take_expectation()) {
    marks().enter(looking);
    looked_ns += look_for_inbox();
    if (!has_inbox()) {
      break;
    }
    run_turn();
  }
  return looked_ns;
}

void asio_lane::wait_for_events() {
  if (look_ns_ != 0 && take_expectation()) {
    static_cast<void>(look_for_inbox());
  }
  meter_.waiting();
  sleeping_.store(true, std::memory_order_seq_cst);
  if (has_inbox() || stopping_.load(std::memory_order_seq_cst)) {
    io_.poll_one();
  } else {
    io_.run_one();
  }
  sleeping_.store(false, std::memory_order_relaxed);
}

void asio_lane::arm_wheel() {
  const auto next = timers().next_ns();
  if (!next) {
    return;
  }
  if (wheel_armed_ns_ != 0 && wheel_armed_ns_ <= *next) {
    return;
  }
  wheel_armed_ns_ = *next;
  const std::uint64_t now = time().now_ns();
  const std::uint64_t wait_ns = *next > now ? *next - now : 0;
  wheel_timer_.expires_after(std::chrono::nanoseconds(wait_ns));
  wheel_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) {
      wheel_armed_ns_ = 0;
    }
  });
}

void asio_lane::start(int pin_to_cpu) {
  thread_ = std::thread([this] { run(); });
  const std::string name = "spawn.lane" + std::to_string(index());
  ::pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  if (pin_to_cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<std::size_t>(pin_to_cpu), &cpus);
    ::pthread_setaffinity_np(thread_.native_handle(), sizeof cpus, &cpus);
  }
}

void asio_lane::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void asio_lane::account(std::uint64_t began_ns, std::uint64_t looked_ns) {
  const std::uint64_t now = time().now_ns();
  const std::uint64_t took = now - began_ns;
  const auto add = [](std::atomic<std::uint64_t>& to, std::uint64_t n) {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  };
  add(busy_ns_, took - looked_ns);
  if (took - looked_ns > longest_turn_ns_.load(std::memory_order_relaxed)) {
    longest_turn_ns_.store(took - looked_ns, std::memory_order_relaxed);
  }
  // A turn is as long as there is work. A stall is one piece of it that held all others up.
  const stations::piece longest = marks().end_turn(now);
  if (longest.ns <= stall_limit_ns_ || longest.station == looking) {
    return;
  }
  const std::uint64_t own = meter_.own_ns(longest.ns);
  if (own <= stall_limit_ns_) {
    add(starved_, 1);
    return;
  }
  add(stalls_, 1);
  SPAWN_LOG(warn, "lane stalled", {"lane", index()}, {"station", longest.station},
            {"ms", own / ns_per_ms}, {"waited_for_processor_ms", (longest.ns - own) / ns_per_ms});
}

void asio_lane::run() {
  meter_.attach();
  run_turn();
  arm_wheel();
  while (!stopping_.load(std::memory_order_acquire)) {
    if (has_inbox()) {
      io_.poll_one();
    } else {
      wait_for_events();
    }
    // Not before: what run_one waited is no work. A handler that read the time began the turn.
    const std::uint64_t began = now_ns();
    meter_.begin(began);
    for (int n = 1; n < handlers_per_turn && io_.poll_one() > 0; ++n) {
      if (time().now_ns() - began > handlers_ns) {
        break;
      }
    }
    run_turn();
    const std::uint64_t looked_ns = exchange(began);
    arm_wheel();
    account(began, looked_ns);
  }
  run_turn();
}

}  // namespace spawn
