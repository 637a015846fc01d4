// fake_instance: one instance of a plugin, made from its entry and taken through its life the way
// the kernel does it. The destructor stops and destroys what was created and then traps the host
// table, so that a late call of the plugin is seen.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spawn/plugin/testing/fake_host.hpp"

namespace spawn::plugin::testing {

class fake_instance {
 public:
  using secret_list = std::vector<std::pair<std::string, std::string>>;

  fake_instance(fake_host& host, const spawn_plugin_entry* entry, std::string config_json,
                std::uint32_t lanes = 1, const secret_list& secrets = {})
      : host_(&host), entry_(entry) {
    host.reopen();
    if (entry->init(host.table()) != SPAWN_OK) {
      error_ = "init failed";
      return;
    }
    inited_ = true;
    std::vector<spawn_kv> kv;
    for (const auto& [key, value] : secrets) {
      kv.push_back({slice(key), slice(value)});
    }
    const spawn_create_info info{sizeof(info),
                                 lanes,
                                 slice("test"),
                                 slice(config_json),
                                 kv.data(),
                                 static_cast<std::uint32_t>(kv.size()),
                                 0};
    spawn_buf error{};
    status_ = entry->create(host.table(), &info, &instance_, &error);
    error_ = text(error);
    release(error);
  }
  fake_instance(const fake_instance&) = delete;
  fake_instance& operator=(const fake_instance&) = delete;

  ~fake_instance() {
    if (instance_ != nullptr) {
      if (started_) {
        (void)(ended_ >= 1 || quiesce());
        (void)(ended_ >= 2 || drain());
        (void)(ended_ >= 3 || stop());
      }
      instance_->vt->destroy(instance_);
    }
    if (inited_) {
      entry_->deinit();
    }
    host_->close();
  }

  [[nodiscard]] spawn_instance* raw() const noexcept { return instance_; }
  // Of create, then of the last life-cycle op.
  [[nodiscard]] spawn_status status() const noexcept { return status_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  [[nodiscard]] bool start() {
    if (instance_ == nullptr) {
      return false;
    }
    started_ = run(instance_->vt->start) == SPAWN_OK;
    ended_ = 0;
    return started_;
  }

  // The steps of an orderly end, for tests that look in between. The destructor makes the rest.
  [[nodiscard]] bool quiesce() { return end_step(1, instance_->vt->quiesce); }
  [[nodiscard]] bool drain() { return end_step(2, instance_->vt->drain); }
  [[nodiscard]] bool stop() { return end_step(3, instance_->vt->stop); }

  template <class Table>
  [[nodiscard]] const Table* interface(const char* id) const {
    return static_cast<const Table*>(instance_->vt->get_interface(instance_, id));
  }

 private:
  bool end_step(int number, void (*step)(spawn_instance*, spawn_op*)) {
    ended_ = number;
    return run(step) == SPAWN_OK;
  }

  spawn_status run(void (*step)(spawn_instance*, spawn_op*)) {
    spawn_op op{};
    op.struct_size = sizeof(op);
    host_->expect(&op);
    step(instance_, &op);
    if (!host_->wait(&op)) {
      host_->violation("a life-cycle op did not end");
      std::abort();  // the op lives on this stack: the plugin may still write to it
    }
    error_ = text(op.error);
    release(op.error);
    status_ = op.status;
    return op.status;
  }

  fake_host* host_;
  const spawn_plugin_entry* entry_;
  spawn_instance* instance_ = nullptr;
  spawn_status status_ = SPAWN_E_INTERNAL;
  std::string error_;
  bool inited_ = false;
  bool started_ = false;
  int ended_ = 0;  // steps of the end that were made: quiesce, drain, stop
};

}  // namespace spawn::plugin::testing
