/* handoff.h - hands what an instance keeps in its memory to the one that takes its place in a swap.
 * C11, also C++.
 *
 * For statestores without DURABLE: without this interface such a store is not swapped, because the
 * next one would begin empty.
 *
 * The way of a swap. The new instance is created and started, and has no operation yet. The old one
 * has ended all it had and is quiesced. Then export_next of the old one and import_next of the new
 * one are called in turn, one at a time, until the chunk that is the last. The new one serves from
 * there on, the old one is stopped. Both hold everything for a moment.
 *
 * When it fails. Exporting changes nothing: if an import fails, the old one is started again and
 * serves as if nothing had been; the new one is stopped. Once an instance was started again, its
 * next export begins at the beginning. */
#ifndef SPAWN_PLUGIN_HANDOFF_H
#define SPAWN_PLUGIN_HANDOFF_H
#include "entry.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SPAWN_HANDOFF "spawn.handoff/1" /* id of the table spawn_handoff */

/* A chunk is as large as is handy, but never larger than this. */
enum { SPAWN_HANDOFF_CHUNK_MAX = 64 << 20 };

typedef struct spawn_handoff_op {
  spawn_op op;          /* code is unused (0) */
  uint32_t last;        /* export: set by the plugin; import: what the export said */
  uint32_t reserved;    /* 0 */
  spawn_slice in_chunk; /* import: lives until the op ends */
  spawn_buf out_chunk;  /* export: may be empty */
} spawn_handoff_op;

typedef struct spawn_handoff {
  uint32_t struct_size;
  uint32_t schema_written; /* version of the chunks that export_next makes, from 1 */
  /* Non-zero if import_next reads chunks of this version. [any] */
  uint32_t (*accepts)(spawn_instance* self, uint32_t schema);
  /* Ends with OK and the next chunk, which the kernel releases. [control] */
  void (*export_next)(spawn_instance* self, spawn_handoff_op* op);
  /* Ends with OK; CORRUPT, EXHAUSTED or another status end the swap. [control] */
  void (*import_next)(spawn_instance* self, spawn_handoff_op* op);
} spawn_handoff;
#ifdef __cplusplus
}
#endif
#endif
