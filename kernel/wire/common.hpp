// Pieces that several messages share: actor ids, Any, map entries, tags.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/actor_id.hpp"
#include "model/payload.hpp"
#include "wire/reader.hpp"

namespace spawn::wire {

// spawn.actors.ActorId{name=1, system=2, parent=3}. False when malformed.
[[nodiscard]] bool read_actor_id(std::string_view bytes, actor_view& out) noexcept;
[[nodiscard]] std::size_t actor_id_size(actor_view id) noexcept;  // of the message's content
void put_actor_id(std::string& out, std::uint32_t field, actor_view id);

// google.protobuf.Any{type_url=1, value=2}.
struct any_view {
  std::string_view type_url;
  std::string_view value;
};
[[nodiscard]] bool read_any(std::string_view bytes, any_view& out) noexcept;
// Content of an Any message (no outer tag).
void append_any(std::string& out, std::string_view type_url, std::string_view value);
// "JSONType" of "type.googleapis.com/eigr.functions.protocol.JSONType": packages differ between
// SDKs, so only the last name counts (protocol.md 3.6).
[[nodiscard]] std::string_view last_segment(std::string_view type_url) noexcept;

// One map<string, string> entry {key=1, value=2}.
[[nodiscard]] bool read_entry(std::string_view bytes, kv_view& out) noexcept;
void put_entry(std::string& out, std::uint32_t field, kv_view entry);

// Tags are kept the way Context wants them: entries of field 5, sorted by key, the last of equal
// keys winning. Canonical, so that comparing bytes compares tags.
[[nodiscard]] std::string canonical_tags(const std::vector<kv_view>& entries);
[[nodiscard]] std::vector<kv_view> read_tags(std::string_view canonical);

}  // namespace spawn::wire
