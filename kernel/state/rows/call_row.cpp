#include "state/rows/call_row.hpp"

#include "base/limits.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_codec.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/crypto.hpp"
#include "state/seal/tagged_fields.hpp"

namespace spawn {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t digest_digits = 32;

// Numbers are for ever.
enum class field : std::uint8_t {
  state = 1,
  digest = 2,
  response = 3,
  code = 4,
  text = 5,
};

error bad(std::string_view text) {
  return {errc::corrupt, 0, "call row: " + std::string(text)};
}

// Codes are stored as text: numbers of failures change.
failure failure_named(std::string_view code) noexcept {
  for (std::size_t i = 1; i < failures; ++i) {
    if (facts(static_cast<failure>(i)).code == code) {
      return static_cast<failure>(i);
    }
  }
  return failure::internal;
}

result<void> read_field(std::uint8_t tag, std::string_view value, call_row& out) {
  switch (static_cast<field>(tag)) {
    case field::state:
      if (value.size() != 1 || value[0] < 1 || value[0] > 4) {
        return fail(bad("its state is not one that this kernel knows"));
      }
      out.state = static_cast<call_state>(value[0]);
      break;
    case field::digest:
      out.digest = value;
      break;
    case field::response:
      if (value.empty() || static_cast<unsigned char>(value[0]) > 2) {
        return fail(bad("its response is malformed"));
      }
      out.response = {static_cast<presence>(value[0]), std::string(value.substr(1))};
      break;
    case field::code:
      out.why = failure_named(value);
      break;
    case field::text:
      out.text = value;
      break;
    default:
      put(out.unknown, static_cast<field>(tag), value);
  }
  return {};
}

}  // namespace

outcome call_row::answer() const {
  switch (state) {
    case call_state::done:
      return outcome::done(response);
    case call_state::failed:
      return outcome::failed(why == failure::none ? failure::internal : why, text);
    default:
      return outcome::failed(failure::response_not_kept,
                             "the call with this key took effect; its response was not kept");
  }
}

std::string call_digest(std::string_view action, payload_view argument) {
  std::string all = name_digest(argument.any);
  all += static_cast<char>(argument.kind);
  all += action;
  return name_digest(all).substr(0, digest_digits);
}

std::string call_message_id(actor_view actor, std::string_view idempotency_key) {
  return "key-" + name_digest(call_row_key(actor, idempotency_key)).substr(0, digest_digits);
}

call_row ended_call(std::string digest, const outcome& with) {
  call_row out;
  out.digest = std::move(digest);
  if (!with.ok()) {
    out.state = call_state::failed;
    out.why = with.why;
    out.text = with.text.substr(0, row_error_bytes_max);
  } else if (with.value.any.size() > limits::kept_response_bytes_max) {
    out.state = call_state::not_kept;
  } else {
    out.state = call_state::done;
    out.response = with.value;
  }
  return out;
}

call_row unkept_call(std::string digest) {
  call_row out;
  out.digest = std::move(digest);
  out.state = call_state::not_kept;
  return out;
}

call_row dead_call(const message_row& last) {
  const std::string_view said = last.last_error;
  const auto colon = said.find(": ");
  const failure why = failure_named(said.substr(0, colon));
  return ended_call(
      last.call->digest,
      outcome::failed(why, std::string(colon == said.npos ? said : said.substr(colon + 2))));
}

void encode_call(const call_row& row, std::string& out) {
  append_le(out, format);
  put(out, field::state, std::string(1, static_cast<char>(row.state)));
  put(out, field::digest, row.digest);
  if (row.state == call_state::done) {
    put(out, field::response, static_cast<char>(row.response.kind) + row.response.any);
  }
  if (row.state == call_state::failed) {
    put(out, field::code, facts(row.why).code);
    put(out, field::text, row.text);
  }
  out += row.unknown;
}

result<call_row> decode_call(std::string_view bytes) {
  call_row out;
  out.is_there = true;
  SPAWN_CHECK(each_field("call row", format, bytes, [&](std::uint8_t tag, std::string_view value) {
    return read_field(tag, value, out);
  }));
  return out;
}

void call_write::fill(spawn_ss_save& op) noexcept {
  op.op.code = SPAWN_SS_SAVE;
  op.key = slice_of(key);
  op.expect_revision = expect_revision;
  op.expect_writer = expect_writer;
  op.new_revision = new_revision;
  op.writer = writer;
  op.ttl_s = ttl_s;
  content.fill(op);
}

result<call_write> make_call_write(record_codec& codec, std::string key,
                                   std::uint64_t expect_revision, std::uint64_t expect_writer,
                                   std::uint64_t writer, std::uint32_t ttl_s,
                                   std::string_view bytes) {
  call_write out;
  out.key = std::move(key);
  out.expect_revision = expect_revision;
  out.expect_writer = expect_writer;
  out.new_revision = expect_revision + 1;
  out.writer = writer;
  out.ttl_s = ttl_s;
  SPAWN_CHECK(
      codec.seal(out.key, out.new_revision, writer, {}, true, call_type_url, bytes, out.content));
  return out;
}

result<call_row> open_call(record_codec& codec, std::string_view key, errc status,
                           const spawn_ss_record& in) {
  call_row out;
  if (status == errc::ok) {
    SPAWN_TRY(const record opened, codec.open(key, in));
    SPAWN_TRY(out, decode_call(opened.payload));
  }
  out.revision = in.revision;
  out.writer = in.writer;
  return out;
}

std::string encode_link(const call_link& link) {
  std::string out;
  put_block(out, link.store);
  put_block(out, link.key);
  append_le(out, link.revision);
  append_le(out, link.writer);
  put_block(out, link.digest);
  return out;
}

result<void> read_link(std::string_view bytes, std::shared_ptr<const call_link>& out) {
  byte_reader in(bytes);
  const auto store = in.block();
  const auto key = store ? in.block() : std::nullopt;
  const auto revision = key ? in.le<std::uint64_t>() : std::nullopt;
  const auto writer = revision ? in.le<std::uint64_t>() : std::nullopt;
  const auto digest = writer ? in.block() : std::nullopt;
  if (!digest) {
    return fail(errc::corrupt, "message row: call is malformed");
  }
  out = std::make_shared<call_link>(
      call_link{std::string(*store), std::string(*key), *revision, *writer, std::string(*digest)});
  return {};
}

invocation_ptr make_call_end(const invocation& last, std::uint64_t writer, std::int64_t now_ms,
                             const call_row& end) {
  const message_row& from = *last.row;
  std::string bytes;
  encode_call(end, bytes);
  auto out = make_kernel_message(last.target, {presence::value, bytes});
  message_row& row = *out->row;
  row.kind = row_kind::call_end;
  row.store = from.store;
  row.revision = 1;
  row.writer = writer;
  row.sender = from.sender;
  row.birth = from.birth;
  row.seq = from.seq;
  row.of_failure = true;
  row.created_ms = now_ms;
  row.call = from.call;
  row.key = pending_key(out->target, row);
  return out;
}

}  // namespace spawn
