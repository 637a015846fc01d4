/* wire.h - reads and writes protobuf bytes without a protobuf library. C11, also C++.
 *
 * Plugins get the parts of a workflow, and payloads, as encoded protobuf. A plugin that linked a
 * full protobuf runtime would share its process-wide registry with every other plugin; what is
 * needed here is small, so it is done here: no allocation, no global state, every read checked
 * against the end of the input. All functions are `static inline`, compiled into the plugin, and
 * may be called on any thread. Nothing in this header crosses the border between kernel and plugin.
 *
 * What counts as malformed: a varint that is cut off, longer than 10 bytes or above 64 bits; a tag
 * above 32 bits; field number 0; a length beyond the end; groups (wire types 3 and 4, which proto3
 * does not have); and in the typed readers a known field with the wrong wire type. Unknown fields
 * are skipped. Varints padded with zero groups are read, since some encoders write lengths so.
 * As in any protobuf reader a scalar that comes twice has its last value, a message that comes
 * twice is merged. Strings are taken as bytes; their text is checked by whoever gives it a
 * meaning. */
#ifndef SPAWN_PLUGIN_WIRE_H
#define SPAWN_PLUGIN_WIRE_H
#include <string.h>

#include "abi.h"
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* one text for C and C++ */
extern "C" {
#endif

enum {
  SPAWN_WIRE_VARINT = 0,
  SPAWN_WIRE_FIXED64 = 1,
  SPAWN_WIRE_BYTES = 2,
  SPAWN_WIRE_FIXED32 = 5
};
enum { SPAWN_WIRE_FIELD_MAX = (1 << 29) - 1 };

/* --- reading ------------------------------------------------------------------------------ */

/* A place in borrowed bytes. Once a read has failed, `failed` stays 1 and every further read fails;
 * `at` never passes `end`. */
typedef struct spawn_wire_reader {
  const uint8_t *at, *end;
  uint32_t failed, reserved;
} spawn_wire_reader;

/* One field. `number` holds a VARINT, FIXED64 or FIXED32 value; `bytes` a BYTES value, borrowed
 * from the reader's input. */
typedef struct spawn_wire_field {
  uint32_t number, type;
  uint64_t value;
  spawn_slice bytes;
} spawn_wire_field;

static inline spawn_wire_reader spawn_wire_read(spawn_slice in) {
  /* A literal stands in for the NULL of an empty slice: NULL + 0 is not allowed in C. */
  const uint8_t* at = (const uint8_t*)(in.len != 0 ? in.ptr : "");
  spawn_wire_reader r = {at, at + in.len, 0, 0};
  return r;
}

/* Each returns 1 and sets *out, or returns 0 and marks the reader as failed. */
static inline int spawn_wire_fail(spawn_wire_reader* r) {
  r->failed = 1;
  return 0;
}

static inline int spawn_wire_read_varint(spawn_wire_reader* r, uint64_t* out) {
  uint64_t value = 0;
  const uint8_t* at = r->at;
  uint32_t shift = 0;
  if (r->failed) {
    return 0;
  }
  for (;; shift += 7) {
    uint8_t byte;
    if (at == r->end) {
      return spawn_wire_fail(r);
    }
    byte = *at++;
    if (shift == 63 && byte > 1) { /* a bit above 2^64, or an eleventh byte */
      return spawn_wire_fail(r);
    }
    value |= (uint64_t)(byte & 0x7Fu) << shift;
    if (byte < 0x80) {
      r->at = at;
      *out = value;
      return 1;
    }
  }
}

/* Little-endian, as the wire has them; *out is widened. */
static inline int spawn_wire_read_fixed(spawn_wire_reader* r, uint32_t width, uint64_t* out) {
  uint64_t value = 0;
  uint32_t i;
  if (r->failed || (uint64_t)(r->end - r->at) < width) {
    return spawn_wire_fail(r);
  }
  for (i = 0; i < width; ++i) {
    value |= (uint64_t)r->at[i] << (8 * i);
  }
  r->at += width;
  *out = value;
  return 1;
}

static inline int spawn_wire_read_fixed32(spawn_wire_reader* r, uint32_t* out) {
  uint64_t wide;
  if (!spawn_wire_read_fixed(r, 4, &wide)) {
    return 0;
  }
  *out = (uint32_t)wide;
  return 1;
}

static inline int spawn_wire_read_fixed64(spawn_wire_reader* r, uint64_t* out) {
  return spawn_wire_read_fixed(r, 8, out);
}

/* A length and as many bytes. */
static inline int spawn_wire_read_bytes(spawn_wire_reader* r, spawn_slice* out) {
  uint64_t len;
  if (!spawn_wire_read_varint(r, &len) || len > (uint64_t)(r->end - r->at)) {
    return spawn_wire_fail(r);
  }
  out->ptr = r->at;
  out->len = len;
  r->at += len;
  return 1;
}

static inline int spawn_wire_read_tag(spawn_wire_reader* r, uint32_t* number, uint32_t* type) {
  uint64_t tag;
  if (!spawn_wire_read_varint(r, &tag) || tag > UINT32_MAX || (tag >> 3) == 0) {
    return spawn_wire_fail(r);
  }
  *number = (uint32_t)(tag >> 3);
  *type = (uint32_t)(tag & 7);
  return 1;
}

/* Reads the value that follows a tag of this wire type. */
static inline int spawn_wire_read_value(spawn_wire_reader* r, uint32_t type, spawn_wire_field* f) {
  switch (type) {
    case SPAWN_WIRE_VARINT:
      return spawn_wire_read_varint(r, &f->value);
    case SPAWN_WIRE_FIXED64:
      return spawn_wire_read_fixed(r, 8, &f->value);
    case SPAWN_WIRE_BYTES:
      return spawn_wire_read_bytes(r, &f->bytes);
    case SPAWN_WIRE_FIXED32:
      return spawn_wire_read_fixed(r, 4, &f->value);
    default:
      return spawn_wire_fail(r);
  }
}

static inline int spawn_wire_skip(spawn_wire_reader* r, uint32_t type) {
  spawn_wire_field ignored;
  return spawn_wire_read_value(r, type, &ignored);
}

/* The next field. 1: *f is set. 0: the end, or malformed: `r->failed` tells which. A loop over it
 * therefore ends with a look at `failed`:
 *     while (spawn_wire_next(&r, &f)) { ... }
 *     if (r.failed) { ... } */
static inline int spawn_wire_next(spawn_wire_reader* r, spawn_wire_field* f) {
  memset(f, 0, sizeof(*f));
  if (r->failed || r->at == r->end) {
    return 0;
  }
  return spawn_wire_read_tag(r, &f->number, &f->type) && spawn_wire_read_value(r, f->type, f);
}

/* --- writing ------------------------------------------------------------------------------ */

/* Writes into [at, end) and counts. `needed` grows past the room there is, so that a first run with
 * no room at all (spawn_wire_write(NULL, 0)) measures and a second one writes. The bytes are
 * complete iff needed <= the room. */
typedef struct spawn_wire_writer {
  uint8_t *at, *end;
  uint64_t needed;
} spawn_wire_writer;

static inline spawn_wire_writer spawn_wire_write(void* room, uint64_t len) {
  spawn_wire_writer w = {(uint8_t*)room, NULL, 0};
  w.end = len != 0 ? w.at + len : w.at;
  return w;
}

static inline void spawn_wire_put_raw(spawn_wire_writer* w, const void* ptr, uint64_t len) {
  w->needed += len;
  if (len != 0 && w->at != NULL && (uint64_t)(w->end - w->at) >= len) {
    memcpy(w->at, ptr, (size_t)len);
    w->at += len;
  } else if (len != 0) {
    w->at = w->end; /* no later, smaller piece may be written after a gap */
  }
}

static inline void spawn_wire_put_varint(spawn_wire_writer* w, uint64_t value) {
  uint8_t bytes[10];
  uint32_t n = 0;
  while (value >= 0x80) {
    bytes[n++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  bytes[n++] = (uint8_t)value;
  spawn_wire_put_raw(w, bytes, n);
}

static inline void spawn_wire_put_tag(spawn_wire_writer* w, uint32_t number, uint32_t type) {
  spawn_wire_put_varint(w, ((uint64_t)number << 3) | type);
}

static inline void spawn_wire_put_uint(spawn_wire_writer* w, uint32_t number, uint64_t value) {
  spawn_wire_put_tag(w, number, SPAWN_WIRE_VARINT);
  spawn_wire_put_varint(w, value);
}

/* int32, int64, bool and enum fields; negative values take ten bytes, as the format has it. */
static inline void spawn_wire_put_int(spawn_wire_writer* w, uint32_t number, int64_t value) {
  spawn_wire_put_uint(w, number, (uint64_t)value);
}

static inline void spawn_wire_put_fixed32(spawn_wire_writer* w, uint32_t number, uint32_t value) {
  uint8_t bytes[4];
  uint32_t i;
  for (i = 0; i < 4; ++i) {
    bytes[i] = (uint8_t)(value >> (8 * i));
  }
  spawn_wire_put_tag(w, number, SPAWN_WIRE_FIXED32);
  spawn_wire_put_raw(w, bytes, 4);
}

static inline void spawn_wire_put_fixed64(spawn_wire_writer* w, uint32_t number, uint64_t value) {
  uint8_t bytes[8];
  uint32_t i;
  for (i = 0; i < 8; ++i) {
    bytes[i] = (uint8_t)(value >> (8 * i));
  }
  spawn_wire_put_tag(w, number, SPAWN_WIRE_FIXED64);
  spawn_wire_put_raw(w, bytes, 8);
}

/* Strings, bytes and encoded messages; an empty one is written too. */
static inline void spawn_wire_put_bytes(spawn_wire_writer* w, uint32_t number, spawn_slice value) {
  spawn_wire_put_tag(w, number, SPAWN_WIRE_BYTES);
  spawn_wire_put_varint(w, value.len);
  spawn_wire_put_raw(w, value.ptr, value.len);
}

/* google.protobuf.Any {type_url = 1, value = 2}, as a field. Empty members are left out. */
static inline void spawn_wire_put_any(spawn_wire_writer* w, uint32_t number, spawn_slice type_url,
                                      spawn_slice value) {
  uint32_t i;
  spawn_slice parts[2];
  spawn_wire_writer body = spawn_wire_write(NULL, 0);
  parts[0] = type_url;
  parts[1] = value;
  for (i = 0; i < 2; ++i) {
    if (parts[i].len != 0) {
      spawn_wire_put_bytes(&body, i + 1, parts[i]);
    }
  }
  spawn_wire_put_tag(w, number, SPAWN_WIRE_BYTES);
  spawn_wire_put_varint(w, body.needed);
  for (i = 0; i < 2; ++i) {
    if (parts[i].len != 0) {
      spawn_wire_put_bytes(w, i + 1, parts[i]);
    }
  }
}

#ifdef __cplusplus
} /* extern "C" */
#pragma GCC diagnostic pop
#endif
#include "wire_parts.h"
#endif
