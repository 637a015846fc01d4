#include "state/rows/row_codec.hpp"

#include <gtest/gtest.h>

#include "state/rows/outcome_row.hpp"
#include "state/rows/row_keys.hpp"
#include "unit/seal/sealer_fixture.hpp"

namespace spawn {
namespace {

invocation_ptr example() {
  auto out = std::make_unique<invocation>();
  out->target = {"bank", "Account", "bob"};
  out->action = "deposit";
  out->argument = {presence::value, "any bytes"};
  out->has_caller = true;
  out->caller = {"bank", "", "ann"};
  out->metadata = {{"k", "v"}, {"empty", ""}};
  out->register_ref = "Account";
  out->pooled = true;
  out->hops = 3;
  out->trace = trace_context::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  out->row = std::make_unique<message_row>();
  message_row& row = *out->row;
  row.sender = row_actor({"bank", "", "ann"});
  row.birth = 7;
  row.seq = 9;
  row.prev = 8;
  row.is_first = false;
  row.kind = row_kind::route;
  row.created_ms = 1'700'000'000'000;
  row.reply = {11, 12};
  row.revision = 1;
  row.writer = 99;
  row.key = pending_key(out->target, row);
  return out;
}

void expect_same(const invocation& a, const invocation& b) {
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.argument.kind, b.argument.kind);
  EXPECT_EQ(a.argument.any, b.argument.any);
  EXPECT_EQ(a.has_caller, b.has_caller);
  EXPECT_EQ(a.caller, b.caller);
  EXPECT_EQ(a.register_ref, b.register_ref);
  EXPECT_EQ(a.pooled, b.pooled);
  EXPECT_EQ(a.hops, b.hops);
  ASSERT_EQ(a.metadata.size(), b.metadata.size());
  for (std::size_t i = 0; i < a.metadata.size(); ++i) {
    EXPECT_EQ(a.metadata[i].key, b.metadata[i].key);
    EXPECT_EQ(a.metadata[i].value, b.metadata[i].value);
  }
  EXPECT_EQ(a.trace.trace_id_hex(), b.trace.trace_id_hex());
  EXPECT_EQ(a.row->kind, b.row->kind);
  EXPECT_EQ(a.row->prev, b.row->prev);
  EXPECT_EQ(a.row->is_first, b.row->is_first);
  EXPECT_EQ(a.row->reply.incarnation, b.row->reply.incarnation);
  EXPECT_EQ(a.row->reply.id, b.row->reply.id);
  EXPECT_EQ(a.row->created_ms, b.row->created_ms);
  EXPECT_EQ(a.row->attempts, b.row->attempts);
  EXPECT_EQ(a.row->next_try_ms, b.row->next_try_ms);
  EXPECT_EQ(a.row->last_error, b.row->last_error);
}

spawn_ss_record stored(const invocation& message, const sealed_record& sealed) {
  spawn_ss_record out{};
  out.revision = message.row->revision;
  out.writer = message.row->writer;
  out.payload.ptr = sealed.payload.data();
  out.payload.len = sealed.payload.size();
  out.meta.ptr = sealed.meta.data();
  out.meta.len = sealed.meta.size();
  return out;
}

TEST(RowCodec, GivesBackWhatItTook) {
  const auto message = example();
  message->row->attempts = 2;
  message->row->next_try_ms = 1'700'000'000'500;
  message->row->last_error = "UNAVAILABLE: no host";
  std::string payload, meta;
  encode_row(*message, payload);
  encode_row_meta(*message, meta);
  const auto read = decode_row(payload, meta);
  ASSERT_TRUE(read) << read.error().text;
  expect_same(**read, *message);
  EXPECT_TRUE((*read)->is_internal);
}

TEST(RowCodec, KeepsThatItBlocksAndHowFarItHasCome) {
  const auto message = example();
  message->row->blocked = true;
  message->row->cursor = "bank//bob";
  std::string payload, meta;
  encode_row(*message, payload);
  encode_row_meta(*message, meta);
  const auto read = decode_row(payload, meta);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_TRUE((*read)->row->blocked);
  EXPECT_TRUE((*read)->row->waits(0));
  EXPECT_EQ((*read)->row->cursor, "bank//bob");
}

TEST(RowCodec, KeepsWhoWaitsAndWhatAFlowIsTold) {
  auto message = example();
  auto awaited = std::make_shared<awaited_by>();
  awaited->flow = actor_id(actor_view{"shop", "saga/order", "7"});
  awaited->life = 1;
  awaited->token = 2;
  awaited->sender = "shop/7/saga%2Forder";
  awaited->birth = 3;
  awaited->seq = 4;
  message->row->awaited = awaited;
  const auto told = make_outcome_row(*awaited, outcome::failed(failure::unavailable, "no host"), 1,
                                     99, 1'700'000'000'000);
  ASSERT_NE(told, nullptr);
  for (const invocation* each : {message.get(), told.get()}) {
    std::string payload, meta;
    encode_row(*each, payload);
    encode_row_meta(*each, meta);
    const auto read = decode_row(payload, meta);
    ASSERT_TRUE(read) << read.error().text;
    const message_row& row = *(*read)->row;
    if (each == message.get()) {
      ASSERT_NE(row.awaited, nullptr);
      EXPECT_EQ(row.awaited->flow.view(), awaited->flow.view());
      EXPECT_EQ(row.awaited->token, 2u);
      EXPECT_EQ(row.awaited->seq, 4u);
    } else {
      ASSERT_NE(row.event, nullptr);
      EXPECT_EQ(row.event->life, 1u);
      EXPECT_EQ(row.event->status, errc::unavailable);
      EXPECT_EQ(row.event->text, "UNAVAILABLE: no host");
      EXPECT_TRUE(row.tells_flow());
      EXPECT_FALSE(row.is_ordered());
    }
  }
}

TEST(OutcomeRow, HasTheIdOfTheCallAndAnF) {
  awaited_by to;
  to.flow = actor_id(actor_view{"shop", "saga/order", "7"});
  to.sender = row_actor(to.flow.view());
  to.birth = 3;
  to.seq = 4;
  const auto told = make_outcome_row(to, outcome::done({}), 0, 99, 1);
  ASSERT_NE(told, nullptr);
  EXPECT_TRUE(row_id(*told->row).ends_with("f"));
  const auto parsed = parse_row_key(told->row->key);
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_TRUE(parsed->of_failure);
  EXPECT_EQ(parsed->seq, 4u);
  EXPECT_TRUE(is_outcome_key(told->row->key));
  message_row fifteenth = *told->row;
  fifteenth.of_failure = false;
  fifteenth.seq = 15;
  EXPECT_FALSE(is_outcome_key(pending_key(told->target, fifteenth))) << "its number ends with an f";
  to.failures_only = true;
  EXPECT_EQ(make_outcome_row(to, outcome::done({}), 0, 99, 1), nullptr);
  EXPECT_NE(make_outcome_row(to, outcome::failed(failure::internal, "x"), 0, 99, 1), nullptr);
}

TEST(RowCodec, TellsNoPayloadFromAnEmptyOneAndFromNoop) {
  for (const presence kind : {presence::unset, presence::value, presence::noop}) {
    const auto message = example();
    message->argument = {kind, {}};
    std::string payload, meta;
    encode_row(*message, payload);
    encode_row_meta(*message, meta);
    const auto read = decode_row(payload, meta);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ((*read)->argument.kind, kind);
  }
}

TEST(RowCodec, RefusesEveryCutAndANewerFormat) {
  const auto message = example();
  std::string payload, meta;
  encode_row(*message, payload);
  encode_row_meta(*message, meta);
  for (std::size_t n = 1; n < meta.size(); ++n) {
    const auto read = decode_row(payload, std::string_view(meta).substr(0, n));
    if (read) {
      continue;  // cut between two fields
    }
    EXPECT_EQ(read.error().code, errc::corrupt);
  }
  for (std::size_t n = 1; n < payload.size(); ++n) {
    const auto read = decode_row(std::string_view(payload).substr(0, n), meta);
    EXPECT_TRUE(read || read.error().code == errc::corrupt);
  }
  EXPECT_FALSE(decode_row(payload, ""));
  payload[0] = 2;
  const auto newer = decode_row(payload, meta);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, errc::unsupported);
}

