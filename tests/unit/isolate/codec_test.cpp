// Operations there and back, and answers that end early or lie.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "plugin/isolate/event_codec.hpp"
#include "plugin/isolate/frames.hpp"
#include "plugin/isolate/op_codec.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::isolate {
namespace {

spawn_slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string text(spawn_slice s) {
  return {static_cast<const char*>(s.ptr), s.len};
}
std::string text(const spawn_buf& b) {
  return {static_cast<const char*>(b.ptr), b.len};
}

TEST(isolate_codec, a_save_arrives_as_it_was_asked) {
  const std::array<spawn_slice, 2> payload = {slice("pay"), slice("load")};
  const spawn_kv field{slice("balance"), slice("7")};
  const spawn_trace trace{{1}, {2}, 3, {}};
  spawn_ss_save sent{};
  sent.op.code = SPAWN_SS_SAVE;
  sent.op.flags = SPAWN_SS_F_DURABLE;
  sent.op.op_id = 11;
  sent.op.deadline_ns = 12;
  sent.op.trace = &trace;
  sent.key = slice("a/key");
  sent.expect_revision = 3;
  sent.new_revision = 4;
  sent.writer = 5;
  sent.atomic_group = 6;
  sent.keep_history_ms = 8;
  sent.type_url = slice("");
  sent.payload = payload.data();
  sent.n_payload = 2;
  sent.fields = &field;
  sent.n_fields = 1;
  encoder out;
  encode_ask(out, op_form::save, sent.op);
  const frame_hold held(std::move(out.out()));
  decoder in(*held);
  spawn_ss_save got{};
  decode_ask(in, got);
  ASSERT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(got.op.code, SPAWN_SS_SAVE);
  EXPECT_EQ(got.op.flags, SPAWN_SS_F_DURABLE);
  EXPECT_EQ(got.op.op_id, 11u);
  EXPECT_EQ(got.op.deadline_ns, 12u);
  ASSERT_NE(got.op.trace, nullptr);
  EXPECT_EQ(got.op.trace->flags, 3);
  EXPECT_EQ(text(got.key), "a/key");
  EXPECT_EQ(got.expect_revision, 3u);
  EXPECT_EQ(got.new_revision, 4u);
  EXPECT_EQ(got.writer, 5u);
  EXPECT_EQ(got.atomic_group, 6u);
  EXPECT_EQ(got.keep_history_ms, 8u);
  EXPECT_NE(got.type_url.ptr, nullptr) << "empty is not absent";
  EXPECT_EQ(got.meta.ptr, nullptr) << "absent is not empty";
  ASSERT_EQ(got.n_payload, 2u);
  EXPECT_EQ(text(got.payload[1]), "load");
  ASSERT_EQ(got.n_fields, 1u);
  EXPECT_EQ(text(got.fields[0].key), "balance");
}

// A step with two commands, of a plugin whose struct is shorter than ours.
std::string step_answer(int& released) {
  static constexpr std::uint32_t stride = offsetof(spawn_wf_command, caller);
  alignas(spawn_wf_command) static std::array<std::byte, 2 * stride> memory;
  memory = {};
  for (int i = 0; i < 2; ++i) {
    spawn_wf_command one{};
    one.kind = SPAWN_WF_INVOKE;
    one.token = static_cast<std::uint64_t>(i) + 1;
    one.action = slice("go");
    one.payload = {SPAWN_P_VALUE, 0, slice("t"), slice("v")};
    std::memcpy(memory.data() + static_cast<std::size_t>(i) * stride, &one, stride);
  }
  spawn_wf_step step{};
  step.out = reinterpret_cast<const spawn_wf_command*>(memory.data());
  step.n_out = 2;
  step.out_stride = stride;
  step.out_owner = {memory.data(), sizeof memory,
                    [](void* ctx, const void*, std::uint64_t) { ++*static_cast<int*>(ctx); },
                    &released};
  encoder out;
  encode_answer(out, op_form::step, step.op);
  return out.out();
}

TEST(isolate_codec, commands_come_back_and_their_owner_is_released_once) {
  int released = 0;
  std::string bytes = step_answer(released);
  EXPECT_EQ(released, 1) << "once it is sent";
  spawn_wf_step got{};
  {
    const frame_hold held(std::move(bytes));
    decoder in(*held);
    ASSERT_TRUE(decode_answer(in, op_form::step, got.op));
    EXPECT_TRUE(in.at_end());
  }
  // The frame is kept by the owner alone now.
  ASSERT_EQ(got.n_out, 2u);
  EXPECT_EQ(got.out_stride, sizeof(spawn_wf_command));
  EXPECT_EQ(got.out[1].token, 2u);
  EXPECT_EQ(text(got.out[1].action), "go");
  EXPECT_EQ(text(got.out[1].payload.value), "v");
  EXPECT_EQ(got.out[1].caller.name.ptr, nullptr);
  plugin::release(got.out_owner);
}

TEST(isolate_codec, an_answer_that_ends_early_is_refused_at_each_length) {
  int released = 0;
  const std::string all = step_answer(released);
  for (std::size_t length = 0; length < all.size(); ++length) {
    const frame_hold held(all.substr(0, length));
    decoder in(*held);
    spawn_wf_step got{};
    EXPECT_FALSE(decode_answer(in, op_form::step, got.op)) << length;
    EXPECT_EQ(got.n_out, 0u) << length;
    EXPECT_EQ(got.out_owner.release, nullptr) << length;
  }
}

TEST(isolate_codec, a_count_beyond_the_frame_allocates_nothing) {
  encoder out;
  out.value<std::int32_t>(SPAWN_OK);
  out.value<std::uint32_t>(0);
  out.bytes(nullptr, 0);
  out.value<std::uint32_t>(0xffffffff);  // rows
  const frame_hold held(std::move(out.out()));
  decoder in(*held);
  spawn_ss_list got{};
  EXPECT_FALSE(decode_answer(in, op_form::list, got.op));
  EXPECT_EQ(got.out_n, 0u);
}

TEST(isolate_codec, rows_come_back_under_one_owner) {
  spawn_ss_row row{};
  row.key = slice("k");
  row.rec.revision = 9;
  row.rec.payload = {"p", 1, nullptr, nullptr};
  spawn_ss_list sent{};
  sent.out_rows = &row;
  sent.out_n = 1;
  sent.out_row_stride = sizeof row;
  sent.out_cursor = plugin::give(std::string("more"));
  encoder out;
  encode_answer(out, op_form::list, sent.op);
  const frame_hold held(std::move(out.out()));
  decoder in(*held);
  spawn_ss_list got{};
  ASSERT_TRUE(decode_answer(in, op_form::list, got.op));
  ASSERT_EQ(got.out_n, 1u);
  EXPECT_EQ(got.out_rows[0].rec.revision, 9u);
  EXPECT_EQ(text(got.out_rows[0].rec.payload), "p");
  EXPECT_EQ(got.out_rows[0].rec.payload.release, nullptr);
  EXPECT_EQ(text(got.out_cursor), "more");
  plugin::release(got.out_owner);
  plugin::release(got.out_cursor);
}

TEST(isolate_codec, a_delivery_keeps_its_frame_until_it_is_released) {
  const spawn_kv header{slice("h"), slice("1")};
  spawn_delivery sent{};
  sent.struct_size = sizeof sent;
  sent.token = 42;
  sent.order_key = slice("customer");
  sent.headers = &header;
  sent.n_headers = 1;
  encoder out;
  fields(out, sent);
  spawn_delivery got{};
  {
    const frame_hold held(std::move(out.out()));
    decoder in(*held);
    fields(in, got);
    ASSERT_TRUE(in.ok() && in.at_end());
  }
  EXPECT_EQ(got.token, 42u);
  EXPECT_EQ(text(got.order_key), "customer");
  EXPECT_EQ(text(got.headers[0].value), "1");
  plugin::release(got.owner);
}

TEST(isolate_codec, what_a_lost_process_leaves_in_doubt) {
  spawn_op op{};
  op.code = SPAWN_SS_SAVE;
  EXPECT_EQ(status_when_lost(op_form::save, op), SPAWN_E_UNKNOWN_OUTCOME);
  op.code = SPAWN_SS_CHECK;
  EXPECT_EQ(status_when_lost(op_form::save, op), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(status_when_lost(op_form::load, op), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(status_when_lost(op_form::list, op), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(status_when_lost(op_form::step, op), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(status_when_lost(op_form::send, op), SPAWN_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(status_when_lost(op_form::sink, op), SPAWN_E_UNKNOWN_OUTCOME);
  op.code = SPAWN_KV_GET;
  EXPECT_EQ(status_when_lost(op_form::kv, op), SPAWN_E_UNAVAILABLE);
  op.code = SPAWN_KV_PUT;
  EXPECT_EQ(status_when_lost(op_form::kv, op), SPAWN_E_UNKNOWN_OUTCOME);
}

TEST(isolate_codec, an_order_arrives_as_it_was_given) {
  create_order sent;
  sent.file = "/a/plugin.so";
  sent.secrets = {{"/password", "x"}};
  sent.network = true;
  sent.write_paths = {"/data"};
  encoder out;
  fields(out, sent);
  const frame_hold held(std::move(out.out()));
  decoder in(*held);
  create_order got;
  fields(in, got);
  ASSERT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(got.file, sent.file);
  EXPECT_EQ(got.secrets, sent.secrets);
  EXPECT_TRUE(got.network);
  EXPECT_EQ(got.write_paths, sent.write_paths);
}

}  // namespace
}  // namespace spawn::isolate
