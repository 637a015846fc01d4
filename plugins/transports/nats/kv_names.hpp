// Buckets and keys of the kernel as buckets and keys of NATS: what NATS can not spell in a key is
// written as '=' and two hex digits. Pure functions, [any].
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace nats_transport {

// Letters, digits, '-' and '_'.
[[nodiscard]] bool valid_bucket(std::string_view bucket) noexcept;
[[nodiscard]] std::string encoded_key(std::string_view key);
[[nodiscard]] std::string decoded_key(std::string_view carried);

// The stream that keeps a bucket, and the subject of a key in it ("$KV.<bucket>.<key>").
[[nodiscard]] std::string stream_of(std::string_view bucket);
[[nodiscard]] std::string subject_of_key(std::string_view bucket, std::string_view key);
// The key of such a subject, decoded.
[[nodiscard]] std::string key_of_subject(std::string_view bucket, std::string_view subject);

}  // namespace nats_transport
