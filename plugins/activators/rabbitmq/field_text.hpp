// AMQP's typed values as text, for the headers of a delivery.
#pragma once
#include <sys/time.h>

#include <amqp.h>

#include <string>
#include <string_view>

namespace rabbitmq {

// Borrowed: as long as the bytes.
[[nodiscard]] inline std::string_view view(const amqp_bytes_t& bytes) noexcept {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

[[nodiscard]] inline amqp_bytes_t bytes_of(std::string_view text) noexcept {
  return {text.size(), const_cast<char*>(text.data())};  // AMQP's own type knows no const
}

// Texts and byte strings as they are, numbers in decimals, true and false, a timestamp as Unix
// seconds, nothing for void; tables and arrays as JSON, deeper than 16 levels as null.
[[nodiscard]] std::string field_text(const amqp_field_value_t& value);

}  // namespace rabbitmq
