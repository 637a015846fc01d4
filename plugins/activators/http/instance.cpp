#include "instance.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>

namespace http_activator {

namespace asio = boost::asio;
using spawn::plugin::pending;

namespace {

constexpr auto drain_look = std::chrono::milliseconds(10);
constexpr std::uint64_t drain_ns_max = 5'000'000'000;

}  // namespace

instance::lane::lane(instance& owner) : owner_(owner) {
  owner_.desk_.set_gate(true);
  asio::post(owner_.io_, [&desk = owner_.desk_] { desk.welcome(); });
}

instance::lane::~lane() {
  owner_.desk_.set_gate(false);
  asio::post(owner_.io_, [&desk = owner_.desk_] { desk.give_up(); });
}

void instance::lane::set_window(std::uint32_t window, bool pause) {
  asio::post(owner_.io_, [&desk = owner_.desk_, window, pause] { desk.set_window(window, pause); });
}

void instance::lane::settle(std::span<const spawn_settle* const> verdicts) {
  std::vector<settled> copies;
  copies.reserve(verdicts.size());
  for (const spawn_settle* one : verdicts) {
    copies.emplace_back(*one);
  }
  asio::post(owner_.io_, [&desk = owner_.desk_, copies = std::move(copies)]() mutable {
    desk.settle(std::move(copies));
  });
}

instance::instance(const spawn::plugin::create_args& args)
    : host_(args.host),
      name_("sp." + std::string(args.name.substr(0, 12))),
      settings_(parse(args)),
      desk_(io_, spawn::plugin::activator_host(args.host), settings_.deadline, settings_.queue),
      service_(settings_, args.host, desk_),
      listener_(io_, settings_, args.host, service_) {}

instance::~instance() {
  join();
}

std::unique_ptr<instance::lane> instance::open_lane(std::uint32_t) {
  return std::make_unique<lane>(*this);
}

void instance::run() noexcept {
  (void)::pthread_setname_np(::pthread_self(), name_.c_str());
  while (true) {
    try {
      io_.run();
      return;
    } catch (const std::exception& e) {
      host_.fault(SPAWN_E_INTERNAL, e.what());
    } catch (...) {
      host_.fault(SPAWN_E_INTERNAL, "unknown exception");
    }
  }
}

void instance::start(pending<spawn_op> op) {
  if (!thread_.joinable()) {
    io_.restart();
    work_.emplace(io_.get_executor());
    thread_ = std::thread([this] { run(); });
  }
  asio::post(io_, [this, op = std::move(op)]() mutable {
    listener_.open();
    op.end(SPAWN_OK);
  });
}

void instance::quiesce(pending<spawn_op> op) {
  asio::post(io_, [this, op = std::move(op)]() mutable {
    listener_.close();
    op.end(SPAWN_OK);
  });
}

struct instance::draining {
  pending<spawn_op> op;
  asio::steady_timer next;
  std::uint64_t looks_left;
};

void instance::drain(pending<spawn_op> op) {
  const std::uint64_t now = host_.now_ns();
  const std::uint64_t left =
      op->deadline_ns == 0 ? drain_ns_max : op->deadline_ns - std::min(op->deadline_ns, now);
  const std::uint64_t looks =
      std::min(left, drain_ns_max) /
      static_cast<std::uint64_t>(std::chrono::nanoseconds(drain_look).count());
  asio::post(io_, [this, looks, op = std::move(op)]() mutable {
    look_whether_drained(
        std::make_shared<draining>(draining{std::move(op), asio::steady_timer(io_), looks}));
  });
}

void instance::look_whether_drained(std::shared_ptr<draining> one) {
  if (desk_.unsettled() == 0 && listener_.is_idle()) {
    one->op.end(SPAWN_OK);
    return;
  }
  if (one->looks_left-- == 0) {
    // Their clients are told to come again when the lane closes.
    host_.log(spawn::plugin::level::warn, "requests are unanswered at the end",
              spawn::plugin::field{"requests", std::to_string(desk_.unsettled())});
    one->op.end(SPAWN_OK);
    return;
  }
  one->next.expires_after(drain_look);
  one->next.async_wait(
      [this, one](const boost::system::error_code&) { look_whether_drained(one); });
}

void instance::stop(pending<spawn_op> op) {
  join();
  op.end(SPAWN_OK);
}

// The loop ends by itself when every connection has: their sockets are closed, and nothing waits
// for the kernel any more.
void instance::join() noexcept {
  if (!thread_.joinable()) {
    return;
  }
  asio::post(io_, [this] {
    desk_.give_up();
    listener_.cut();
    work_.reset();
  });
  thread_.join();
}

}  // namespace http_activator
