// The NATS transport as a plugin: config, instance, lanes, entry.
#include <memory>

#include "bus.hpp"
#include "config-common/config.hpp"
#include "spawn/plugin/cpp/transport_kv.hpp"
#include "spawn_manifest.h"
#include "subject-common/subject.hpp"

namespace {

namespace plugin = spawn::plugin;

nats_transport::bus_settings parse(const plugin::create_args& args) {
  const auto config = plugin::with_secrets(args);
  nats_transport::bus_settings s;
  s.connection = nats_common::parse_connection(config, args.name);
  s.prefix = config.value("prefix", s.prefix);
  if (!s.prefix.empty() && !subjects::valid_subject(s.prefix)) {
    throw plugin::refused(SPAWN_E_INVALID, "config: prefix is not a subject");
  }
  s.held_messages = plugin::config_number(config, "max_held", s.held_messages);
  s.held_bytes = plugin::config_number(config, "max_held_bytes", s.held_bytes);
  s.kv.bucket_prefix = s.prefix;
  for (char& c : s.kv.bucket_prefix) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    c = plain || c == '-' ? c : '_';
  }
  if (!s.prefix.empty()) {
    s.kv.bucket_prefix += "_";
  }
  if (const auto kv = config.find("kv"); kv != config.end() && kv->is_object()) {
    s.kv.create = kv->value("create", s.kv.create);
    s.kv.in_memory = kv->value("storage", std::string("file")) == "memory";
    s.kv.replicas = plugin::config_number(*kv, "replicas", s.kv.replicas);
  }
  return s;
}

class instance {
 public:
  // Leaves orders for the session, which does everything.
  class lane {
   public:
    lane(nats_transport::bus& bus, std::uint32_t number) : bus_(bus), number_(number) {
      bus_.lanes().open(number_);
    }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane() { bus_.lanes().close(number_); }

    void send(plugin::pending<spawn_tp_send> op) {
      bus_.order(nats_transport::send_order{std::move(op)});
    }
    void subscribe(plugin::pending<spawn_tp_sub> op) {
      bus_.order(nats_transport::sub_order{number_, std::move(op)});
    }
    void grant(std::uint64_t sub_id, std::uint32_t credit) {
      bus_.order(nats_transport::grant_order{sub_id, credit});
    }
    void settle(std::span<const std::uint64_t>, bool) {
      // Deliveries carry token 0: there is nothing to settle.
    }
    void kv(plugin::pending<spawn_kv_op> op) {
      bus_.order(nats_transport::kv_order{number_, std::move(op)});
    }
    void set_kv_sink(nats_transport::open_lanes::kv_sink to, void* arg) {
      bus_.lanes().set_sink(number_, to, arg);
    }

   private:
    nats_transport::bus& bus_;
    std::uint32_t number_;
  };

  explicit instance(const plugin::create_args& args) : bus_(args.host, parse(args)) {}

  void start(plugin::pending<spawn_op> op) { bus_.start(std::move(op)); }
  void quiesce(plugin::pending<spawn_op> op) { bus_.quiesce(std::move(op)); }
  void drain(plugin::pending<spawn_op> op) { bus_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) { bus_.stop(std::move(op)); }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_TP_CAP_QUEUE_GROUP | SPAWN_TP_CAP_REQUEST | SPAWN_TP_CAP_ORDERED_PER_SUBJECT |
           SPAWN_TP_CAP_HEADERS;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return std::make_unique<lane>(bus_, number);
  }

 private:
  nats_transport::bus bus_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::transport_glue<instance>,
             spawn::plugin::transport_kv_glue<instance>)
