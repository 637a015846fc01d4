#include "plugin/host_table.hpp"

#include <memory>

#include "base/log.hpp"
#include "plugin/flight_log.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/host_interfaces.hpp"

namespace spawn {

struct host_block {
  spawn_host table{};
  std::atomic<host_table*> owner{nullptr};
};

namespace {

constexpr std::size_t log_bytes_max = 4'096;
std::atomic<std::uint64_t> late_calls_seen{0};

std::string_view cut(spawn_slice text) noexcept {
  if (text.ptr == nullptr) {
    return {};
  }
  return view_of(text).substr(0, log_bytes_max);
}

const void* get_interface(const spawn_host* h, const char* id) noexcept {
  host_table* host = owner_of(h);
  if (host == nullptr || id == nullptr) {
    return nullptr;
  }
  return find_host_interface(host->services, id);
}

void complete(const spawn_host* h, spawn_op* const* ops, std::uint32_t n) noexcept {
  if (host_table* host = owner_of(h)) {
    host->complete(ops, n);
  }
}

log::level level_of(std::int32_t level) noexcept {
  if (level <= 0) {
    return log::level::trace;
  }
  return level >= 4 ? log::level::error : static_cast<log::level>(level);
}

void write_log(const spawn_host* h, std::int32_t level, spawn_slice message, const spawn_kv* kv,
               std::uint32_t n) noexcept {
  const host_table* host = owner_of(h);
  if (host == nullptr || !log::enabled(level_of(level))) {
    return;
  }
  std::string fields;
  for (std::uint32_t i = 0; kv != nullptr && i < n && fields.size() < log_bytes_max; ++i) {
    fields.append(i == 0 ? "" : " ").append(cut(kv[i].key)).append("=").append(cut(kv[i].value));
  }
  if (fields.empty()) {
    log::write(level_of(level), cut(message),
               {{"plugin", host->plugin()}, {"instance", host->instance()}});
  } else {
    log::write(level_of(level), cut(message),
               {{"plugin", host->plugin()}, {"instance", host->instance()}, {"fields", fields}});
  }
}

std::uint8_t log_enabled(const spawn_host*, std::int32_t level) noexcept {
  return log::enabled(level_of(level)) ? 1 : 0;
}

void fault(const spawn_host* h, spawn_status why, spawn_slice message) noexcept {
  if (host_table* host = owner_of(h)) {
    host->fault(known_status(why), std::string(cut(message)));
  }
}

std::uint64_t now_ns(const spawn_host* h) noexcept {
  const host_table* host = owner_of(h);
  return host != nullptr ? host->time().now_ns() : 0;
}

std::int64_t unix_ms(const spawn_host* h) noexcept {
  const host_table* host = owner_of(h);
  return host != nullptr ? host->time().unix_ms() : 0;
}

void health(const spawn_host* h, std::uint32_t serving, spawn_slice why) noexcept {
  if (host_table* host = owner_of(h)) {
    host->health(serving != 0, std::string(cut(why)));
  }
}

}  // namespace

host_table* owner_of(const spawn_host* h) noexcept {
  if (h == nullptr || h->host_data == nullptr) {
    return nullptr;
  }
  auto* owner = static_cast<host_block*>(h->host_data)->owner.load(std::memory_order_acquire);
  if (owner == nullptr && late_calls_seen.fetch_add(1) == 0) {
    SPAWN_LOG(error, "a plugin called its host after destroy");
  }
  return owner;
}

host_table::host_table(std::string plugin, std::string instance, const clock& time)
    : plugin_(std::move(plugin)), instance_(std::move(instance)), time_(time) {
  auto block = std::make_shared<host_block>();
  block_ = block.get();
  block_->owner.store(this, std::memory_order_release);
  block_->table.struct_size = sizeof(spawn_host);
  block_->table.abi_minor = SPAWN_ABI_MINOR;
  block_->table.host_data = block_;
  block_->table.get_interface = get_interface;
  block_->table.complete = spawn::complete;
  block_->table.log = write_log;
  block_->table.log_enabled = log_enabled;
  block_->table.fault = spawn::fault;
  block_->table.now_ns = now_ns;
  block_->table.unix_ms = unix_ms;
  block_->table.health = spawn::health;
  keep_until_exit(std::move(block));
}

host_table::~host_table() {
  close();
}

void host_table::close() noexcept {
  block_->owner.store(nullptr, std::memory_order_release);
}

const spawn_host* host_table::table() const noexcept {
  return &block_->table;
}

// Answers about what was asked are none of the plugin's failures.
static bool counts_as_failed(spawn_status status) noexcept {
  switch (static_cast<errc>(status)) {
    case errc::ok:
    case errc::invalid:
    case errc::not_found:
    case errc::conflict:
    case errc::cancelled:
    case errc::too_large:
    case errc::denied:
    case errc::shutdown:
    case errc::aborted:
      return false;
    default:
      return true;
  }
}

void host_table::complete(spawn_op* const* ops, std::uint32_t n) noexcept {
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;
  bool wake = false;
  bool measures = (completed_.load(std::memory_order_relaxed) & sample_mask_.load()) == 0;
  for (std::uint32_t i = 0; ops != nullptr && i < n; ++i) {
    spawn_op* raw = ops[i];
    if (raw == nullptr) {
      fault(errc::internal, "completed a null operation");
      continue;
    }
    // Looked at before end(): afterwards the op is its owner's and may be in flight again.
    const auto* op = static_cast<const port_op*>(raw->host_private[0]);
    const bool of_kernel = op != nullptr && op->home != nullptr;
    if (const auto known = static_cast<spawn_status>(known_status(raw->status));
        known != raw->status) {
      raw->status = known;
    }
    const bool is_failure = counts_as_failed(raw->status);
    const auto word = reinterpret_cast<std::uintptr_t>(raw->host_private[1]);
    if (!port_op::end(*raw)) {
      doubles_.fetch_add(1, std::memory_order_relaxed);
      fault(errc::internal, "completed an operation that was not in flight");
      continue;
    }
    if (of_kernel) {
      ++ended;
      failed += is_failure ? 1 : 0;
      if (const std::uint64_t took =
              measures ? since_submitted_ns(word, time_.now_ns()) : std::uint64_t{0}) {
        op_times_.add_shared(took);
      }
      measures = false;  // one of a batch is enough
    } else {
      wake = true;  // a life-cycle op: the control thread waits for it
    }
  }
  completed_.fetch_add(ended);
  if (failed != 0) {
    failed_.fetch_add(failed);
  }
  if (wake || waiters_.load() != 0) {
    const std::lock_guard hold(mutex_);
    changed_.notify_all();
  }
}

void host_table::fault(errc why, std::string text) noexcept {
  {
    const std::lock_guard hold(mutex_);
    if (faulted_.load(std::memory_order_relaxed)) {
      return;  // the first cause is the one to look at
    }
    fault_cause_ = error{why, 0, text};
    faulted_.store(true, std::memory_order_release);
  }
  SPAWN_LOG(error, "plugin misbehaving, instance is taken out of service", {"plugin", plugin_},
            {"instance", instance_}, {"why", text});
}

void host_table::health(bool serving, std::string why) {
  const std::lock_guard hold(mutex_);
  if (health_.serving != serving) {
    log::write(serving ? log::level::info : log::level::warn, "plugin health changed",
               {{"plugin", plugin_}, {"instance", instance_}, {"serving", serving}, {"why", why}});
  }
  health_ = {serving, std::move(why), true};
}

error host_table::fault_cause() const {
  const std::lock_guard hold(mutex_);
  return fault_cause_;
}

host_table::health_state host_table::health() const {
  const std::lock_guard hold(mutex_);
  if (faulted_.load(std::memory_order_relaxed)) {
    return {false, "faulted: " + fault_cause_.text};
  }
  return health_;
}

std::uint64_t host_table::late_calls() noexcept {
  return late_calls_seen.load();
}

}  // namespace spawn