TEST(RowCodec, KeepsFieldsOfANewerKernel) {
  const auto message = example();
  std::string payload, meta;
  encode_row(*message, payload);
  encode_row_meta(*message, meta);
  payload += std::string_view("\xf0\x02hi", 4);
  meta += std::string_view("\xf1\x01x", 3);
  const auto read = decode_row(payload, meta);
  ASSERT_TRUE(read) << read.error().text;
  std::string payload_again, meta_again;
  encode_row(**read, payload_again);
  encode_row_meta(**read, meta_again);
  EXPECT_EQ(payload_again, payload);
  EXPECT_EQ(meta_again, meta);
}

TEST(RowCodec, KeepsAnErrorWithinItsBound) {
  const auto message = example();
  message->row->attempts = 1;
  message->row->last_error = std::string(10'000, 'x');
  std::string meta;
  encode_row_meta(*message, meta);
  const auto read = decode_row({}, meta);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->row->last_error.size(), row_error_bytes_max);
}

TEST(RowCodec, SealsARowToItsIdAndNotToItsPlace) {
  test::incarnation kernel({.key_b64 = test::counting_key});
  row_codec codec(*kernel.lane);
  const auto message = example();
  sealed_record sealed;
  ASSERT_TRUE(codec.seal(*message, sealed));
  const auto opened = codec.open(message->row->key, stored(*message, sealed));
  ASSERT_TRUE(opened) << opened.error().text;
  expect_same(**opened, *message);
  EXPECT_EQ((*opened)->row->key, message->row->key);
  EXPECT_EQ((*opened)->row->seq, message->row->seq);

  // The same row among the dead letters.
  EXPECT_TRUE(codec.open(dead_key(message->target, *message->row), stored(*message, sealed)));
  // Another id, another version.
  message_row other = *message->row;
  other.seq = 10;
  EXPECT_FALSE(codec.open(pending_key(message->target, other), stored(*message, sealed)));
  auto as_newer = stored(*message, sealed);
  as_newer.revision = 2;
  EXPECT_FALSE(codec.open(message->row->key, as_newer));
}

TEST(RowCodec, ReadsAddressAndProgressWithoutTheContent) {
  test::incarnation kernel({.key_b64 = test::counting_key});
  row_codec codec(*kernel.lane);
  const auto message = example();
  sealed_record sealed;
  ASSERT_TRUE(codec.seal(*message, sealed));
  auto record = stored(*message, sealed);
  record.payload = {};
  const auto opened = codec.open_meta(message->row->key, record);
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ((*opened)->target, message->target);
  EXPECT_EQ((*opened)->row->created_ms, message->row->created_ms);
  EXPECT_TRUE((*opened)->action.empty());
}

}  // namespace
}  // namespace spawn
