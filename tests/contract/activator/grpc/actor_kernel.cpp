#include "contract/activator/grpc/actor_kernel.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <span>
#include <utility>

#include "contract/activator/grpc/contracts.hpp"
#include "contract/common/free_port.hpp"

namespace grpc_test {

using contract::failed;
using contract::require;
using spawn::plugin::slice;
using spawn::plugin::text;

namespace {

constexpr auto patience = std::chrono::seconds(30);

request copied(const spawn_delivery& d) {
  request out;
  out.token = d.token;
  out.flags = d.flags;
  out.source = text(d.source);
  out.system = text(d.to.system);
  out.parent = text(d.to.parent);
  out.name = text(d.to.name);
  out.register_ref = text(d.register_ref);
  out.action = text(d.action);
  out.type_url = text(d.payload.type_url);
  out.payload = text(d.payload.value);
  out.order_key = text(d.order_key);
  out.dedup_id = text(d.dedup_id);
  out.deadline_ns = d.deadline_ns;
  for (const spawn_kv& kv : std::span(d.headers, d.n_headers)) {
    out.with.emplace_back(text(kv.key), text(kv.value));
  }
  return out;
}

}  // namespace

given reply(const std::string& text) {
  given out;
  out.type_url = "type.googleapis.com/shop.v1.Reply";
  out.value = field(1, text);
  return out;
}

actor_kernel::actor_kernel(const spawn_plugin_entry* entry, actor_fn actor, const options& with)
    : port_(contract::free_port()),
      http_port_(with.http ? contract::free_port() : std::uint16_t{0}),
      actor_(std::move(actor)) {
  std::filesystem::create_directories(dir_.path("shop/v1"));
  std::ofstream(dir_.path("shop/v1/shop.proto")) << shop_proto();
  std::string config = R"({"address": "127.0.0.1", "protos": [")" + dir_.path() +
                       R"("], "port": )" + std::to_string(port_) + with.more;
  if (with.http) {
    config += R"(, "http": {"port": )" + std::to_string(http_port_) + with.http_more + "}";
  }
  host_.owner = this;
  host_.clock.run();
  services_.struct_size = sizeof(services_);
  services_.offer = [](const spawn_host* h, std::uint32_t, const spawn_delivery* const* d,
                       std::uint32_t n) noexcept {
    auto* fake = static_cast<spawn::plugin::testing::fake_host*>(h->host_data);
    return static_cast<serving_host*>(fake)->owner->offered(d, n);
  };
  host_.offer_interface(SPAWN_HOST_ACTIVATOR, &services_);
  instance_ = std::make_unique<spawn::plugin::testing::fake_instance>(host_, entry, config + "}");
  require(instance_->raw() != nullptr, "create: " + instance_->error());
  require(instance_->start(), "start: " + instance_->error());
  table_ = instance_->interface<spawn_activator>(SPAWN_ACTIVATOR);
  require(table_ != nullptr && table_->lane_open(instance_->raw(), 0, &lane_) == SPAWN_OK,
          "no lane");
  window_ = with.window;
  table_->set_window(lane_, with.window, 0);
  thread_ = std::thread([this] { run(); });
  const auto until = std::chrono::steady_clock::now() + patience;
  while (host_.health().empty() || !host_.health().back().serving) {
    if (std::chrono::steady_clock::now() > until) {
      throw failed{"it does not serve"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

actor_kernel::~actor_kernel() {
  try {
    end();
  } catch (const failed&) {
    // Said by a check that calls end() itself.
  }
}

std::uint32_t actor_kernel::offered(const spawn_delivery* const* d, std::uint32_t n) {
  const std::lock_guard hold(mutex_);
  std::uint32_t taken = 0;
  for (; taken < n; ++taken) {
    if (over_ || owners_.size() >= window_) {
      host_.violation("an offer beyond the window, or after the end");
      break;
    }
    request one = copied(*d[taken]);
    owners_[one.token] = d[taken]->owner;
    requests_.push_back(one);
    work_.emplace_back([this, one = std::move(one)] {
      if (auto g = actor_(one)) {
        settle(one.token, *g);
      }
    });
  }
  changed_.notify_all();
  return taken;
}

void actor_kernel::run() {
  for (;;) {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return over_ || !work_.empty(); });
    if (work_.empty()) {
      return;
    }
    const auto next = std::move(work_.front());
    work_.pop_front();
    hold.unlock();
    next();
  }
}

void actor_kernel::settle(std::uint64_t token, const given& g) {
  spawn_buf owner{};
  {
    const std::lock_guard hold(mutex_);
    const auto at = owners_.find(token);
    if (at == owners_.end()) {
      return host_.violation("the test settles a token twice");
    }
    owner = at->second;
    owners_.erase(at);
  }
  std::vector<spawn_kv> kv;
  for (const auto& [key, value] : g.with) {
    kv.push_back({slice(key), slice(value)});
  }
  spawn_settle one{};
  one.struct_size = sizeof(one);
  one.verdict = g.verdict;
  one.token = token;
  one.status = g.status;
  one.reply = {g.presence, 0, slice(g.type_url), slice(g.value)};
  one.error = slice(g.error);
  one.reply_headers = kv.data();
  one.n_reply_headers = static_cast<std::uint32_t>(kv.size());
  const spawn_settle* const pointer = &one;
  table_->settle(lane_, &pointer, 1);
  spawn::plugin::release(owner);
}

void actor_kernel::set_window(std::uint32_t window, bool pause) {
  const std::lock_guard hold(mutex_);
  window_ = window;
  work_.emplace_back([this, window, pause] { table_->set_window(lane_, window, pause ? 1 : 0); });
  changed_.notify_all();
}

void actor_kernel::answer(std::uint64_t token, given g) {
  const std::lock_guard hold(mutex_);
  work_.emplace_back([this, token, g = std::move(g)] { settle(token, g); });
  changed_.notify_all();
}

std::vector<request> actor_kernel::requests(std::size_t n) {
  std::unique_lock hold(mutex_);
  require(changed_.wait_for(hold, patience, [&] { return requests_.size() >= n; }),
          "waited too long for " + std::to_string(n) + " requests");
  return requests_;
}

std::size_t actor_kernel::count() {
  const std::lock_guard hold(mutex_);
  return requests_.size();
}

void actor_kernel::end() {
  if (instance_ == nullptr) {
    return;
  }
  {
    const std::lock_guard hold(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
  if (lane_ != nullptr) {
    table_->lane_close(lane_);
  }
  instance_.reset();
  for (auto& [token, owner] : owners_) {
    spawn::plugin::release(owner);
  }
  const auto breaches = host_.violations();
  require(breaches.empty(), breaches.empty() ? std::string() : breaches.front());
}

}  // namespace grpc_test
