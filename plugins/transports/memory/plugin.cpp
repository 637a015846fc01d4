// The memory transport as a plugin: config, instance, lanes, entry.
#include <memory>

#include "bus.hpp"
#include "config-common/config.hpp"
#include "spawn_manifest.h"
#include "subject-common/subject.hpp"

namespace {

namespace plugin = spawn::plugin;

// One instance on one bus. Its lanes only pass things on; the bus has the lock.
class instance {
 public:
  class lane {
   public:
    lane(instance& owner, std::uint32_t number) noexcept : owner_(owner), number_(number) {}
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    void send(plugin::pending<spawn_tp_send> op) {
      if (too_late(op->op)) {
        return op.end(SPAWN_E_DEADLINE, "the deadline passed before the message was sent");
      }
      if (op->op.code == SPAWN_TP_REPLY) {
        const bool waiting = owner_.bus_->reply(*op);
        return waiting ? op.end(SPAWN_OK)
                       : op.end(SPAWN_E_NOT_FOUND, "nobody waits for this reply");
      }
      if (!subjects::valid_subject(plugin::text(op->subject))) {
        return op.end(SPAWN_E_INVALID, "not a subject");
      }
      owner_.bus_->expire(&owner_, owner_.host_.now_ns());
      if (op->op.code == SPAWN_TP_REQUEST) {
        return owner_.bus_->request(std::move(op), &owner_, owner_.max_held_);
      }
      owner_.bus_->publish(std::make_shared<const memory_bus::message>(*op, std::string()),
                           owner_.max_held_);
      op.end(SPAWN_OK);
    }

    void subscribe(plugin::pending<spawn_tp_sub> op) {
      if (op->op.code == SPAWN_TP_UNSUBSCRIBE) {
        return owner_.bus_->unsubscribe(&owner_, std::move(op), owner_.host_.now_ns());
      }
      if (!subjects::valid_pattern(plugin::text(op->pattern))) {
        return op.end(SPAWN_E_INVALID, "not a pattern");
      }
      auto s = std::make_shared<memory_bus::subscription>(owner_.host_, number_, &owner_);
      s->id = op->sub_id;
      s->pattern = plugin::text(op->pattern);
      s->group = plugin::text(op->queue_group);
      s->credit = op->initial_credit;
      owner_.bus_->subscribe(s);
      op.end(SPAWN_OK);
    }

    void grant(std::uint64_t sub_id, std::uint32_t credit) {
      owner_.bus_->grant(&owner_, sub_id, credit);
    }

    void settle(std::span<const std::uint64_t>, bool) {
      // Deliveries carry token 0: there is nothing to settle.
    }

   private:
    [[nodiscard]] bool too_late(const spawn_op& op) const noexcept {
      return op.deadline_ns != 0 && owner_.host_.now_ns() > op.deadline_ns;
    }

    instance& owner_;
    std::uint32_t number_;
  };

  explicit instance(const plugin::create_args& args) : host_(args.host) {
    const auto config = plugin::with_secrets(args);
    bus_ = memory_bus::bus::named(config.value("bus", std::string("default")));
    max_held_ = plugin::config_number(config, "max_held", max_held_);
  }
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;
  ~instance() { bus_->drop(this); }

  void start(plugin::pending<spawn_op> op) {
    if (const auto* t = host_.find<spawn_host_transport>(SPAWN_HOST_TRANSPORT); t != nullptr) {
      t->link_state(host_.raw(), 1);
      return op.end(SPAWN_OK);
    }
    op.end(SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_TRANSPORT);
  }
  void quiesce(plugin::pending<spawn_op> op) {
    bus_->drop(this);
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_TP_CAP_QUEUE_GROUP | SPAWN_TP_CAP_REQUEST | SPAWN_TP_CAP_ORDERED_PER_SUBJECT |
           SPAWN_TP_CAP_HEADERS;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return std::make_unique<lane>(*this, number);
  }

 private:
  plugin::host_ref host_;
  std::shared_ptr<memory_bus::bus> bus_;
  std::size_t max_held_ = 1'024;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::transport_glue<instance>)
