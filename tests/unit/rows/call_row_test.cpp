#include "state/rows/call_row.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "state/rows/row_codec.hpp"
#include "state/rows/row_keys.hpp"
#include "unit/seal/sealer_fixture.hpp"

namespace spawn {
namespace {

payload_view any(std::string_view bytes) {
  return {presence::value, bytes};
}

call_row through_bytes(const call_row& row) {
  std::string bytes;
  encode_call(row, bytes);
  auto read = decode_call(bytes);
  EXPECT_TRUE(read.has_value());
  return read ? *read : call_row();
}

spawn_ss_record stored(const call_write& write) {
  const auto part = [](const std::string& s) {
    return spawn_buf{s.data(), s.size(), nullptr, nullptr};
  };
  spawn_ss_record out{};
  out.revision = write.new_revision;
  out.writer = write.writer;
  out.type_url = part(write.content.type_url);
  out.meta = part(write.content.meta);
  out.payload = part(write.content.payload);
  return out;
}

TEST(call_row, a_key_names_actor_and_key_and_stays_within_a_store_key) {
  const std::string key = call_row_key({"bank", "Account", "ann"}, "order 7/a");
  EXPECT_EQ(key.substr(5), "/bank/ann/Account/%x/order 7%2Fa");
  EXPECT_EQ(key.substr(0, 2), "k/");
  EXPECT_EQ(partition_of(key), row_partition("bank", "ann"));
  EXPECT_NE(key, call_row_key({"bank", "", "ann"}, "order 7/a"));
  const std::string name(512, '/');
  const std::string other = name.substr(1) + "x";
  const std::string longest = call_row_key({name, name, name}, name);
  EXPECT_LE(longest.size(), limits::key_bytes_max);
  EXPECT_NE(longest, call_row_key({name, name, name}, other));
}

TEST(call_row, a_digest_tells_action_payload_and_its_presence_apart) {
  const std::string one = call_digest("add", any("x"));
  EXPECT_EQ(one.size(), 32u);
  EXPECT_EQ(one, call_digest("add", any("x")));
  EXPECT_NE(one, call_digest("sub", any("x")));
  EXPECT_NE(one, call_digest("add", any("y")));
  EXPECT_NE(call_digest("add", any("")), call_digest("add", {presence::noop, {}}));
}

TEST(call_row, a_response_is_told_again_as_it_was) {
  const auto row = through_bytes(
      ended_call(call_digest("add", any("x")), outcome::done({presence::value, "any bytes"})));
  EXPECT_EQ(row.state, call_state::done);
  EXPECT_EQ(row.digest, call_digest("add", any("x")));
  EXPECT_EQ(row.answer().value.any, "any bytes");
  EXPECT_EQ(row.answer().value.kind, presence::value);
  EXPECT_EQ(through_bytes(ended_call("d", outcome::done({presence::noop, {}}))).answer().value.kind,
            presence::noop);
}

TEST(call_row, a_response_is_kept_up_to_the_limit_and_not_one_byte_beyond) {
  const std::string most(limits::kept_response_bytes_max, 'x');
  EXPECT_EQ(ended_call("d", outcome::done({presence::value, most})).state, call_state::done);
  const auto beyond = ended_call("d", outcome::done({presence::value, most + 'x'}));
  EXPECT_EQ(beyond.state, call_state::not_kept);
  EXPECT_EQ(through_bytes(beyond).answer().why, failure::response_not_kept);
}

TEST(call_row, an_error_keeps_its_code_and_text) {
  const auto failed =
      through_bytes(ended_call("d", outcome::failed(failure::host_error, "it broke")));
  EXPECT_EQ(failed.answer().message(), "HOST_ERROR: it broke");
  message_row last;
  last.call = std::make_shared<call_link>(call_link{"main", "k/1", 1, 2, "d"});
  last.last_error = "ACTOR_NOT_FOUND: Actor a: gone";
  EXPECT_EQ(dead_call(last).answer().message(), "ACTOR_NOT_FOUND: Actor a: gone");
  last.last_error = "no code at all";
  EXPECT_EQ(dead_call(last).answer().why, failure::internal);
}

TEST(call_row, fields_of_a_newer_kernel_are_kept) {
  call_row row = ended_call("d", outcome::done({}));
  row.unknown = std::string("\x63\x02zz", 4);
  EXPECT_EQ(through_bytes(through_bytes(row)).unknown, row.unknown);
}

TEST(call_row, bytes_that_are_none_are_refused) {
  EXPECT_EQ(decode_call("").error().code, errc::corrupt);
  EXPECT_EQ(decode_call("\x02").error().code, errc::unsupported);
  EXPECT_EQ(decode_call(std::string_view("\x01\x01\x05", 3)).error().code, errc::corrupt);
  EXPECT_EQ(decode_call(std::string_view("\x01\x01\x01\x09", 4)).error().code, errc::corrupt);
  EXPECT_EQ(decode_call(std::string_view("\x01\x03\x01\x07", 4)).error().code, errc::corrupt);
}

TEST(call_row, it_is_sealed_to_its_key_and_version) {
  test::incarnation sealing({.key_b64 = test::counting_key});
  record_codec codec(*sealing.lane);
  std::string bytes;
  encode_call(ended_call("d", outcome::done({presence::value, "secret"})), bytes);
  auto write = make_call_write(codec, "k/000/a", 4, 8, 9, 60, bytes);
  ASSERT_TRUE(write.has_value());
  EXPECT_EQ(write->new_revision, 5u);
  EXPECT_EQ(write->content.payload.find("secret"), std::string::npos);
  const auto there = open_call(codec, "k/000/a", errc::ok, stored(*write));
  ASSERT_TRUE(there.has_value());
  EXPECT_TRUE(there->is_there);
  EXPECT_EQ(there->response.any, "secret");
  EXPECT_EQ(there->revision, 5u);
  EXPECT_EQ(there->writer, 9u);
  EXPECT_FALSE(open_call(codec, "k/000/b", errc::ok, stored(*write)).has_value());
  auto older = stored(*write);
  older.revision = 4;
  EXPECT_FALSE(open_call(codec, "k/000/a", errc::ok, older).has_value());
}

TEST(call_row, what_an_expired_one_left_behind_is_what_the_next_must_expect) {
  test::incarnation sealing({.key_b64 = test::counting_key});
  record_codec codec(*sealing.lane);
  spawn_ss_record tombstone{};
  tombstone.revision = 3;
  tombstone.writer = 7;
  const auto gone = open_call(codec, "k/000/a", errc::not_found, tombstone);
  ASSERT_TRUE(gone.has_value());
  EXPECT_FALSE(gone->is_there);
  EXPECT_EQ(gone->revision, 3u);
  EXPECT_EQ(gone->writer, 7u);
}

TEST(call_row, the_end_of_a_chain_has_the_id_of_its_last_row_and_the_way_back) {
  invocation last;
  last.target = {"bank", "Account", "bob"};
  last.row = std::make_unique<message_row>();
  last.row->sender = row_actor({"bank", "", "ann"});
  last.row->birth = 7;
  last.row->seq = 9;
  last.row->kind = row_kind::route;
  last.row->call = std::make_shared<call_link>(call_link{"main", "k/000/a", 4, 8, "digest"});
  last.row->key = pending_key(last.target, *last.row);
  const auto end = make_call_end(last, 21, 1'000, ended_call("digest", outcome::done({})));
  EXPECT_EQ(row_id(*end->row), row_id(*last.row) + "f");
  EXPECT_EQ(end->row->key, last.row->key + "f");
  EXPECT_FALSE(end->row->is_ordered());
  std::string payload, meta;
  encode_row(*end, payload);
  encode_row_meta(*end, meta);
  const auto read = decode_row(payload, meta);
  ASSERT_TRUE(read.has_value());
  const message_row& row = *(*read)->row;
  EXPECT_EQ(row.kind, row_kind::call_end);
  ASSERT_NE(row.call, nullptr);
  EXPECT_EQ(row.call->store, "main");
  EXPECT_EQ(row.call->key, "k/000/a");
  EXPECT_EQ(row.call->revision, 4u);
  EXPECT_EQ(row.call->writer, 8u);
  EXPECT_EQ(row.call->digest, "digest");
  EXPECT_EQ(decode_call((*read)->argument.any)->state, call_state::done);
}

}  // namespace
}  // namespace spawn
