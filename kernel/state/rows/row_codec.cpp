#include "state/rows/row_codec.hpp"

#include <cstring>

#include "base/utf8.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/flow_fields.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/tagged_fields.hpp"

namespace spawn {
namespace {

constexpr std::uint8_t format = 1;

// Numbers are for ever.
enum class field : std::uint8_t {
  action = 1,
  argument = 2,
  caller = 3,
  metadata = 4,
  register_ref = 5,
  kind = 6,
  flags = 7,
  prev = 8,
  reply = 9,
  hops = 10,
  trace = 11,
  awaited = 12,
  event = 13,
  call = 24,
};
enum class meta_field : std::uint8_t {
  to = 1,
  created_ms = 2,
  attempts = 3,
  next_try_ms = 4,
  last_error = 5,
  may_have_run = 6,
  blocked = 7,
  cursor = 8,
};
constexpr std::uint8_t flag_pooled = 1;
constexpr std::uint8_t flag_first = 2;

template <class Field>
void put_actor(std::string& out, Field which, actor_view id) {
  std::string bytes;
  put_block(bytes, id.system);
  put_block(bytes, id.parent);
  put_block(bytes, id.name);
  put(out, which, bytes);
}

error bad(std::string text) {
  return {errc::corrupt, 0, "message row: " + std::move(text)};
}

// Views into the storage of the message being decoded.
struct storage {
  explicit storage(std::string_view payload, std::string_view meta) {
    text.reserve(payload.size() + meta.size() +
                 64);  // never moves: all that is kept comes of these
  }
  std::string_view keep(std::string_view bytes) {
    const std::size_t at = text.size();
    text += bytes;
    return {text.data() + at, bytes.size()};
  }
  std::string text;
};

result<actor_view> read_actor(std::string_view bytes, storage& into) {
  byte_reader in(bytes);
  const auto system = in.block();
  const auto parent = system ? in.block() : std::nullopt;
  const auto actor = parent ? in.block() : std::nullopt;
  if (!actor || !in.at_end()) {
    return fail(bad("an actor's name is cut off"));
  }
  return actor_view{into.keep(*system), into.keep(*parent), into.keep(*actor)};
}

result<void> read_metadata(std::string_view bytes, invocation& to, storage& into) {
  byte_reader in(bytes);
  while (!in.at_end()) {
    const auto key = in.block();
    const auto value = key ? in.block() : std::nullopt;
    if (!value) {
      return fail(bad("metadata end inside an entry"));
    }
    const auto kept = into.keep(*key);
    to.metadata.push_back({kept, into.keep(*value)});
  }
  return {};
}

result<void> read_argument(std::string_view bytes, invocation& to, storage& into) {
  if (bytes.empty() || static_cast<unsigned char>(bytes[0]) > 2) {
    return fail(bad("argument is malformed"));
  }
  to.argument = {static_cast<presence>(bytes[0]), into.keep(bytes.substr(1))};
  return {};
}

result<void> read_trace(std::string_view bytes, trace_context& to) {
  if (bytes.size() != sizeof to.trace_id + sizeof to.span_id + 1) {
    return fail(bad("trace is malformed"));
  }
  std::memcpy(to.trace_id, bytes.data(), sizeof to.trace_id);
  std::memcpy(to.span_id, bytes.data() + sizeof to.trace_id, sizeof to.span_id);
  to.flags = static_cast<std::uint8_t>(bytes.back());
  return {};
}

result<void> read_reply(std::string_view bytes, reply_ref& to) {
  byte_reader in(bytes);
  const auto incarnation = in.le<std::uint64_t>();
  const auto id = incarnation ? in.le<std::uint64_t>() : std::nullopt;
  if (!id) {
    return fail(bad("reply is malformed"));
  }
  to = {*incarnation, *id};
  return {};
}

result<void> read_field(std::uint8_t tag, std::string_view value, invocation& to, storage& into) {
  message_row& row = *to.row;
  switch (static_cast<field>(tag)) {
    case field::action:
      to.action = into.keep(value);
      break;
    case field::argument:
      return read_argument(value, to, into);
    case field::caller: {
      SPAWN_TRY(to.caller, read_actor(value, into));
      to.has_caller = true;
      break;
    }
    case field::metadata:
      return read_metadata(value, to, into);
    case field::register_ref:
      to.register_ref = into.keep(value);
      break;
    case field::kind: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.kind = static_cast<row_kind>(number);
      break;
    }
    case field::flags: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      to.pooled = (number & flag_pooled) != 0;
      row.is_first = (number & flag_first) != 0;
      break;
    }
    case field::prev: {
      SPAWN_TRY(row.prev, number_in("message row", value));
      break;
    }
    case field::reply:
      return read_reply(value, row.reply);
    case field::hops: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      to.hops = static_cast<std::uint32_t>(number);
      break;
    }
    case field::trace:
      return read_trace(value, to.trace);
    case field::awaited: {
      SPAWN_TRY(row.awaited, decode_awaited(value));
      break;
    }
    case field::event: {
      SPAWN_TRY(row.event, decode_event(value));
      break;
    }
    case field::call:
      return read_link(value, row.call);
    default:
      put(row.unknown, static_cast<field>(tag), value);
  }
  return {};
}

