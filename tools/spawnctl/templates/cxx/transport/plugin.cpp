// The transport as a plugin: settings, instance, lanes, entry.
#include <atomic>
#include <memory>

#include "bus.hpp"
#include "spawn/plugin/config.h"
#include "spawn/plugin/subject.h"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  class lane {
   public:
    lane(instance& owner, std::uint32_t number) noexcept : owner_(owner), number_(number) {}

    void send(plugin::pending<spawn_tp_send> op) { owner_.send(std::move(op)); }
    void subscribe(plugin::pending<spawn_tp_sub> op) { owner_.subscribe(std::move(op), number_); }
    void grant(std::uint64_t sub_id, std::uint32_t credit) {
      bus::of_this_process().grant(&owner_, sub_id, credit);
    }
    void settle(std::span<const std::uint64_t>, bool) {}  // deliveries have no token

   private:
    instance& owner_;
    std::uint32_t number_;
  };

  explicit instance(const plugin::create_args& args) : host_(args.host) {
    const spawn_slice config = plugin::slice(args.config_json);
    const spawn_slice bus = spawn_config_text(config, "bus");
    bus_ = bus.len != 0 ? plugin::text(bus) : "default";
    max_held_ = spawn_config_number(config, "max_held", 1024);
  }
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;
  ~instance() { bus::of_this_process().leave(this); }

  void start(plugin::pending<spawn_op> op) {
    const auto* to = host_.find<spawn_host_transport>(SPAWN_HOST_TRANSPORT);
    if (to == nullptr) {
      return op.end(SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_TRANSPORT);
    }
    to->link_state(host_.raw(), 1);
    op.end(SPAWN_OK);
  }
  void quiesce(plugin::pending<spawn_op> op) {
    bus::of_this_process().leave(this);
    host_.log(plugin::level::info, "the bus is left",
              plugin::field{"published", std::to_string(published_.load())});
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_TP_CAP_ORDERED_PER_SUBJECT | SPAWN_TP_CAP_HEADERS;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return std::make_unique<lane>(*this, number);
  }

 private:
  void send(plugin::pending<spawn_tp_send> op) {
    if (op->op.code != SPAWN_TP_PUBLISH) {
      return op.end(SPAWN_E_UNSUPPORTED, "there are no requests");
    }
    if (op->op.deadline_ns != 0 && host_.now_ns() > op->op.deadline_ns) {
      return op.end(SPAWN_E_DEADLINE);
    }
    if (spawn_subject_valid(op->subject, 0) == 0) {
      return op.end(SPAWN_E_INVALID, "not a subject");
    }
    bus::of_this_process().publish(bus_, std::make_shared<const message>(*op));
    ++published_;
    op.end(SPAWN_OK);
  }

  void subscribe(plugin::pending<spawn_tp_sub> op, std::uint32_t lane) {
    if (op->op.code == SPAWN_TP_UNSUBSCRIBE) {
      const bool was_there = bus::of_this_process().unsubscribe(this, op->sub_id);
      return op.end(was_there ? SPAWN_OK : SPAWN_E_NOT_FOUND);
    }
    if (spawn_subject_valid(op->pattern, 1) == 0) {
      return op.end(SPAWN_E_INVALID, "not a pattern");
    }
    if (op->queue_group.len != 0) {
      return op.end(SPAWN_E_UNSUPPORTED, "there are no queue groups");
    }
    bus::of_this_process().subscribe({host_,
                                      this,
                                      lane,
                                      op->sub_id,
                                      bus_,
                                      std::string(plugin::text(op->pattern)),
                                      op->initial_credit,
                                      max_held_,
                                      {}});
    op.end(SPAWN_OK);
  }

  plugin::host_ref host_;
  std::string bus_;
  std::size_t max_held_;
  std::atomic<std::uint64_t> published_{0};
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, plugin::transport_glue<instance>)
