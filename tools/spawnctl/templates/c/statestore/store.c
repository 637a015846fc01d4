/* The table, LOAD and LIST. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS_MAX = 1000, KEY_BYTES_MAX = 1024 };

static const unsigned char no_bytes[1] = {0};

static int compare(const void* a, uint64_t a_len, const void* b, uint64_t b_len) {
  const uint64_t n = a_len < b_len ? a_len : b_len;
  const int order = n != 0 ? memcmp(a, b, (size_t)n) : 0;
  return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

uint64_t store_lower_bound(const store* s, const void* key, uint64_t len) {
  uint64_t low = 0, high = s->n_rows;
  while (low < high) {
    const uint64_t mid = low + (high - low) / 2;
    if (compare(s->rows[mid].key, s->rows[mid].key_len, key, len) < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

row* store_find(const store* s, const void* key, uint64_t len) {
  const uint64_t at = store_lower_bound(s, key, len);
  if (at == s->n_rows || compare(s->rows[at].key, s->rows[at].key_len, key, len) != 0) {
    return NULL;
  }
  return &s->rows[at];
}

static int grow(store* s) {
  const uint64_t room = s->room != 0 ? 2 * s->room : 64;
  row* rows = realloc(s->rows, (size_t)room * sizeof(row));
  if (rows != NULL) {
    s->rows = rows;
    s->room = room;
  }
  return rows != NULL;
}

row* store_touch(store* s, const void* key, uint64_t len) {
  row* known = store_find(s, key, len);
  const uint64_t at = store_lower_bound(s, key, len);
  unsigned char* copy;
  if (known != NULL) {
    return known;
  }
  if (s->n_rows - s->holes >= s->max_rows || (s->n_rows == s->room && !grow(s))) {
    return NULL;
  }
  copy = malloc((size_t)len);
  if (copy == NULL) {
    return NULL;
  }
  memcpy(copy, key, (size_t)len);
  memmove(s->rows + at + 1, s->rows + at, (size_t)(s->n_rows - at) * sizeof(row));
  s->rows[at].key = copy;
  s->rows[at].key_len = len;
  s->rows[at].head = NULL;
  s->n_rows += 1;
  s->holes += 1; /* until it has a head */
  return &s->rows[at];
}

void store_drop_holes(store* s) {
  uint64_t from, to = 0;
  for (from = 0; from < s->n_rows && s->holes != 0; ++from) {
    if (s->rows[from].head != NULL) {
      s->rows[to++] = s->rows[from];
    } else {
      free(s->rows[from].key);
    }
  }
  if (s->holes != 0) {
    s->n_rows = to;
    s->holes = 0;
  }
}

void store_free(store* s) {
  uint64_t i;
  for (i = 0; i < s->n_rows; ++i) {
    free(s->rows[i].head);
    free(s->rows[i].key);
  }
  free(s->rows);
}

static void free_bytes(void* ctx, const void* ptr, uint64_t len) {
  (void)ptr;
  (void)len;
  free(ctx);
}

static spawn_buf owned(void* memory, uint64_t len) {
  const spawn_buf b = {memory, len, free_bytes, memory};
  return b;
}

/* 0: out of memory. */
static int copy_of(const unsigned char* from, uint64_t len, spawn_buf* out) {
  const spawn_buf empty = {no_bytes, 0, NULL, NULL};
  unsigned char* to;
  *out = empty;
  if (len == 0) {
    return 1;
  }
  to = malloc((size_t)len);
  if (to == NULL) {
    return 0;
  }
  memcpy(to, from, (size_t)len);
  *out = owned(to, len);
  return 1;
}

static void forget(spawn_buf* b) {
  const spawn_buf none = {NULL, 0, NULL, NULL};
  if (b->release != NULL) {
    b->release(b->ctx, b->ptr, b->len);
  }
  *b = none;
}

spawn_status store_load(const store* s, spawn_ss_load* op) {
  const row* r = store_find(s, op->key.ptr, op->key.len);
  const version* v = r != NULL ? r->head : NULL;
  const unsigned char* bytes;
  memset(&op->out, 0, sizeof(op->out));
  if (op->key.len == 0 || op->key.len > KEY_BYTES_MAX) {
    return SPAWN_E_INVALID;
  }
  if (v == NULL || (op->at_revision != 0 && op->at_revision != v->revision)) {
    return SPAWN_E_NOT_FOUND;
  }
  bytes = v->bytes;
  op->out.revision = v->revision;
  op->out.writer = v->writer;
  op->out.written_unix_ms = v->written_unix_ms;
  if (!copy_of(bytes, v->type_url_len, &op->out.type_url) ||
      !copy_of(bytes + v->type_url_len, v->meta_len, &op->out.meta) ||
      (v->has_payload &&
       !copy_of(bytes + v->type_url_len + v->meta_len, v->payload_len, &op->out.payload))) {
    forget(&op->out.type_url);
    forget(&op->out.meta);
    forget(&op->out.payload);
    return SPAWN_E_EXHAUSTED;
  }
  return v->tombstone ? SPAWN_E_NOT_FOUND : SPAWN_OK;
}

