// The plugin as the kernel uses it: pinned ops, one submit for each group, every op completed.
#include <dlfcn.h>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/entry.h"
#include "spawn/plugin/statestore.h"
#include "writer.hpp"

namespace spawn::bench {

namespace {

using plugin::slice;

class plugin_writer final : public group_writer {
 public:
  plugin_writer(const std::filesystem::path& file, const rows& what)
      : rows_(what), payload_(slice(what.payload)) {
    make_host();
    void* library = ::dlopen(SPAWN_BENCH_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      give_up(::dlerror());
    }
    const auto entry =
        reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL))();
    const std::string config = R"({"path": ")" + file.string() + R"(", "synchronous": "full"})";
    spawn_create_info info{};
    info.struct_size = sizeof(info);
    info.lanes = 1;
    info.name = slice("bench");
    info.config_json = slice(config);
    spawn_buf error{};
    if (entry->create(&host_, &info, &instance_, &error) != SPAWN_OK) {
      give_up("plugin: " + std::string(plugin::text(error)));
    }
    spawn_op start{};
    start.struct_size = sizeof(start);
    instance_->vt->start(instance_, &start);
    table_ = static_cast<const spawn_statestore*>(
        instance_->vt->get_interface(instance_, SPAWN_STATESTORE));
    if (start.status != SPAWN_OK || table_->lane_open(instance_, 0, &lane_) != SPAWN_OK) {
      give_up("plugin: start: " + std::string(plugin::text(start.error)));
    }
  }
  plugin_writer(const plugin_writer&) = delete;
  plugin_writer& operator=(const plugin_writer&) = delete;
  ~plugin_writer() override {
    table_->lane_close(lane_);
    spawn_op stop{};
    stop.struct_size = sizeof(stop);
    instance_->vt->stop(instance_, &stop);
    instance_->vt->destroy(instance_);
  }

  void save(std::size_t first, std::size_t count, std::uint64_t revision) override {
    ops_.resize(count);
    raw_.resize(count);
    ended_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      spawn_ss_save& op = ops_[i];
      op = {};
      op.op.struct_size = sizeof(op);
      op.op.code = SPAWN_SS_SAVE;
      op.op.flags = SPAWN_SS_F_DURABLE;
      op.key = slice(rows_.keys[first + i]);
      op.expect_revision = revision;
      op.expect_writer = revision == 0 ? 0 : 7;
      op.new_revision = revision + 1;
      op.writer = 7;
      op.type_url = slice(rows_.type_url);
      op.meta = slice(rows_.meta);
      op.payload = &payload_;
      op.n_payload = 1;
      raw_[i] = &op.op;
    }
    table_->submit(lane_, raw_.data(), static_cast<std::uint32_t>(count));
    for (const spawn_op* op : raw_) {
      if (op->status != SPAWN_OK || ended_ != count) {
        give_up("plugin: a row was not saved: " + std::string(plugin::text(op->error)));
      }
    }
  }

 private:
  void make_host() {
    host_.struct_size = sizeof(host_);
    host_.host_data = this;
    host_.get_interface = [](const spawn_host*, const char*) -> const void* { return nullptr; };
    host_.complete = [](const spawn_host* h, spawn_op* const*, std::uint32_t n) {
      static_cast<plugin_writer*>(h->host_data)->ended_ += n;
    };
    host_.log = [](const spawn_host*, std::int32_t, spawn_slice, const spawn_kv*, std::uint32_t) {};
    host_.log_enabled = [](const spawn_host*, std::int32_t) { return std::uint8_t{0}; };
    host_.fault = [](const spawn_host*, spawn_status, spawn_slice what) {
      give_up("plugin: fault: " + std::string(plugin::text(what)));
    };
    host_.now_ns = [](const spawn_host*) { return std::uint64_t{1}; };
    host_.unix_ms = [](const spawn_host*) { return std::int64_t{1'700'000'000'000}; };
    host_.health = [](const spawn_host*, std::uint32_t, spawn_slice) {};
  }

  const rows& rows_;
  const spawn_slice payload_;
  spawn_host host_{};
  spawn_instance* instance_ = nullptr;
  const spawn_statestore* table_ = nullptr;
  spawn_ss_lane* lane_ = nullptr;
  std::size_t ended_ = 0;
  std::vector<spawn_ss_save> ops_;
  std::vector<spawn_op*> raw_;
};

}  // namespace

std::unique_ptr<group_writer> make_plugin(const std::filesystem::path& file, const rows& what) {
  return std::make_unique<plugin_writer>(file, what);
}

}  // namespace spawn::bench
