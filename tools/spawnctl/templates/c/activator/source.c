#define _GNU_SOURCE /* pthread_setname_np */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugin.h"

enum { DRAIN_TURNS_MAX = 50 };

static void path_of(char* out, const source* s, const char* within, const char* name) {
  snprintf(out, PATH_BYTES_MAX, "%s/%s%s", s->folder, within, name);
}

/* The folder may be away: then nothing is done, and the file comes again. */
static void carry_out(source* s, const verdict* v) {
  char from[PATH_BYTES_MAX], to[PATH_BYTES_MAX];
  known_file* file = known_by_token(s->known, v->token);
  if (file == NULL || v->kind == SPAWN_EXTEND) {
    return;
  }
  --s->n_out;
  path_of(from, s, "", file->name);
  path_of(to, s, "dead/", file->name);
  if (v->kind == SPAWN_ACK) {
    unlink(from);
  } else if (v->kind == SPAWN_DEAD) {
    char dead[PATH_BYTES_MAX];
    path_of(dead, s, "dead", "");
    if (mkdir(dead, 0777) == 0 || errno == EEXIST) {
      rename(from, to);
    }
  }
  if (v->kind == SPAWN_RETRY && v->delay_ms != 0) {
    file->token = 0;
    file->not_before_ns = s->host->now_ns(s->host) + (uint64_t)v->delay_ms * 1000000;
  } else {
    known_remove(&s->known, file);
  }
}

static void free_text(void* ctx, const void* ptr, uint64_t len) {
  (void)ptr;
  (void)len;
  free(ctx);
}

/* What a delivery points to, in one block that its owner frees: the name, then the text. */
static int make_delivery(const source* s, const char* name, spawn_delivery* d) {
  const size_t name_len = strlen(name);
  const char* dash = strchr(name, '-');
  uint64_t len = 0;
  char* text = file_text(s->folder, name, &len);
  char* block = text != NULL ? malloc(name_len + (size_t)len + 1) : NULL;
  memset(d, 0, sizeof(*d));
  if (block == NULL) {
    free(text);
    return 0;
  }
  memcpy(block, name, name_len);
  memcpy(block + name_len, text, (size_t)len);
  free(text);
  d->struct_size = sizeof(*d);
  d->source.ptr = "folder";
  d->source.len = 6;
  d->dedup_id.ptr = block;
  d->dedup_id.len = name_len;
  d->order_key.ptr = dash != NULL ? block + (dash - name) + 1 : block;
  d->order_key.len = dash != NULL ? strlen(dash + 1) : name_len;
  d->payload.presence = SPAWN_P_VALUE;
  d->payload.value.ptr = block + name_len;
  d->payload.value.len = len;
  d->owner.ptr = d->owner.ctx = block;
  d->owner.release = free_text;
  return 1;
}

/* 0: the kernel takes no more now. */
static int offer(source* s, const char* name) {
  const spawn_host* h = s->host;
  const spawn_host_activator* to = h->get_interface(h, SPAWN_HOST_ACTIVATOR);
  known_file* file = known_by_name(s->known, name);
  spawn_delivery d;
  const spawn_delivery* one = &d;
  uint32_t taken;
  file = file != NULL ? file : known_add(&s->known, name);
  if (file == NULL || !make_delivery(s, name, &d)) {
    if (file != NULL) {
      known_remove(&s->known, file); /* it went away meanwhile */
    }
    return file != NULL;
  }
  /* Known before it is offered: the verdict may come before offer() returns. */
  file->token = d.token = ++s->last_token;
  ++s->n_out;
  pthread_mutex_lock(&s->offering);
  taken = s->lane_open ? to->offer(h, 0, &one, 1) : 0;
  pthread_mutex_unlock(&s->offering);
  if (taken == 0) {
    --s->n_out;
    known_remove(&s->known, file);
    free_text(d.owner.ctx, NULL, 0);
  }
  return taken != 0;
}

static int may_offer(source* s) {
  int may;
  pthread_mutex_lock(&s->mutex);
  may = !s->quiesced && !s->stopping && s->n_out < s->window;
  pthread_mutex_unlock(&s->mutex);
  return may;
}

static void tell_health(source* s, int serving) {
  const char* why = serving ? "" : strerror(errno);
  const spawn_slice text = {why, strlen(why)};
  if (s->serving != serving) {
    s->serving = serving;
    s->host->health(s->host, (uint32_t)serving, text);
  }
}

static void look(source* s) {
  char** names = NULL;
  const int n = names_in(s->folder, &names);
  int i, goes_on = 1;
  tell_health(s, n >= 0);
  for (i = 0; i < n && goes_on; ++i) {
    const known_file* file = known_by_name(s->known, names[i]);
    const int due =
        file == NULL || (file->token == 0 && file->not_before_ns <= s->host->now_ns(s->host));
    goes_on = !due || (may_offer(s) && offer(s, names[i]));
  }
  if (n >= 0) {
    free_names(names, n);
  }
}

/* Waits until there is something to do, at most poll_ms. The caller frees the verdicts. */
static int wait_for_orders(source* s, verdict** out, uint32_t* n) {
  struct timespec until;
  int stopping;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += (long)(s->poll_ms % 1000) * 1000000;
  until.tv_sec += (time_t)(s->poll_ms / 1000) + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&s->mutex);
  if (!s->stopping && s->n_verdicts == 0) {
    pthread_cond_timedwait(&s->told, &s->mutex, &until);
  }
  *out = s->verdicts;
  *n = s->n_verdicts;
  s->verdicts = NULL;
  s->n_verdicts = s->room_for_verdicts = 0;
  stopping = s->stopping;
  pthread_mutex_unlock(&s->mutex);
  return !stopping;
}

static void end_drain(source* s, int now) {
  spawn_op* op = NULL;
  pthread_mutex_lock(&s->mutex);
  if (s->draining != NULL && (now || s->n_out == 0 || ++s->drain_turns > DRAIN_TURNS_MAX)) {
    op = s->draining;
    s->draining = NULL;
  }
  pthread_mutex_unlock(&s->mutex);
  if (op != NULL) {
    plugin_end(s->host, op, SPAWN_OK, NULL);
  }
}

static void* run(void* self) {
  source* s = self;
  int goes_on = 1;
  while (goes_on) {
    verdict* verdicts;
    uint32_t n, i;
    goes_on = wait_for_orders(s, &verdicts, &n);
    for (i = 0; i < n; ++i) {
      carry_out(s, &verdicts[i]);
    }
    free(verdicts);
    look(s);
    end_drain(s, !goes_on);
  }
  return NULL;
}

int source_start(source* s, spawn_slice instance_name) {
  char name[16];
  snprintf(name, sizeof(name), "sp.%.*s", (int)(instance_name.len < 12 ? instance_name.len : 12),
           instance_name.len != 0 ? (const char*)instance_name.ptr : "");
  s->running = pthread_create(&s->thread, NULL, run, s) == 0;
  if (s->running) {
    pthread_setname_np(s->thread, name);
  }
  return s->running;
}

void source_stop(source* s) {
  pthread_mutex_lock(&s->mutex);
  s->stopping = 1;
  pthread_cond_signal(&s->told);
  pthread_mutex_unlock(&s->mutex);
  if (s->running) {
    pthread_join(s->thread, NULL);
    s->running = 0;
  }
  while (s->known != NULL) {
    known_remove(&s->known, s->known);
  }
  free(s->verdicts);
  s->verdicts = NULL;
  s->n_verdicts = s->room_for_verdicts = 0;
}
