// Payloads with memory of their own, and JSON in payloads. JSON travels as a message JSONType
// {content = 1}; its package differs between SDKs, so only the last segment of the name counts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flow-common/json_text.hpp"
#include "spawn/plugin/cpp/workflow.hpp"

namespace spawn::plugin::flows {

struct any_payload {
  std::uint32_t presence = SPAWN_P_UNSET;
  std::string type_url, value;

  [[nodiscard]] std::size_t size() const { return type_url.size() + value.size(); }
  bool operator==(const any_payload&) const = default;
};

// Bytes of type_url and value together.
[[nodiscard]] std::uint64_t size_of(const spawn_payload& p);
[[nodiscard]] any_payload copy_of(const spawn_payload& p);
[[nodiscard]] any_payload json_payload(const json& value);
// Lives as long as the commands of `out`.
[[nodiscard]] spawn_payload place(step_output& out, const any_payload& p);

// The payload as JSON: null where there is none, nothing where it is of another type or malformed.
[[nodiscard]] std::optional<json> json_of(const any_payload& p);
// As above; a payload of another type becomes {"type_url": ..., "base64": ...}.
[[nodiscard]] json shown(const any_payload& p);

// The same bytes, or the same JSON value however it was written.
[[nodiscard]] bool same_content(const any_payload& a, const any_payload& b);

}  // namespace spawn::plugin::flows
