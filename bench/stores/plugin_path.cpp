#include "plugin_path.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::bench {

namespace {

using plugin::slice;
using plugin::text;

constexpr std::uint32_t digest_rows = 256;

// Counts down the ops of one submit; whoever waits sleeps, as a lane with nothing to do does.
class countdown {
 public:
  void start(std::uint32_t n) noexcept { left_.store(n, std::memory_order_relaxed); }
  void ended(std::uint32_t n) noexcept {
    if (left_.fetch_sub(n, std::memory_order_acq_rel) == n) {
      left_.notify_one();
    }
  }
  void wait() const noexcept {
    for (auto left = left_.load(std::memory_order_acquire); left != 0;
         left = left_.load(std::memory_order_acquire)) {
      left_.wait(left, std::memory_order_acquire);
    }
  }

 private:
  std::atomic<std::uint32_t> left_{0};
};

countdown& of(const spawn_op* op) {
  return *static_cast<countdown*>(op->host_private[0]);
}

spawn_host make_host() {
  spawn_host host{};
  host.struct_size = sizeof(host);
  host.abi_minor = SPAWN_ABI_MINOR;
  host.get_interface = [](const spawn_host*, const char*) -> const void* { return nullptr; };
  host.complete = [](const spawn_host*, spawn_op* const* ops, std::uint32_t n) {
    // All of one submit share their countdown, and a batch is one submit's.
    of(ops[0]).ended(n);
  };
  host.log = [](const spawn_host*, std::int32_t, spawn_slice, const spawn_kv*, std::uint32_t) {};
  host.log_enabled = [](const spawn_host*, std::int32_t) { return std::uint8_t{0}; };
  host.fault = [](const spawn_host*, spawn_status, spawn_slice what) {
    give_up("plugin: fault: " + std::string(text(what)));
  };
  host.now_ns = [](const spawn_host*) {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  };
  host.unix_ms = [](const spawn_host*) {
    return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::system_clock::now().time_since_epoch())
                                         .count());
  };
  host.health = [](const spawn_host*, std::uint32_t, spawn_slice) {};
  return host;
}

class plugin_lane final : public store_path {
 public:
  plugin_lane(const spawn_statestore* table, spawn_ss_lane* lane, const workload& what)
      : table_(table), lane_(lane), what_(what) {}
  ~plugin_lane() override { table_->lane_close(lane_); }

  void save(std::span<const change> rows) override {
    saves_.resize(rows.size());
    payloads_.resize(rows.size());
    raw_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto [key, revision] = rows[i];
      spawn_ss_save& op = saves_[i];
      op = {};
      arm(op.op, sizeof(op), SPAWN_SS_SAVE);
      op.op.flags = SPAWN_SS_F_DURABLE;
      payloads_[i] = slice(what_.payload(key, revision + 1));
      op.key = slice(what_.key(key));
      op.expect_revision = revision;
      op.expect_writer = revision == 0 ? 0 : writer_id;
      op.new_revision = revision + 1;
      op.writer = writer_id;
      op.type_url = slice(what_.type_url());
      op.meta = slice(what_.meta());
      op.payload = &payloads_[i];
      op.n_payload = 1;
    }
    run();
  }

  std::uint64_t load(std::span<const std::uint32_t> keys) override {
    std::uint64_t sum = 0;
    load_each(keys, [&](std::size_t, const spawn_ss_record& r) {
      sum += seen(r.revision, text(r.payload));
    });
    return sum;
  }

  template <class Each>
  void load_each(std::span<const std::uint32_t> keys, const Each& each) {
    loads_.resize(keys.size());
    raw_.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      loads_[i] = {};
      arm(loads_[i].op, sizeof(loads_[i]), SPAWN_SS_LOAD);
      loads_[i].key = slice(what_.key(keys[i]));
    }
    run();
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      spawn_ss_load& op = loads_[i];
      each(i, op.out);
      plugin::release(op.out.type_url);
      plugin::release(op.out.payload);
      plugin::release(op.out.meta);
    }
  }

 private:
  void arm(spawn_op& op, std::size_t size, std::uint16_t code) {
    op.struct_size = static_cast<std::uint32_t>(size);
    op.code = code;
    op.op_id = ++ids_;
    op.host_private[0] = &ended_;
    raw_.push_back(&op);
  }
  void run() {
    const auto n = static_cast<std::uint32_t>(raw_.size());
    ended_.start(n);
    table_->submit(lane_, raw_.data(), n);
    ended_.wait();
    for (const spawn_op* op : raw_) {
      if (op->status != SPAWN_OK) {
        give_up(fmt::format("plugin: an op ended with {}: {}", op->status, text(op->error)));
      }
    }
  }

  const spawn_statestore* table_;
  spawn_ss_lane* lane_;
  const workload& what_;
  countdown ended_;
  std::uint64_t ids_ = 0;
  std::vector<spawn_ss_save> saves_;
  std::vector<spawn_ss_load> loads_;
  std::vector<spawn_slice> payloads_;
  std::vector<spawn_op*> raw_;
};

}  // namespace

