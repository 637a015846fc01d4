#include "message.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct message {
  atomic_uint holders;
  uint32_t n_headers;
  spawn_kv* headers; /* behind the struct, as are the bytes */
  spawn_slice subject, payload;
};

static spawn_slice put(char** to, spawn_slice from) {
  const spawn_slice copied = {*to, from.len};
  if (from.len != 0) {
    memcpy(*to, from.ptr, (size_t)from.len);
  }
  *to += from.len;
  return copied;
}

message* message_of(const spawn_tp_send* op) {
  const size_t headers = op->n_headers * sizeof(spawn_kv);
  size_t bytes = (size_t)op->subject.len;
  message* m;
  char* to;
  uint32_t i;
  for (i = 0; i < op->n_headers; ++i) {
    bytes += (size_t)(op->headers[i].key.len + op->headers[i].value.len);
  }
  for (i = 0; i < op->n_payload; ++i) {
    bytes += (size_t)op->payload[i].len;
  }
  m = malloc(sizeof(message) + headers + bytes);
  if (m == NULL) {
    return NULL;
  }
  atomic_init(&m->holders, 1);
  m->n_headers = op->n_headers;
  m->headers = (spawn_kv*)(m + 1);
  to = (char*)(m + 1) + headers;
  m->subject = put(&to, op->subject);
  for (i = 0; i < op->n_headers; ++i) {
    m->headers[i].key = put(&to, op->headers[i].key);
    m->headers[i].value = put(&to, op->headers[i].value);
  }
  m->payload.ptr = to;
  for (i = 0; i < op->n_payload; ++i) {
    put(&to, op->payload[i]);
  }
  m->payload.len = (uint64_t)(to - (const char*)m->payload.ptr);
  return m;
}

void message_hold(message* m) {
  atomic_fetch_add(&m->holders, 1u);
}

void message_release(message* m) {
  if (atomic_fetch_sub(&m->holders, 1u) == 1) {
    free(m);
  }
}

static void release_payload(void* ctx, const void* ptr, uint64_t len) {
  (void)ptr;
  (void)len;
  message_release(ctx);
}

spawn_tp_message message_for_host(message* m, uint64_t sub_id) {
  const spawn_buf payload = {m->payload.ptr, m->payload.len, release_payload, m};
  spawn_tp_message out;
  memset(&out, 0, sizeof(out));
  out.sub_id = sub_id;
  out.subject = m->subject;
  out.headers = m->headers;
  out.n_headers = m->n_headers;
  out.payload = payload;
  message_hold(m);
  return out;
}
