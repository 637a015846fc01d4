#include "plugin/isolate/op_codec.hpp"

#include <algorithm>

namespace spawn::isolate {
namespace {

// Fields in the order of the headers. ask: in, answer: out.

template <class A>
void ask(A&, spawn_op&) {}
template <class A>
void answer(A&, spawn_op&) {}

template <class A>
void ask(A&, spawn_ss_admin&) {}
template <class A>
void answer(A& a, spawn_ss_admin& op) {
  a.buf(op.out);
}

template <class A>
void record(A& a, spawn_ss_record& r) {
  a.value(r.revision);
  a.value(r.writer);
  a.value(r.written_unix_ms);
  a.buf(r.type_url);
  a.buf(r.payload);
  a.buf(r.meta);
}

template <class A>
void ask(A& a, spawn_ss_load& op) {
  a.slice(op.key);
  a.value(op.key_hash);
  a.value(op.at_revision);
}
template <class A>
void answer(A& a, spawn_ss_load& op) {
  record(a, op.out);
}

template <class A>
void ask(A& a, spawn_ss_save& op) {
  a.slice(op.key);
  a.value(op.key_hash);
  a.value(op.expect_revision);
  a.value(op.expect_writer);
  a.value(op.new_revision);
  a.value(op.writer);
  a.value(op.atomic_group);
  a.value(op.ttl_s);
  a.value(op.keep_history);
  a.value(op.keep_history_ms);
  a.slice(op.type_url);
  a.slice(op.meta);
  a.list(op.payload, op.n_payload, each_slice);
  a.list(op.fields, op.n_fields, each_field);
  a.value(op.written_unix_ms);
}
template <class A>
void answer(A& a, spawn_ss_save& op) {
  a.value(op.out_revision);
  a.value(op.out_writer);
}

template <class A>
void ask(A& a, spawn_ss_list& op) {
  a.slice(op.from);
  a.slice(op.to);
  a.slice(op.cursor);
  a.value(op.from_revision);
  a.value(op.to_revision);
  a.value(op.limit);
  a.value(op.with_payload);
  a.value(op.reverse);
}

// Buffers of a row are not released one by one: its list has an owner.
template <class A>
void row_bytes(A& a, spawn_buf& b) {
  spawn_slice s{b.ptr, b.len};
  a.slice(s);
  b = {s.ptr, s.len, nullptr, nullptr};
}

template <class A>
void row(A& a, spawn_ss_row& r) {
  a.slice(r.key);
  a.value(r.rec.revision);
  a.value(r.rec.writer);
  a.value(r.rec.written_unix_ms);
  row_bytes(a, r.rec.type_url);
  row_bytes(a, r.rec.payload);
  row_bytes(a, r.rec.meta);
  a.value(r.expires_unix_ms);
  a.value(r.tombstone);
}

// Plugins of other versions have entries of other sizes.
template <class T, class F>
void strided(encoder& a, const T* at, std::uint32_t n, std::uint32_t stride, F each) {
  a.value<std::uint32_t>(at == nullptr ? 0 : n);
  for (std::uint32_t i = 0; at != nullptr && i < n; ++i) {
    T one{};
    const auto* from = reinterpret_cast<const std::byte*>(at) + std::size_t{i} * stride;
    std::memcpy(&one, from, std::min<std::size_t>(stride, sizeof one));
    each(a, one);
  }
}

void answer(encoder& a, spawn_ss_list& op) {
  strided(a, op.out_rows, op.out_n, op.out_row_stride, [](auto& to, auto& r) { row(to, r); });
  a.buf(op.out_cursor);
}
void answer(decoder& a, spawn_ss_list& op) {
  a.list(op.out_rows, op.out_n, [](auto& from, auto& r) { row(from, r); });
  op.out_row_stride = sizeof(spawn_ss_row);
  op.out_owner = {};
  a.own(op.out_owner);
  a.buf(op.out_cursor);
}
void answer(releaser& a, spawn_ss_list& op) {
  a.buf(op.out_owner);
  a.buf(op.out_cursor);
  op.out_rows = nullptr;
  op.out_n = 0;
}

template <class A>
void ask(A& a, spawn_wf_step& op) {
  a.value(op.event);
  a.value(op.attempt);
  a.value(op.flow_id);
  a.value(op.call_id);
  a.value(op.token);
  fields(a, op.self);
  fields(a, op.caller);
  a.slice(op.action);
  a.slice(op.part_type);
  a.slice(op.part);
  fields(a, op.request);
  fields(a, op.response);
  a.list(op.metadata, op.n_metadata, each_field);
  a.value(op.hops);
  a.value(op.status);
  a.value(op.scratch_schema);
  a.slice(op.error);
  a.slice(op.scratch);
  a.value(op.now_unix_ms);
  a.value(op.deadline_unix_ms);
}

template <class A>
void command(A& a, spawn_wf_command& c) {
  a.value(c.kind);
  a.value(c.token);
  a.value(c.reply_to);
  a.value(c.mode);
  a.value(c.flags);
  fields(a, c.to);
  a.slice(c.register_ref);
  a.slice(c.action);
  a.slice(c.channel);
  fields(a, c.payload);
  a.list(c.metadata, c.n_metadata, each_field);
  a.value(c.code);
  a.value(c.due_unix_ms);
  a.value(c.timeout_ms);
  a.slice(c.bytes);
  a.value(c.schema);
  fields(a, c.caller);
  c.struct_size = sizeof c;
}

void answer(encoder& a, spawn_wf_step& op) {
  strided(a, op.out, op.n_out, op.out_stride, [](auto& to, auto& c) { command(to, c); });
}
void answer(decoder& a, spawn_wf_step& op) {
  a.list(op.out, op.n_out, [](auto& from, auto& c) { command(from, c); });
  op.out_stride = sizeof(spawn_wf_command);
  op.out_owner = {};
  if (op.op.status == SPAWN_OK) {
    a.own(op.out_owner);
  }
}
void answer(releaser& a, spawn_wf_step& op) {
  a.buf(op.out_owner);
  op.out = nullptr;
  op.n_out = 0;
}

template <class A>
void ask(A& a, spawn_sink_message& op) {
  a.slice(op.destination);
  a.slice(op.key);
  a.slice(op.dedup_id);
  a.slice(op.content_type);
  a.slice(op.type_url);
  a.slice(op.payload);
  a.list(op.headers, op.n_headers, each_field);
  a.value(op.attempt);
}
template <class A>
void answer(A&, spawn_sink_message&) {}

template <class A>
void ask(A& a, spawn_tp_send& op) {
  a.slice(op.subject);
  a.list(op.headers, op.n_headers, each_field);
  a.list(op.payload, op.n_payload, each_slice);
  a.value(op.dedup_id);
}
// The headers live as long as the reply, so they have to be read before it is released.
template <class A>
void answer(A& a, spawn_tp_send& op) {
  a.list(op.out_headers, op.n_out_headers, each_field);
  a.buf(op.out_reply);
  if constexpr (A::reads) {
    if (op.out_reply.ptr == nullptr && op.n_out_headers != 0) {
      op.out_reply = {"", 0, nullptr, nullptr};
      a.own(op.out_reply);
    }
  }
}

void answer(releaser& a, spawn_tp_send& op) {
  a.buf(op.out_reply);
  op.out_headers = nullptr;
  op.n_out_headers = 0;
}

template <class A>
void ask(A& a, spawn_tp_sub& op) {
  a.slice(op.pattern);
  a.slice(op.queue_group);
  a.value(op.sub_id);
  a.value(op.initial_credit);
}
template <class A>
void answer(A&, spawn_tp_sub&) {}

template <class A>
void ask(A& a, spawn_kv_op& op) {
  a.slice(op.bucket);
  a.slice(op.key);
  a.slice(op.value);
  a.value(op.expect_revision);
  a.value(op.lease_ms);
  a.value(op.watch_id);
}
template <class A>
void answer(A& a, spawn_kv_op& op) {
  a.value(op.out_revision);
  a.buf(op.out_value);
}

template <class A>
void ask_head(A& a, spawn_op& op) {
  a.value(op.code);
  a.value(op.flags);
  a.value(op.op_id);
  a.value(op.deadline_ns);
}

template <class A>
void answer_head(A& a, spawn_op& op) {
  a.value(op.status);
  a.value(op.retry_after_ms);
  a.buf(op.error);
}

template <class Op>
void decode_any(decoder& from, Op& op) {
  auto& head = reinterpret_cast<spawn_op&>(op);
  ask_head(from, head);
  if (from.take<std::uint8_t>() != 0) {
    auto* trace = from.frame().array<spawn_trace>(1);
    from.raw(trace, sizeof *trace);
    head.trace = trace;
  }
  ask(from, op);
}

}  // namespace

op_form form_of_store(std::uint16_t code) noexcept {
  switch (code) {
    case SPAWN_SS_LOAD:
      return op_form::load;
    case SPAWN_SS_LIST:
    case SPAWN_SS_HISTORY:
      return op_form::list;
    case SPAWN_SS_SAVE:
    case SPAWN_SS_DELETE:
    case SPAWN_SS_REWRITE:
    case SPAWN_SS_CHECK:
    case SPAWN_SS_PRUNE:
      return op_form::save;
    default:
      return op_form{};
  }
}

op_form form_of_transport(std::uint16_t code) noexcept {
  switch (code) {
    case SPAWN_TP_PUBLISH:
    case SPAWN_TP_REQUEST:
    case SPAWN_TP_REPLY:
      return op_form::send;
    case SPAWN_TP_SUBSCRIBE:
    case SPAWN_TP_UNSUBSCRIBE:
      return op_form::subscription;
    default:
      return op_form{};
  }
}

void encode_ask(encoder& to, op_form form, spawn_op& op) {
  ask_head(to, op);
  to.value<std::uint8_t>(op.trace != nullptr ? 1 : 0);
  if (op.trace != nullptr) {
    spawn_trace trace = *op.trace;
    to.raw(&trace, sizeof trace);
  }
  with_op(form, op, [&](auto& concrete) { ask(to, concrete); });
}

void encode_answer(encoder& to, op_form form, spawn_op& op) {
  answer_head(to, op);
  with_op(form, op, [&](auto& concrete) { answer(to, concrete); });
  release_answer(form, op);
}

bool decode_answer(decoder& from, op_form form, spawn_op& op) {
  answer_head(from, op);
  with_op(form, op, [&](auto& concrete) { answer(from, concrete); });
  if (!from.ok()) {
    release_answer(form, op);
  } else if (op.status != SPAWN_OK && !(form == op_form::load && op.status == SPAWN_E_NOT_FOUND)) {
    // Nobody looks for buffers in an op that failed.
    with_op(form, op, [](auto& concrete) {
      releaser all;
      answer(all, concrete);
    });
  }
  return from.ok();
}

void release_answer(op_form form, spawn_op& op) {
  releaser all;
  answer_head(all, op);
  with_op(form, op, [&](auto& concrete) { answer(all, concrete); });
}

spawn_status status_when_lost(op_form form, const spawn_op& op) noexcept {
  switch (form) {
    case op_form::save:
      return op.code == SPAWN_SS_CHECK ? SPAWN_E_UNAVAILABLE : SPAWN_E_UNKNOWN_OUTCOME;
    case op_form::admin:
    case op_form::sink:
    case op_form::send:
      return SPAWN_E_UNKNOWN_OUTCOME;
    case op_form::kv:
      return op.code == SPAWN_KV_PUT || op.code == SPAWN_KV_DELETE || op.code == SPAWN_KV_KEEPALIVE
                 ? SPAWN_E_UNKNOWN_OUTCOME
                 : SPAWN_E_UNAVAILABLE;
    default:
      return SPAWN_E_UNAVAILABLE;
  }
}

void decode_ask(decoder& from, spawn_op& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_ss_admin& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_ss_load& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_ss_save& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_ss_list& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_wf_step& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_sink_message& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_tp_send& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_tp_sub& op) {
  decode_any(from, op);
}
void decode_ask(decoder& from, spawn_kv_op& op) {
  decode_any(from, op);
}

}  // namespace spawn::isolate