result<void> read_meta_field(std::uint8_t tag, std::string_view value, invocation& to,
                             storage& into) {
  message_row& row = *to.row;
  switch (static_cast<meta_field>(tag)) {
    case meta_field::to: {
      SPAWN_TRY(to.target, read_actor(value, into));
      break;
    }
    case meta_field::created_ms: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.created_ms = static_cast<std::int64_t>(number);
      break;
    }
    case meta_field::attempts: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.attempts = static_cast<std::uint32_t>(number);
      break;
    }
    case meta_field::next_try_ms: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.next_try_ms = static_cast<std::int64_t>(number);
      break;
    }
    case meta_field::last_error:
      row.last_error = value;
      break;
    case meta_field::may_have_run: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.may_have_run = number != 0;
      break;
    }
    case meta_field::blocked: {
      SPAWN_TRY(const auto number, number_in("message row", value));
      row.blocked = number != 0;
      break;
    }
    case meta_field::cursor:
      row.cursor = value;
      break;
    default:
      put(row.unknown_meta, static_cast<meta_field>(tag), value);
  }
  return {};
}

void make_row_aad(std::string& out, const message_row& row, seal_part part) {
  const std::string id = row_id(row);
  // The content is bound to the id alone; progress to its version as well.
  const bool versioned = part == seal_part::meta;
  make_aad(out, id, versioned ? row.revision : 0, versioned ? row.writer : 0, part);
}

}  // namespace

void cut_error(message_row& row) {
  if (row.last_error.size() > row_error_bytes_max) {
    row.last_error.resize(
        utf8_prefix(std::string_view(row.last_error).substr(0, row_error_bytes_max)));
  }
}

void encode_row(const invocation& message, std::string& out) {
  const message_row& row = *message.row;
  append_le(out, format);
  put(out, field::action, message.action);
  std::string block(1, static_cast<char>(message.argument.kind));
  block += message.argument.any;
  put(out, field::argument, block);
  if (message.has_caller) {
    put_actor(out, field::caller, message.caller);
  }
  if (!message.metadata.empty()) {
    block.clear();
    for (const auto& entry : message.metadata) {
      put_block(block, entry.key);
      put_block(block, entry.value);
    }
    put(out, field::metadata, block);
  }
  if (!message.register_ref.empty()) {
    put(out, field::register_ref, message.register_ref);
  }
  put_number(out, field::kind, static_cast<std::uint8_t>(row.kind));
  const auto flags = static_cast<std::uint8_t>((message.pooled ? flag_pooled : 0) |
                                               (row.is_first ? flag_first : 0));
  if (flags != 0) {
    put_number(out, field::flags, flags);
  }
  if (row.prev != 0) {
    put_number(out, field::prev, row.prev);
  }
  if (row.reply) {
    block.clear();
    append_le(block, row.reply.incarnation);
    append_le(block, row.reply.id);
    put(out, field::reply, block);
  }
  if (message.hops != 0) {
    put_number(out, field::hops, message.hops);
  }
  if (message.trace.present()) {
    block.assign(reinterpret_cast<const char*>(message.trace.trace_id),
                 sizeof message.trace.trace_id);
    block.append(reinterpret_cast<const char*>(message.trace.span_id),
                 sizeof message.trace.span_id);
    block += static_cast<char>(message.trace.flags);
    put(out, field::trace, block);
  }
  if (row.awaited) {
    put(out, field::awaited, encode_awaited(*row.awaited));
  }
  if (row.event) {
    put(out, field::event, encode_event(*row.event));
  }
  if (row.call) {
    put(out, field::call, encode_link(*row.call));
  }
  out += row.unknown;
}

