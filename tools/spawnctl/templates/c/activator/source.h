/* The folder, the thread that offers its files, and what the kernel told that thread to do. Replace
 * the thread's half by the client of your broker. What the kernel calls only takes notes, under a
 * lock that is never held while the disk is touched or the host is called. */
#ifndef SOURCE_H
#define SOURCE_H
#include <pthread.h>

#include "names.h"
#include "spawn/plugin/activator.h"

typedef struct verdict {
  uint64_t token;
  uint32_t kind, delay_ms;
} verdict;

typedef struct source {
  const spawn_host* host;
  char* folder;
  uint64_t poll_ms;
  pthread_t thread;
  int running;

  pthread_mutex_t mutex; /* guards what follows, down to the blank line */
  pthread_cond_t told;
  verdict* verdicts;
  uint32_t n_verdicts, room_for_verdicts;
  uint32_t window;
  int quiesced, stopping;
  spawn_op* draining; /* ends when nothing is out */

  pthread_mutex_t offering; /* held during an offer: lane_close waits for it */
  int lane_open;

  /* the thread's own */
  known_file* known;
  uint64_t last_token;
  uint32_t n_out;
  int serving; /* -1: not told yet */
  int drain_turns;
} source;

int source_start(source* s, spawn_slice instance_name); /* 0: no thread could be made */
void source_stop(source* s);                            /* joins it */
#endif
