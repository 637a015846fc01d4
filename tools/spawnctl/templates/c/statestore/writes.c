/* SAVE, DELETE, CHECK, REWRITE and PRUNE, alone and in groups that happen as a whole or not. */
#include <stdlib.h>
#include <string.h>

#include "store.h"

enum { KEY_BYTES_MAX = 1024 };

/* What a write has replaced, for the way back. Rows move, their keys do not. */
typedef struct undo {
  unsigned char* key; /* NULL: the write changed nothing */
  uint64_t key_len;
  version* before;
} undo;

static int imports(const spawn_ss_save* op) {
  return (op->op.code == SPAWN_SS_SAVE || op->op.code == SPAWN_SS_DELETE) &&
         (op->op.flags & SPAWN_SS_F_IMPORT) != 0;
}

static unsigned char* put(unsigned char* to, spawn_slice from) {
  if (from.len != 0) {
    memcpy(to, from.ptr, (size_t)from.len);
  }
  return to + from.len;
}

static version* make_version(spawn_slice type_url, spawn_slice meta, const spawn_slice* payload,
                             uint32_t n_payload) {
  uint64_t payload_len = 0;
  uint32_t i;
  version* v;
  unsigned char* to;
  for (i = 0; i < n_payload; ++i) {
    payload_len += payload[i].len;
  }
  v = calloc(1, sizeof(version) + (size_t)(type_url.len + meta.len + payload_len));
  if (v == NULL) {
    return NULL;
  }
  v->type_url_len = type_url.len;
  v->meta_len = meta.len;
  v->payload_len = payload_len;
  v->has_payload = n_payload != 0;
  to = put(put(v->bytes, type_url), meta);
  for (i = 0; i < n_payload; ++i) {
    to = put(to, payload[i]);
  }
  return v;
}