static unsigned char* put(unsigned char* to, const void* from, uint64_t len) {
  if (len != 0) {
    memcpy(to, from, (size_t)len);
  }
  return to + len;
}

/* A part of the page's one block of memory, which out_owner frees. */
static spawn_buf part(unsigned char** to, const unsigned char* from, uint64_t len) {
  const spawn_buf b = {*to, len, NULL, NULL};
  *to = put(*to, from, len);
  return b;
}

static unsigned char* fill_row(spawn_ss_row* out, const row* r, int with_payload,
                               unsigned char* to) {
  const version* v = r->head;
  out->key.ptr = to;
  out->key.len = r->key_len;
  to = put(to, r->key, r->key_len);
  out->rec.revision = v->revision;
  out->rec.writer = v->writer;
  out->rec.written_unix_ms = v->written_unix_ms;
  out->tombstone = v->tombstone;
  out->rec.type_url = part(&to, v->bytes, v->type_url_len);
  out->rec.meta = part(&to, v->bytes + v->type_url_len, v->meta_len);
  if (with_payload && v->has_payload) {
    out->rec.payload = part(&to, v->bytes + v->type_url_len + v->meta_len, v->payload_len);
  }
  return to;
}

/* Rows low..high of the table may be on the page. The cursor is the last key of the page before. */
static void range_of(const store* s, const spawn_ss_list* op, uint64_t* low, uint64_t* high) {
  *low = store_lower_bound(s, op->from.ptr, op->from.len);
  *high = op->to.len != 0 ? store_lower_bound(s, op->to.ptr, op->to.len) : s->n_rows;
  if (op->cursor.len != 0) {
    const uint64_t at = store_lower_bound(s, op->cursor.ptr, op->cursor.len);
    const int there = store_find(s, op->cursor.ptr, op->cursor.len) != NULL;
    if (op->reverse) {
      *high = at < *high ? at : *high;
    } else if (at + (uint64_t)there > *low) {
      *low = at + (uint64_t)there;
    }
  }
}

spawn_status store_list(const store* s, spawn_ss_list* op) {
  const uint32_t limit = op->limit != 0 && op->limit < PAGE_ROWS_MAX ? op->limit : PAGE_ROWS_MAX;
  const int tombstones = (op->op.flags & SPAWN_SS_F_TOMBSTONES) != 0;
  const row* picked[PAGE_ROWS_MAX];
  uint64_t low, high, i, bytes = 0;
  uint32_t n = 0;
  spawn_ss_row* rows;
  unsigned char* to;
  range_of(s, op, &low, &high);
  for (i = low; i < high && n < limit; ++i) {
    const row* r = &s->rows[op->reverse ? high - 1 - (i - low) : i];
    if (r->head != NULL && (tombstones || !r->head->tombstone)) {
      bytes += r->key_len + r->head->type_url_len + r->head->meta_len + r->head->payload_len;
      picked[n++] = r;
    }
  }
  op->out_n = 0;
  op->out_rows = NULL;
  op->out_row_stride = sizeof(spawn_ss_row);
  memset(&op->out_owner, 0, sizeof(op->out_owner));
  memset(&op->out_cursor, 0, sizeof(op->out_cursor));
  if (n == 0) {
    return SPAWN_OK;
  }
  rows = calloc(1, n * sizeof(spawn_ss_row) + (size_t)bytes);
  if (rows == NULL ||
      (i < high && !copy_of(picked[n - 1]->key, picked[n - 1]->key_len, &op->out_cursor))) {
    free(rows);
    return SPAWN_E_EXHAUSTED;
  }
  to = (unsigned char*)(rows + n);
  for (op->out_n = 0; op->out_n < n; ++op->out_n) {
    to = fill_row(&rows[op->out_n], picked[op->out_n], op->with_payload != 0, to);
  }
  op->out_rows = rows;
  op->out_owner = owned(rows, n * sizeof(spawn_ss_row) + bytes);
  return SPAWN_OK;
}
