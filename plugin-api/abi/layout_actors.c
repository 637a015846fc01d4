/* Native actors, continued from layout_outside.c. */
#include "layout_dump.h"
#include "spawn/plugin/live_actors.h"

void dump_actors(void) {
  printf("# actors.h\n");
  ID(SPAWN_ACTORS);
  STRUCT(spawn_actors_call);
  FIELD(spawn_actors_call, op);
  FIELD(spawn_actors_call, request);
  FIELD(spawn_actors_call, answer);
  END(spawn_actors_call);
  STRUCT(spawn_actors);
  FIELD(spawn_actors, struct_size);
  FIELD(spawn_actors, reserved);
  FIELD(spawn_actors, describe);
  FIELD(spawn_actors, lane_open);
  FIELD(spawn_actors, submit);
  FIELD(spawn_actors, lane_close);
  END(spawn_actors);
}

void dump_live_actors(void) {
  printf("# live_actors.h\n");
  ID(SPAWN_LIVE_ACTORS);
  NUMBER(SPAWN_LIVE_TELL);
  NUMBER(SPAWN_LIVE_ASK);
  NUMBER(SPAWN_LIVE_ANSWER);
  NUMBER(SPAWN_LIVE_FAILED);
  STRUCT(spawn_live_message);
  FIELD(spawn_live_message, payload);
  FIELD(spawn_live_message, token);
  FIELD(spawn_live_message, from);
  FIELD(spawn_live_message, action);
  FIELD(spawn_live_message, kind);
  FIELD(spawn_live_message, status);
  END(spawn_live_message);
  STRUCT(spawn_live_host);
  FIELD(spawn_live_host, struct_size);
  FIELD(spawn_live_host, reserved);
  FIELD(spawn_live_host, data);
  FIELD(spawn_live_host, ref);
  FIELD(spawn_live_host, self);
  FIELD(spawn_live_host, retain);
  FIELD(spawn_live_host, release);
  FIELD(spawn_live_host, name);
  FIELD(spawn_live_host, tell);
  FIELD(spawn_live_host, ask);
  FIELD(spawn_live_host, reply);
  FIELD(spawn_live_host, send);
  FIELD(spawn_live_host, call);
  FIELD(spawn_live_host, leave);
  END(spawn_live_host);
  STRUCT(spawn_live_actors);
  FIELD(spawn_live_actors, struct_size);
  FIELD(spawn_live_actors, reserved);
  FIELD(spawn_live_actors, is_live);
  FIELD(spawn_live_actors, lane_open);
  FIELD(spawn_live_actors, create);
  FIELD(spawn_live_actors, receive);
  FIELD(spawn_live_actors, destroy);
  FIELD(spawn_live_actors, lane_close);
  END(spawn_live_actors);
}