void encode_row_meta(const invocation& message, std::string& out) {
  const message_row& row = *message.row;
  append_le(out, format);
  put_actor(out, meta_field::to, message.target);
  put_number(out, meta_field::created_ms, static_cast<std::uint64_t>(row.created_ms));
  if (row.attempts != 0) {
    put_number(out, meta_field::attempts, row.attempts);
    put_number(out, meta_field::next_try_ms, static_cast<std::uint64_t>(row.next_try_ms));
    put(out, meta_field::last_error,
        std::string_view(row.last_error).substr(0, row_error_bytes_max));
  }
  if (row.may_have_run) {
    put_number(out, meta_field::may_have_run, std::uint8_t{1});
  }
  if (row.blocked) {
    put_number(out, meta_field::blocked, std::uint8_t{1});
  }
  if (!row.cursor.empty()) {
    put(out, meta_field::cursor, row.cursor);
  }
  out += row.unknown_meta;
}

result<invocation_ptr> decode_row(std::string_view payload, std::string_view meta) {
  auto out = std::make_unique<invocation>();
  out->row = std::make_unique<message_row>();
  storage kept(payload, meta);
  SPAWN_CHECK(
      each_field("message row: meta", format, meta, [&](std::uint8_t tag, std::string_view value) {
        return read_meta_field(tag, value, *out, kept);
      }));
  if (!payload.empty()) {
    SPAWN_CHECK(each_field("message row: payload", format, payload,
                           [&](std::uint8_t tag, std::string_view value) {
                             return read_field(tag, value, *out, kept);
                           }));
  }
  if (out->target.system.empty() || out->target.name.empty()) {
    return fail(bad("it has no receiver"));
  }
  out->storage = std::move(kept.text);
  out->is_internal = true;
  out->caller_settled = true;
  return out;
}

result<void> row_codec::seal(const invocation& message, sealed_record& out) {
  payload_.clear();
  meta_.clear();
  encode_row(message, payload_);
  encode_row_meta(message, meta_);
  out.has_payload = true;
  out.type_url = row_type_url;
  make_row_aad(aad_, *message.row, seal_part::row);
  const std::string_view payload = payload_;
  SPAWN_CHECK(sealer_.seal(aad_, std::span(&payload, 1), out.payload));
  make_row_aad(aad_, *message.row, seal_part::meta);
  const std::string_view meta = meta_;
  return sealer_.seal(aad_, std::span(&meta, 1), out.meta);
}

result<invocation_ptr> row_codec::open_meta(std::string_view key, const spawn_ss_record& in) {
  return open_parts(key, in, false);
}

result<invocation_ptr> row_codec::open(std::string_view key, const spawn_ss_record& in) {
  return open_parts(key, in, true);
}

result<invocation_ptr> row_codec::open_parts(std::string_view key, const spawn_ss_record& in,
                                             bool with_payload) {
  SPAWN_TRY(message_row row, parse_row_key(key));
  row.revision = in.revision;
  row.writer = in.writer;
  make_row_aad(aad_, row, seal_part::meta);
  auto opened = sealer_.open(aad_, view_of(in.meta), meta_);
  payload_.clear();
  if (opened && with_payload) {
    make_row_aad(aad_, row, seal_part::row);
    opened = sealer_.open(aad_, view_of(in.payload), payload_);
  }
  if (!opened) {
    return fail(std::move(opened.error()).within("message row " + std::string(key)));
  }
  auto made = decode_row(payload_, meta_);
  if (!made) {
    return fail(std::move(made.error()).within(key));
  }
  // What the key says, and what the bytes say.
  message_row& read = *(*made)->row;
  read.key = std::move(row.key);
  read.revision = row.revision;
  read.writer = row.writer;
  read.sender = std::move(row.sender);
  read.birth = row.birth;
  read.seq = row.seq;
  read.of_failure = row.of_failure;
  read.due_ms = row.due_ms;
  return made;
}

}  // namespace spawn
