/* store.h - records in an array sorted by key. Everything here runs under the caller's lock, but
 * for the buffers it hands out, which are copies that their release frees. */
#ifndef STORE_H
#define STORE_H
#include "spawn/plugin/statestore.h"

/* One content of a key; never changed once it is in the table. */
typedef struct version {
  uint64_t revision, writer;
  int64_t written_unix_ms;
  uint32_t tombstone, has_payload;
  uint64_t type_url_len, meta_len, payload_len;
  unsigned char bytes[]; /* type_url, meta, payload */
} version;

typedef struct row {
  unsigned char* key;
  uint64_t key_len;
  version* head; /* NULL: absent; the row goes at the end of the submit */
} row;

typedef struct store {
  row* rows; /* ascending by key */
  uint64_t n_rows, room, max_rows, holes;
} store;

/* store.c */
uint64_t store_lower_bound(const store* s, const void* key, uint64_t len);
row* store_find(const store* s, const void* key, uint64_t len);
/* The key's row, made if it is new; NULL when there is no room for it. */
row* store_touch(store* s, const void* key, uint64_t len);
/* Takes out the rows that are absent. */
void store_drop_holes(store* s);
void store_free(store* s);
spawn_status store_load(const store* s, spawn_ss_load* op);
spawn_status store_list(const store* s, spawn_ss_list* op);

/* writes.c */
int store_is_write(const spawn_op* op);
int store_in_group(const spawn_op* op, uint64_t group);
/* All ops of the group that starts at ops[0], or that one op: all of it, or nothing. */
void store_write_group(store* s, const spawn_host* h, spawn_op* const* ops, uint32_t n);
#endif
