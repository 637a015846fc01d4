#include "bus.h"

#include <pthread.h>

#include "message.h"
#include "plugin.h"
#include "spawn/plugin/subject.h"

typedef struct held { /* one message that waits for credit */
  struct held* next;
  message* what;
} held;

typedef struct subscription {
  struct subscription* next;
  spawn_instance* owner;
  char *bus, *pattern;
  uint64_t id, credit, n_held, held_max;
  uint32_t lane;
  held *first, **end;
} subscription;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static subscription* all;

static void free_subscription(subscription* s) {
  while (s->first != NULL) {
    held* one = s->first;
    s->first = one->next;
    message_release(one->what);
    free(one);
  }
  free(s->bus);
  free(s->pattern);
  free(s);
}

static int is_it(const subscription* s, const spawn_instance* owner, uint64_t id) {
  return s->owner == owner && s->id == id;
}

/* What there is credit for, oldest first. */
static void pump(subscription* s) {
  const spawn_host* h = s->owner->host;
  const spawn_host_transport* to = h->get_interface(h, SPAWN_HOST_TRANSPORT);
  while (s->credit != 0 && s->first != NULL) {
    held* one = s->first;
    const spawn_tp_message out = message_for_host(one->what, s->id);
    s->first = one->next;
    s->end = s->first != NULL ? s->end : &s->first;
    --s->n_held;
    --s->credit;
    to->deliver(h, s->lane, &out, 1);
    message_release(one->what);
    free(one);
  }
}

/* 0: out of memory. A subscription that holds as many as it may loses the message. */
static int hold(subscription* s, message* m) {
  held* one;
  if (s->n_held >= s->credit + s->held_max) {
    return 1;
  }
  one = malloc(sizeof(held));
  if (one == NULL) {
    return 0;
  }
  one->next = NULL;
  one->what = m;
  message_hold(m);
  *s->end = one;
  s->end = &one->next;
  ++s->n_held;
  return 1;
}

static int hears(const subscription* s, const char* bus, spawn_slice subject) {
  const spawn_slice pattern = {s->pattern, strlen(s->pattern)};
  return strcmp(s->bus, bus) == 0 && spawn_subject_matches(pattern, subject);
}

spawn_status bus_publish(const place* from, const spawn_tp_send* op) {
  spawn_status status = SPAWN_OK;
  subscription* s;
  message* m;
  if (!spawn_subject_valid(op->subject, 0)) {
    return SPAWN_E_INVALID;
  }
  m = message_of(op);
  if (m == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  pthread_mutex_lock(&lock);
  for (s = all; s != NULL; s = s->next) {
    if (hears(s, from->bus, op->subject)) {
      status = hold(s, m) ? status : SPAWN_E_EXHAUSTED;
      pump(s);
    }
  }
  pthread_mutex_unlock(&lock);
  message_release(m);
  return status;
}

spawn_status bus_subscribe(const place* from, const spawn_tp_sub* op) {
  subscription* s;
  if (!spawn_subject_valid(op->pattern, 1)) {
    return SPAWN_E_INVALID;
  }
  if (op->queue_group.len != 0) {
    return SPAWN_E_UNSUPPORTED;
  }
  s = calloc(1, sizeof(subscription));
  if (s == NULL) {
    return SPAWN_E_EXHAUSTED;
  }
  s->end = &s->first;
  s->bus = plugin_text(from->bus, strlen(from->bus));
  s->pattern = plugin_text(op->pattern.ptr, op->pattern.len);
  if (s->bus == NULL || s->pattern == NULL) {
    free_subscription(s);
    return SPAWN_E_EXHAUSTED;
  }
  s->owner = from->owner;
  s->lane = from->lane;
  s->id = op->sub_id;
  s->credit = op->initial_credit;
  s->held_max = from->max_held;
  pthread_mutex_lock(&lock);
  s->next = all;
  all = s;
  pthread_mutex_unlock(&lock);
  return SPAWN_OK;
}

spawn_status bus_unsubscribe(const place* from, uint64_t sub_id) {
  subscription **at, *gone;
  pthread_mutex_lock(&lock);
  for (at = &all; *at != NULL && !is_it(*at, from->owner, sub_id);) {
    at = &(*at)->next;
  }
  gone = *at;
  if (gone != NULL) {
    *at = gone->next;
    free_subscription(gone);
  }
  pthread_mutex_unlock(&lock);
  return gone != NULL ? SPAWN_OK : SPAWN_E_NOT_FOUND;
}

void bus_grant(const place* from, uint64_t sub_id, uint32_t credit) {
  subscription* s;
  pthread_mutex_lock(&lock);
  for (s = all; s != NULL; s = s->next) {
    if (is_it(s, from->owner, sub_id)) {
      s->credit += credit;
      pump(s);
    }
  }
  pthread_mutex_unlock(&lock);
}

void bus_leave(const spawn_instance* owner) {
  subscription** at;
  pthread_mutex_lock(&lock);
  for (at = &all; *at != NULL;) {
    subscription* s = *at;
    if (s->owner == owner) {
      *at = s->next;
      free_subscription(s);
    } else {
      at = &s->next;
    }
  }
  pthread_mutex_unlock(&lock);
}
