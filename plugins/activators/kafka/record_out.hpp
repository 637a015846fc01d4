// A record on its way to the producer. The library copies it all in send(). [any]
#pragma once
#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

#include "client.hpp"

namespace kafka_activator {

class record_out {
 public:
  explicit record_out(std::string topic)
      : topic_(std::move(topic)), headers_(rd_kafka_headers_new(8)) {}

  // Borrowed until send().
  void key(std::string_view bytes) { key_ = bytes; }
  void value(std::string_view bytes) {
    value_ = bytes;
    has_value_ = true;
  }
  void header(const std::string& name, std::string_view value) {
    (void)rd_kafka_header_add(headers_.get(), name.c_str(), -1, value.data(),
                              static_cast<ssize_t>(value.size()));
  }
  // A header that the message does not carry already; nothing for an empty value.
  void header_if(const std::string& name, std::string_view value) {
    const void* ignored = nullptr;
    std::size_t size = 0;
    if (!value.empty() && rd_kafka_header_get_last(headers_.get(), name.c_str(), &ignored, &size) !=
                              RD_KAFKA_RESP_ERR_NO_ERROR) {
      header(name, value);
    }
  }

  // Once. A report with `opaque` comes if it answers NO_ERROR.
  [[nodiscard]] rd_kafka_resp_err_t send(rd_kafka_t* through, void* opaque);

 private:
  std::string topic_;
  std::string_view key_, value_;
  bool has_value_ = false;
  std::unique_ptr<rd_kafka_headers_t, freed_by<rd_kafka_headers_destroy>> headers_;
};

}  // namespace kafka_activator
