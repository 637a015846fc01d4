// What is no operation: deliveries, verdicts, messages and changes of keys.
#pragma once
#include "plugin/isolate/codec.hpp"
#include "spawn/plugin/activator.h"
#include "spawn/plugin/transport.h"

namespace spawn::isolate {

template <class A>
void fields(A& a, spawn_settle& v) {
  a.value(v.verdict);
  a.value(v.token);
  a.value(v.delay_ms);
  a.value(v.status);
  fields(a, v.reply);
  a.slice(v.error);
  a.list(v.reply_headers, v.n_reply_headers, each_field);
  v.struct_size = sizeof v;
}

// Without the owner: where it is read, the frame is.
template <class A>
void fields(A& a, spawn_delivery& v) {
  a.value(v.flags);
  a.value(v.token);
  a.slice(v.source);
  a.slice(v.partition);
  fields(a, v.to);
  a.slice(v.register_ref);
  a.slice(v.action);
  a.slice(v.content_type);
  fields(a, v.payload);
  a.slice(v.order_key);
  a.slice(v.dedup_id);
  a.list(v.headers, v.n_headers, each_field);
  a.value(v.attempt);
  a.value(v.settle_by_ns);
  a.value(v.deadline_ns);
  v.struct_size = sizeof v;
  if constexpr (A::reads) {
    a.own(v.owner);
  }
}

template <class A>
void fields(A& a, spawn_tp_message& v) {
  a.value(v.sub_id);
  a.value(v.token);
  a.slice(v.subject);
  a.slice(v.reply_to);
  a.list(v.headers, v.n_headers, each_field);
  a.value(v.redelivered);
  spawn_slice payload{v.payload.ptr, v.payload.len};
  a.slice(payload);
  if constexpr (A::reads) {
    v.payload = {payload.ptr, payload.len, nullptr, nullptr};
    a.own(v.payload);
  }
}

template <class A>
void fields(A& a, spawn_kv_event& v) {
  a.value(v.watch_id);
  a.value(v.revision);
  a.value(v.deleted);
  a.buf(v.key);
  a.buf(v.value);
}

}  // namespace spawn::isolate