plugin_store::plugin_store(const std::filesystem::path& library, const std::string& config_json,
                           std::uint32_t lanes)
    : host_(make_host()) {
  void* loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    give_up(::dlerror());
  }
  const auto entry = reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(loaded, SPAWN_ENTRY_SYMBOL))();
  spawn_create_info info{};
  info.struct_size = sizeof(info);
  info.lanes = lanes;
  info.name = slice("bench");
  info.config_json = slice(config_json);
  spawn_buf error{};
  if (entry->init(&host_) != SPAWN_OK ||
      entry->create(&host_, &info, &instance_, &error) != SPAWN_OK) {
    give_up("plugin: " + std::string(text(error)));
  }
  countdown started;
  spawn_op start{};
  start.struct_size = sizeof(start);
  start.host_private[0] = &started;
  started.start(1);
  instance_->vt->start(instance_, &start);
  started.wait();
  table_ = static_cast<const spawn_statestore*>(
      instance_->vt->get_interface(instance_, SPAWN_STATESTORE));
  if (start.status != SPAWN_OK || table_ == nullptr) {
    give_up("plugin: start: " + std::string(text(start.error)));
  }
}

plugin_store::~plugin_store() {
  countdown stopped;
  spawn_op stop{};
  stop.struct_size = sizeof(stop);
  stop.host_private[0] = &stopped;
  stopped.start(1);
  instance_->vt->stop(instance_, &stop);
  stopped.wait();
  instance_->vt->destroy(instance_);
}

std::uint64_t plugin_store::digest(const workload& what, std::span<const std::uint64_t> revisions) {
  const auto path = open_lane(0, what);
  auto& lane = static_cast<plugin_lane&>(*path);
  std::uint64_t hash = 0;
  std::vector<std::uint32_t> keys;
  for (std::uint32_t first = 0; first < what.size(); first += digest_rows) {
    keys.clear();
    for (std::uint32_t i = first; i < what.size() && i < first + digest_rows; ++i) {
      keys.push_back(i);
    }
    lane.load_each(keys, [&](std::size_t i, const spawn_ss_record& r) {
      const std::string_view payload = text(r.payload);
      if (r.revision != revisions[keys[i]] || payload != what.payload(keys[i], r.revision)) {
        give_up("the record of " + what.key(keys[i]) + " is not what was saved");
      }
      for (const std::size_t part :
           {std::size_t{r.revision}, std::size_t{r.writer},
            std::hash<std::string_view>{}(text(r.type_url)),
            std::hash<std::string_view>{}(text(r.meta)), std::hash<std::string_view>{}(payload)}) {
        hash = (hash ^ part) * 0x100000001b3;
      }
    });
  }
  return hash;
}

std::unique_ptr<store_path> plugin_store::open_lane(std::uint32_t number, const workload& what) {
  spawn_ss_lane* lane = nullptr;
  if (table_->lane_open(instance_, number, &lane) != SPAWN_OK) {
    give_up("plugin: no lane");
  }
  return std::make_unique<plugin_lane>(table_, lane, what);
}

}  // namespace spawn::bench
