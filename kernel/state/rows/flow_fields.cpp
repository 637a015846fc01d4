#include "state/rows/flow_fields.hpp"

#include "state/seal/tagged_fields.hpp"

namespace spawn {

std::string encode_awaited(const awaited_by& from) {
  std::string out;
  put_block(out, from.flow.system);
  put_block(out, from.flow.parent);
  put_block(out, from.flow.name);
  append_le(out, from.life);
  append_le(out, from.token);
  append_le(out, static_cast<std::uint8_t>(from.failures_only ? 1 : 0));
  put_block(out, from.sender);
  append_le(out, from.birth);
  append_le(out, from.seq);
  return out;
}

result<std::shared_ptr<const awaited_by>> decode_awaited(std::string_view bytes) {
  byte_reader in(bytes);
  const auto system = in.block();
  const auto parent = system ? in.block() : std::nullopt;
  const auto name = parent ? in.block() : std::nullopt;
  const auto life = name ? in.le<std::uint64_t>() : std::nullopt;
  const auto token = life ? in.le<std::uint64_t>() : std::nullopt;
  const auto only = token ? in.le<std::uint8_t>() : std::nullopt;
  const auto sender = only ? in.block() : std::nullopt;
  const auto birth = sender ? in.le<std::uint64_t>() : std::nullopt;
  const auto seq = birth ? in.le<std::uint64_t>() : std::nullopt;
  if (!seq) {
    return fail(errc::corrupt, "message row: who waits for it is cut off");
  }
  auto out = std::make_shared<awaited_by>();
  out->flow = actor_id(actor_view{*system, *parent, *name});
  out->life = *life;
  out->token = *token;
  out->failures_only = *only != 0;
  out->sender = *sender;
  out->birth = *birth;
  out->seq = *seq;
  return out;
}

std::string encode_event(const flow_event& from) {
  std::string out;
  append_le(out, from.life);
  append_le(out, from.token);
  append_le(out, static_cast<std::uint8_t>(from.awaited ? 1 : 0));
  append_le(out, static_cast<std::uint32_t>(from.status));
  put_block(out, from.text);
  return out;
}

result<std::shared_ptr<const flow_event>> decode_event(std::string_view bytes) {
  byte_reader in(bytes);
  const auto life = in.le<std::uint64_t>();
  const auto token = life ? in.le<std::uint64_t>() : std::nullopt;
  const auto awaited = token ? in.le<std::uint8_t>() : std::nullopt;
  const auto status = awaited ? in.le<std::uint32_t>() : std::nullopt;
  const auto text = status ? in.block() : std::nullopt;
  if (!text) {
    return fail(errc::corrupt, "message row: what it tells a flow is cut off");
  }
  auto out = std::make_shared<flow_event>();
  out->life = *life;
  out->token = *token;
  out->awaited = *awaited != 0;
  out->status = static_cast<errc>(*status);
  out->text = *text;
  return out;
}

}  // namespace spawn
