// The plugin as the kernel uses it: pinned ops, one submit per batch, every op completed.
#include <dlfcn.h>

#include <array>

#include "paths.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/statestore.h"

namespace bench {

namespace {

using spawn::plugin::slice;

class through_plugin final : public save_path {
 public:
  through_plugin(const std::string& file, bool full_sync) {
    host_.struct_size = sizeof(host_);
    host_.host_data = this;
    host_.get_interface = [](const spawn_host*, const char*) -> const void* { return nullptr; };
    host_.complete = [](const spawn_host* h, spawn_op* const*, std::uint32_t n) {
      static_cast<through_plugin*>(h->host_data)->ended_ += n;
    };
    host_.log = [](const spawn_host*, std::int32_t, spawn_slice, const spawn_kv*, std::uint32_t) {};
    host_.log_enabled = [](const spawn_host*, std::int32_t) { return std::uint8_t{0}; };
    host_.fault = [](const spawn_host*, spawn_status, spawn_slice) { give_up("plugin: fault"); };
    host_.now_ns = [](const spawn_host*) { return std::uint64_t{1}; };
    host_.unix_ms = [](const spawn_host*) { return std::int64_t{1'700'000'000'000}; };
    host_.health = [](const spawn_host*, std::uint32_t, spawn_slice) {};

    void* library = ::dlopen(SPAWN_BENCH_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      give_up(::dlerror());
    }
    const auto entry =
        reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL))();
    const std::string config = R"({"path": ")" + file + R"(", "synchronous": ")" +
                               (full_sync ? "full" : "normal") + R"("})";
    spawn_create_info info{};
    info.struct_size = sizeof(info);
    info.lanes = 1;
    info.name = slice("bench");
    info.config_json = slice(config);
    spawn_buf error{};
    if (entry->create(&host_, &info, &instance_, &error) != SPAWN_OK) {
      give_up("plugin: " + std::string(spawn::plugin::text(error)));
    }
    spawn_op start{};
    start.struct_size = sizeof(start);
    instance_->vt->start(instance_, &start);
    table_ = static_cast<const spawn_statestore*>(
        instance_->vt->get_interface(instance_, SPAWN_STATESTORE));
    if (start.status != SPAWN_OK || table_->lane_open(instance_, 0, &lane_) != SPAWN_OK) {
      give_up("plugin: start: " + std::string(spawn::plugin::text(start.error)));
    }
  }
  through_plugin(const through_plugin&) = delete;
  through_plugin& operator=(const through_plugin&) = delete;
  ~through_plugin() override {
    table_->lane_close(lane_);
    spawn_op stop{};
    stop.struct_size = sizeof(stop);
    instance_->vt->stop(instance_, &stop);
    instance_->vt->destroy(instance_);
  }

  void save(int first, std::uint64_t revision) override {
    std::array<std::string, batch_rows> keys;
    std::array<spawn_op*, batch_rows> raw{};
    const spawn_slice bytes = slice(payload());
    ended_ = 0;
    for (int i = 0; i < batch_rows; ++i) {
      const auto at = static_cast<std::size_t>(i);
      keys[at] = key_of(first + i);
      spawn_ss_save& op = ops_[at];
      op = {};
      op.op.struct_size = sizeof(op);
      op.op.code = SPAWN_SS_SAVE;
      op.op.flags = SPAWN_SS_F_DURABLE;
      op.key = slice(keys[at]);
      op.expect_revision = revision;
      op.expect_writer = 7;
      op.new_revision = revision + 1;
      op.writer = 7;
      op.type_url = slice("t/x");
      op.meta = slice("meta");
      op.payload = &bytes;
      op.n_payload = 1;
      raw[at] = &op.op;
    }
    table_->submit(lane_, raw.data(), batch_rows);
    for (const spawn_op* op : raw) {
      if (op->status != SPAWN_OK || ended_ != batch_rows) {
        give_up("plugin: a row was not saved");
      }
    }
  }

 private:
  spawn_host host_{};
  spawn_instance* instance_ = nullptr;
  const spawn_statestore* table_ = nullptr;
  spawn_ss_lane* lane_ = nullptr;
  std::uint32_t ended_ = 0;
  std::array<spawn_ss_save, batch_rows> ops_{};
};

}  // namespace

std::unique_ptr<save_path> plugin_path(const std::string& file, bool full_sync) {
  return std::make_unique<through_plugin>(file, full_sync);
}

}  // namespace bench
