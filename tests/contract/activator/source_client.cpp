#include "contract/activator/source_client.hpp"

#include <algorithm>
#include <span>
#include <thread>
#include <utility>

namespace contract {

using spawn::plugin::slice;
using spawn::plugin::text;

namespace {

seen copied(const spawn_delivery& d, std::uint64_t now_ns) {
  seen out;
  out.token = d.token;
  out.flags = d.flags;
  out.attempt = d.attempt;
  out.presence = d.payload.presence;
  out.settle_by_ns = d.settle_by_ns;
  out.came_ns = now_ns;
  out.source = text(d.source);
  out.partition = text(d.partition);
  out.system = text(d.to.system);
  out.parent = text(d.to.parent);
  out.name = text(d.to.name);
  out.register_ref = text(d.register_ref);
  out.action = text(d.action);
  out.content_type = text(d.content_type);
  out.type_url = text(d.payload.type_url);
  out.payload = text(d.payload.value);
  out.order_key = text(d.order_key);
  out.dedup_id = text(d.dedup_id);
  for (const spawn_kv& kv : std::span(d.headers, d.n_headers)) {
    out.with.emplace_back(text(kv.key), text(kv.value));
  }
  return out;
}

}  // namespace

const std::string* seen::header(const std::string& wanted) const {
  const auto at =
      std::find_if(with.begin(), with.end(), [&](const auto& one) { return one.first == wanted; });
  return at == with.end() ? nullptr : &at->second;
}

source_client& source_client::of(const spawn_host* h) {
  auto* host = static_cast<spawn::plugin::testing::fake_host*>(h->host_data);
  return *static_cast<serving_host*>(host)->owner;
}

source_client::source_client(const spawn_plugin_entry* entry, broker& from,
                             const std::string& config, lasting& kept)
    : from_(from), kept_(kept) {
  host_.owner = this;
  if (from.traits().real_time) {
    host_.clock.run();
  }
  from.clock_is(host_.clock);
  services_.struct_size = sizeof(services_);
  services_.offer = [](const spawn_host* h, std::uint32_t lane, const spawn_delivery* const* d,
                       std::uint32_t n) noexcept {
    if (lane != 0) {
      of(h).host_.violation("an offer names a lane that was never opened");
      return std::uint32_t{0};
    }
    return of(h).offered(d, n);
  };
  services_.lag = [](const spawn_host* h, spawn_slice source, std::uint64_t messages,
                     std::uint64_t oldest_ms) noexcept {
    source_client& self = of(h);
    const std::lock_guard hold(self.mutex_);
    self.lag_[std::string(text(source))] = {messages, oldest_ms};
    self.changed_.notify_all();
  };
  services_.cursor_set = [](const spawn_host* h, spawn_slice source, spawn_slice bytes) noexcept {
    lasting& all = of(h).kept_;
    const std::lock_guard hold(all.mutex);
    const std::string name(text(source));
    if (bytes.len > SPAWN_AC_CURSOR_MAX ||
        (!all.cursors.contains(name) && all.cursors.size() == SPAWN_AC_CURSORS_MAX)) {
      return spawn_status{SPAWN_E_INVALID};
    }
    all.cursors[name] = text(bytes);
    return spawn_status{SPAWN_OK};
  };
  services_.cursor_get = [](const spawn_host* h, spawn_slice source, spawn_buf* out) noexcept {
    lasting& all = of(h).kept_;
    const std::lock_guard hold(all.mutex);
    const auto at = all.cursors.find(std::string(text(source)));
    if (at == all.cursors.end()) {
      return spawn_status{SPAWN_E_NOT_FOUND};
    }
    *out = spawn::plugin::give(std::string(at->second));
    return spawn_status{SPAWN_OK};
  };
  host_.offer_interface(SPAWN_HOST_ACTIVATOR, &services_);
  instance_ = std::make_unique<spawn::plugin::testing::fake_instance>(host_, entry, config);
  require(raw() != nullptr, "create: " + instance_->error());
  require(instance_->start(), "start: " + instance_->error());
  table_ = interface<spawn_activator>(SPAWN_ACTIVATOR);
  require(table_ != nullptr, "no " SPAWN_ACTIVATOR);
  open_ = true;
  require_equal(table_->lane_open(raw(), 0, &lane_), int{SPAWN_OK}, "lane_open");
}

source_client::~source_client() {
  end();
}

void source_client::end() {
  if (instance_ == nullptr) {
    return;
  }
  close_lane();
  instance_.reset();
  const std::lock_guard hold(kept_.mutex);
  for (std::string& one : host_.violations()) {
    kept_.breaches.push_back(std::move(one));
  }
}

void source_client::close_lane() {
  if (lane_ == nullptr) {
    return;
  }
  table_->lane_close(std::exchange(lane_, nullptr));
  std::map<std::uint64_t, unsettled> left;
  {
    const std::lock_guard hold(mutex_);
    open_ = false;
    left.swap(unsettled_);
    changed_.notify_all();
  }
  for (auto& [token, one] : left) {
    spawn::plugin::release(one.owner);
  }
}

std::size_t source_client::times_away() {
  const auto said = host_.health();
  return static_cast<std::size_t>(
      std::count_if(said.begin(), said.end(), [](const auto& one) { return !one.serving; }));
}

bool source_client::one_session_is_lost() {
  const std::size_t now = times_away();
  return std::any_of(unsettled_.begin(), unsettled_.end(),
                     [&](const auto& one) { return one.second.away_before < now; });
}

bool source_client::acceptable(const spawn_delivery& d) {
  if (!SPAWN_KNOWS(&d, owner)) {
    host_.violation("a delivery that is too short");
    return false;
  }
  if (d.token == 0 || unsettled_.contains(d.token)) {
    host_.violation("a token that is 0, or of another unsettled delivery");
    return false;
  }
  if (d.source.len == 0) {
    host_.violation("a delivery without a source");
  }
  if (!open_) {
    host_.violation("an offer after lane_close");
    return false;
  }
  if (unsettled_.size() < window_) {
    return true;
  }
  // A plugin may have forgotten the tokens of a session that it lost before we settle them.
  if (one_session_is_lost()) {
    return false;
  }
  if (forgiven_ == 0) {
    host_.violation("an offer beyond the window of " + std::to_string(window_));
  } else {
    --forgiven_;
  }
  return false;
}

std::uint32_t source_client::offered(const spawn_delivery* const* d, std::uint32_t n) {
  std::unique_lock hold(mutex_);
  const std::size_t away = times_away();
  std::uint32_t taken = 0;
  while (taken < n && acceptable(*d[taken])) {
    inbox_.push_back(copied(*d[taken], host_.clock.now_ns()));
    unsettled_[d[taken]->token] = {d[taken]->owner, away};
    if (inside_) {
      untold_.insert(d[taken]->token);
    }
    ++taken;
  }
  changed_.notify_all();
  (void)changed_.wait_for(hold, std::chrono::seconds(5),
                          [&] { return !inside_ || untold_.empty(); });
  return taken;
}

void source_client::set_window(std::uint32_t window, bool pause) {
  {
    const std::lock_guard hold(mutex_);
    // An offer may be on its way while the window goes down: at most what the old one let through.
    forgiven_ += window < window_ ? window_ : 0;
    window_ = window;
  }
  table_->set_window(lane_, window, pause ? 1 : 0);
}

std::vector<seen> source_client::take(std::size_t n) {
  wait(std::to_string(n) + " deliveries", [&] { return inbox_.size() >= n; });
  const std::lock_guard hold(mutex_);
  const auto end = inbox_.begin() + static_cast<std::ptrdiff_t>(n);
  std::vector<seen> out(std::make_move_iterator(inbox_.begin()), std::make_move_iterator(end));
  inbox_.erase(inbox_.begin(), end);
  return out;
}

std::vector<seen> source_client::take_rest() {
  std::this_thread::sleep_for(from_.quiet());
  return take(untaken());
}

std::size_t source_client::untaken() {
  const std::lock_guard hold(mutex_);
  return inbox_.size();
}

void source_client::stays_quiet(const std::string& why) {
  std::this_thread::sleep_for(from_.quiet());
  require_equal(untaken(), std::size_t{0}, "deliveries " + why);
}

void source_client::settle(const seen& one, std::uint32_t verdict, std::uint32_t delay_ms) {
  settle(std::vector<seen>{one}, verdict, delay_ms);
}

void source_client::settle(const std::vector<seen>& all, std::uint32_t verdict,
                           std::uint32_t delay_ms) {
  std::vector<spawn_settle> verdicts(all.size());
  std::vector<const spawn_settle*> pointers;
  std::vector<std::uint64_t> tokens;
  for (std::size_t i = 0; i < all.size(); ++i) {
    verdicts[i].struct_size = sizeof(spawn_settle);
    verdicts[i].verdict = verdict;
    verdicts[i].token = all[i].token;
    verdicts[i].delay_ms = delay_ms;
    verdicts[i].status = verdict == SPAWN_ACK ? SPAWN_OK : SPAWN_E_UNAVAILABLE;
    pointers.push_back(&verdicts[i]);
    tokens.push_back(all[i].token);
  }
  std::vector<spawn_buf> owners;
  if (verdict != SPAWN_EXTEND) {
    // Before the plugin hears of it: it may use the room of the window at once.
    const std::lock_guard hold(mutex_);
    for (const std::uint64_t token : tokens) {
      if (auto node = unsettled_.extract(token)) {
        owners.push_back(node.mapped().owner);
      }
    }
  }
  table_->settle(lane_, pointers.data(), static_cast<std::uint32_t>(pointers.size()));
  for (spawn_buf& owner : owners) {
    spawn::plugin::release(owner);
  }
  const std::lock_guard hold(mutex_);
  for (const std::uint64_t token : tokens) {
    untold_.erase(token);
  }
  changed_.notify_all();
}

void source_client::settle_with_reply(const seen& one, spawn_status status, const std::string& text,
                                      const headers& with) {
  std::vector<spawn_kv> kv;
  for (const auto& [name, value] : with) {
    kv.push_back({spawn::plugin::slice(name), spawn::plugin::slice(value)});
  }
  spawn_settle verdict{};
  verdict.struct_size = sizeof(verdict);
  verdict.verdict = SPAWN_ACK;
  verdict.token = one.token;
  verdict.status = status;
  if (status == SPAWN_OK) {
    verdict.reply = {SPAWN_P_VALUE, 0, {}, spawn::plugin::slice(text)};
  } else {
    verdict.error = spawn::plugin::slice(text);
  }
  verdict.reply_headers = kv.data();
  verdict.n_reply_headers = static_cast<std::uint32_t>(kv.size());
  spawn_buf owner{};
  {
    const std::lock_guard hold(mutex_);
    if (auto node = unsettled_.extract(one.token)) {
      owner = node.mapped().owner;
    }
  }
  const spawn_settle* const pointer = &verdict;
  table_->settle(lane_, &pointer, 1);
  spawn::plugin::release(owner);
  const std::lock_guard hold(mutex_);
  untold_.erase(one.token);
  changed_.notify_all();
}
void source_client::settle_raw(std::uint64_t token, std::uint32_t verdict, std::uint32_t delay_ms) {
  spawn_settle one{};
  one.struct_size = sizeof(one);
  one.verdict = verdict;
  one.token = token;
  one.delay_ms = delay_ms;
  const spawn_settle* const pointer = &one;
  table_->settle(lane_, &pointer, 1);
}

void source_client::settle_inside_offer(bool on) {
  const std::lock_guard hold(mutex_);
  inside_ = on;
  untold_.clear();
  changed_.notify_all();
}

void source_client::wait_serving(bool serving) {
  const auto end = std::chrono::steady_clock::now() + from_.patience();
  for (;;) {
    const auto said = host_.health();
    if (!said.empty() && said.back().serving == serving) {
      require(serving || !said.back().why.empty(), "not serving, without a reason");
      return;
    }
    require(std::chrono::steady_clock::now() < end,
            serving ? "the health is never serving" : "the health is never not serving");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void source_client::quiesce() {
  require(instance_->quiesce(), "quiesce: " + instance_->error());
}
void source_client::start_again() {
  require(instance_->start(), "start after quiesce: " + instance_->error());
}
void source_client::drain() {
  require(instance_->drain(), "drain: " + instance_->error());
}
void source_client::stop() {
  close_lane();
  require(instance_->stop(), "stop: " + instance_->error());
}

}  // namespace contract
