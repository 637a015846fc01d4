/* The subscriptions of all instances of this process, and what waits for their credit. This is what
 * the client library of your broker takes the place of. One lock for all; the host is called under
 * it: deliver() never waits and never calls back. */
#ifndef BUS_H
#define BUS_H
#include "spawn/plugin/transport.h"

/* Who subscribes or publishes: an instance, its settings, and one of its lanes. */
typedef struct place {
  spawn_instance* owner;
  const char* bus;
  uint64_t max_held;
  uint32_t lane;
} place;

/* Each ends with the status of its op. */
spawn_status bus_publish(const place* from, const spawn_tp_send* op);
spawn_status bus_subscribe(const place* from, const spawn_tp_sub* op);
/* Afterwards nothing is delivered to it. */
spawn_status bus_unsubscribe(const place* from, uint64_t sub_id);
void bus_grant(const place* from, uint64_t sub_id, uint32_t credit);
/* All of an instance's subscriptions. */
void bus_leave(const spawn_instance* owner);
#endif
