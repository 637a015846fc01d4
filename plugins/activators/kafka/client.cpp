#include "client.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "spawn/plugin/cpp/plugin.hpp"

namespace kafka_activator {

using spawn::plugin::field;
using spawn::plugin::guarded;
using spawn::plugin::level;

namespace {

client_events& of(void* opaque) {
  return *static_cast<client_events*>(opaque);
}

void log_line(const rd_kafka_t* client, int severity, const char* facility,
              const char* text) noexcept {
  // Consumer and producer share the operator's properties, and each warns of the other's.
  if (client == nullptr || std::strcmp(facility, "CONFWARN") == 0) {
    return;
  }
  const client_events& to = of(rd_kafka_opaque(client));
  const level at = severity <= 3   ? level::error
                   : severity <= 4 ? level::warn
                   : severity <= 6 ? level::info
                                   : level::debug;
  to.host().log(at, "kafka client", field{"facility", facility}, field{"text", text});
}

void add_callbacks(rd_kafka_type_t kind, rd_kafka_conf_t* conf, client_events& events) {
  rd_kafka_conf_set_opaque(conf, &events);
  rd_kafka_conf_set_log_cb(conf, log_line);
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* why, void* opaque) {
    guarded(of(opaque).host(),
            [&] { of(opaque).failed(static_cast<rd_kafka_resp_err_t>(code), why); });
  });
  if (kind == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(
        conf, [](rd_kafka_t*, const rd_kafka_message_t* report, void* opaque) {
          guarded(of(opaque).host(), [&] { of(opaque).delivered(*report); });
        });
    return;
  }
  rd_kafka_conf_set_rebalance_cb(conf, [](rd_kafka_t*, rd_kafka_resp_err_t what,
                                          rd_kafka_topic_partition_list_t* which, void* opaque) {
    guarded(of(opaque).host(), [&] { of(opaque).rebalanced(what, *which); });
  });
  rd_kafka_conf_set_offset_commit_cb(
      conf, [](rd_kafka_t*, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t* positions,
               void* opaque) {
        guarded(of(opaque).host(), [&] { of(opaque).committed(err, positions); });
      });
  rd_kafka_conf_set_stats_cb(conf, [](rd_kafka_t*, char* json, std::size_t length, void* opaque) {
    guarded(of(opaque).host(), [&] { of(opaque).statistics({json, length}); });
    return 0;
  });
}

}  // namespace

conf_ptr new_conf() {
  return conf_ptr(rd_kafka_conf_new());
}

list_ptr new_list() {
  return list_ptr(rd_kafka_topic_partition_list_new(16));
}

std::optional<std::string> set_property(rd_kafka_conf_t* conf, const std::string& name,
                                        const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK) {
    return std::nullopt;
  }
  return std::string(why.data());
}

client_ptr new_client(rd_kafka_type_t kind, const property_list& properties,
                      client_events& events) {
  conf_ptr conf = new_conf();
  for (const auto& [name, value] : properties) {
    if (const auto wrong = set_property(conf.get(), name, value)) {
      throw spawn::plugin::refused(SPAWN_E_INVALID, "config: " + name + ": " + *wrong);
    }
  }
  add_callbacks(kind, conf.get(), events);
  std::array<char, 512> why{};
  rd_kafka_t* const made = rd_kafka_new(kind, conf.get(), why.data(), why.size());
  if (made == nullptr) {
    throw spawn::plugin::refused(SPAWN_E_INVALID, std::string("config: ") + why.data());
  }
  (void)conf.release();  // rd_kafka_new has taken it
  return client_ptr(made);
}

void wake_on(rd_kafka_queue_t* queue, int wake) {
  const std::uint64_t one = 1;  // what an eventfd is written with
  rd_kafka_queue_io_event_enable(queue, wake, &one, sizeof(one));
}

}  // namespace kafka_activator
