/* What was published: immutable, in one block of memory, freed by the last who lets go. */
#ifndef MESSAGE_H
#define MESSAGE_H
#include "spawn/plugin/transport.h"

typedef struct message message;

/* Held once. NULL: out of memory. */
message* message_of(const spawn_tp_send* op);
void message_hold(message* m);
void message_release(message* m);
/* What the host gets; it holds the message until it has released the payload. */
spawn_tp_message message_for_host(message* m, uint64_t sub_id);
#endif
