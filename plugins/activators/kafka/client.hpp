// The client library's handles as owned values, and what consumer and producer have in common:
// their properties, and where their log goes.
#pragma once
#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>

#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace kafka_activator {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};

using conf_ptr = std::unique_ptr<rd_kafka_conf_t, freed_by<rd_kafka_conf_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, freed_by<rd_kafka_queue_destroy>>;
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                 freed_by<rd_kafka_topic_partition_list_destroy>>;
using record_ptr = std::unique_ptr<rd_kafka_message_t, freed_by<rd_kafka_message_destroy>>;
using error_ptr = std::unique_ptr<rd_kafka_error_t, freed_by<rd_kafka_error_destroy>>;

// A consumer that was not closed leaves its group when its session runs out; see consumer::close.
struct without_leaving {
  void operator()(rd_kafka_t* p) const noexcept {
    rd_kafka_destroy_flags(p, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};
using client_ptr = std::unique_ptr<rd_kafka_t, without_leaving>;

[[nodiscard]] conf_ptr new_conf();
[[nodiscard]] list_ptr new_list();
// Text of what is wrong with it; it names no value of a secret.
[[nodiscard]] std::optional<std::string> set_property(rd_kafka_conf_t* conf,
                                                      const std::string& name,
                                                      const std::string& value);

// What a client calls back. Lives longer than the client; what the library calls on threads of its
// own is `log` alone. The other calls come from inside poll and close.
class client_events {
 public:
  explicit client_events(spawn::plugin::host_ref host) : host_(host) {}
  client_events(const client_events&) = delete;
  client_events& operator=(const client_events&) = delete;
  virtual ~client_events() = default;

  virtual void failed(rd_kafka_resp_err_t code, const std::string& why) = 0;
  virtual void delivered(const rd_kafka_message_t& report) { (void)report; }
  virtual void rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t& which) {
    (void)what, (void)which;
  }
  virtual void committed(rd_kafka_resp_err_t err,
                         const rd_kafka_topic_partition_list_t* positions) {
    (void)err, (void)positions;
  }
  virtual void statistics(std::string_view json) { (void)json; }

  [[nodiscard]] spawn::plugin::host_ref host() const noexcept { return host_; }

 private:
  spawn::plugin::host_ref host_;
};

// A handle with its threads; nothing is connected yet. `wake` becomes readable when there is
// something to poll for. Throws refused with the library's text.
[[nodiscard]] client_ptr new_client(rd_kafka_type_t kind, const property_list& properties,
                                    client_events& events);
void wake_on(rd_kafka_queue_t* queue, int wake);

}  // namespace kafka_activator