/* The key's next version, its expectation being met. DELETE with NO_TOMBSTONE leaves *out NULL. */
static spawn_status next_version(const spawn_host* h, const spawn_ss_save* op,
                                 const version* stored, version** out) {
  const spawn_slice none = {NULL, 0};
  const int erases = (op->op.flags & SPAWN_SS_F_ERASE) != 0;
  *out = NULL;
  if (op->op.code == SPAWN_SS_REWRITE) {
    const spawn_slice type_url = {stored->bytes, stored->type_url_len};
    *out = make_version(type_url, op->meta, op->payload, stored->tombstone ? 0 : op->n_payload);
  } else if (op->op.code == SPAWN_SS_SAVE) {
    *out = make_version(op->type_url, op->meta, op->payload, op->n_payload);
  } else if ((op->op.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0) {
    return SPAWN_OK;
  } else {
    *out = make_version(none, erases ? none : op->meta, NULL, 0);
  }
  if (*out == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  if (op->op.code == SPAWN_SS_REWRITE) {
    (*out)->revision = stored->revision;
    (*out)->writer = stored->writer;
    (*out)->written_unix_ms = stored->written_unix_ms;
    (*out)->tombstone = stored->tombstone;
  } else {
    (*out)->revision = op->new_revision;
    (*out)->writer = op->writer;
    (*out)->written_unix_ms = imports(op) ? op->written_unix_ms : h->unix_ms(h);
    (*out)->tombstone = op->op.code == SPAWN_SS_DELETE;
  }
  return SPAWN_OK;
}

static spawn_status write_one(store* s, const spawn_host* h, spawn_ss_save* op, undo* log) {
  row* at = store_find(s, op->key.ptr, op->key.len);
  version* stored = at != NULL ? at->head : NULL;
  version* fresh = NULL;
  spawn_status status;
  const int needs_record =
      op->op.code == SPAWN_SS_REWRITE || (op->op.code == SPAWN_SS_DELETE && !imports(op));
  const int as_expected = op->expect_revision == 0
                              ? stored == NULL
                              : stored != NULL && stored->revision == op->expect_revision &&
                                    stored->writer == op->expect_writer;
  if (op->op.code == SPAWN_SS_PRUNE) {
    return SPAWN_OK; /* there is no history */
  }
  if (!as_expected || (needs_record && stored == NULL)) {
    op->out_revision = stored != NULL ? stored->revision : 0;
    op->out_writer = stored != NULL ? stored->writer : 0;
    return SPAWN_E_CONFLICT;
  }
  if (op->op.code == SPAWN_SS_CHECK) {
    return SPAWN_OK;
  }
  status = next_version(h, op, stored, &fresh);
  at = status == SPAWN_OK ? store_touch(s, op->key.ptr, op->key.len) : NULL;
  if (at == NULL) {
    free(fresh);
    return SPAWN_E_EXHAUSTED;
  }
  log->key = at->key;
  log->key_len = at->key_len;
  log->before = stored;
  s->holes += (uint64_t)(fresh == NULL) - (uint64_t)(stored == NULL);
  at->head = fresh;
  return SPAWN_OK;
}

static void keep_or_take_back(store* s, const undo* log, int keep) {
  row* at;
  if (log->key == NULL || keep) {
    free(log->before);
    return;
  }
  at = store_find(s, log->key, log->key_len);
  s->holes += (uint64_t)(log->before == NULL) - (uint64_t)(at->head == NULL);
  free(at->head);
  at->head = log->before;
}

int store_is_write(const spawn_op* op) {
  return (op->code == SPAWN_SS_SAVE || op->code == SPAWN_SS_DELETE || op->code == SPAWN_SS_CHECK ||
          op->code == SPAWN_SS_REWRITE || op->code == SPAWN_SS_PRUNE) &&
         op->struct_size >= sizeof(spawn_ss_save);
}

int store_in_group(const spawn_op* op, uint64_t group) {
  return store_is_write(op) && ((const spawn_ss_save*)op)->atomic_group == group;
}

/* What is wrong with the op itself. */
static spawn_status refuse(const spawn_host* h, const spawn_ss_save* op) {
  const int makes_revision = op->op.code == SPAWN_SS_SAVE || op->op.code == SPAWN_SS_DELETE;
  const int next = imports(op) ? op->new_revision > op->expect_revision
                               : op->new_revision == op->expect_revision + 1;
  if (op->key.len == 0 || op->key.len > KEY_BYTES_MAX || (makes_revision && !next) ||
      (op->op.code == SPAWN_SS_REWRITE && op->expect_revision == 0)) {
    return SPAWN_E_INVALID;
  }
  if (op->op.deadline_ns != 0 && h->now_ns(h) > op->op.deadline_ns) {
    return SPAWN_E_DEADLINE;
  }
  return SPAWN_OK;
}

void store_write_group(store* s, const spawn_host* h, spawn_op* const* ops, uint32_t n) {
  const uint64_t group = ((spawn_ss_save*)ops[0])->atomic_group;
  const uint32_t end = group != 0 ? n : 1;
  undo one = {NULL, 0, NULL};
  undo* log = end == 1 ? &one : calloc(end, sizeof(undo));
  uint32_t i, failed = end;
  for (i = 0; i < end && failed == end; ++i) {
    spawn_ss_save* op = (spawn_ss_save*)ops[i];
    if (!store_in_group(ops[i], group)) {
      continue;
    }
    op->op.status = log != NULL ? refuse(h, op) : SPAWN_E_EXHAUSTED;
    if (op->op.status == SPAWN_OK) {
      op->op.status = write_one(s, h, op, &log[i]);
    }
    if (op->op.status != SPAWN_OK) {
      failed = i;
    }
  }
  for (i = end; log != NULL && i-- > 0;) {
    keep_or_take_back(s, &log[i], failed == end);
  }
  for (i = 0; failed != end && i < end; ++i) {
    if (i != failed && store_in_group(ops[i], group)) {
      ops[i]->status = SPAWN_E_ABORTED;
    }
  }
  if (log != &one) {
    free(log);
  }
}
