/* layout_dump.h - prints structs, numbers and ids of the ABI, one line each, and checks on the way
 * that the fields listed for a struct fill it without a hole: a hole is a field that was not listed
 * or padding that nobody named, and both would slip through a comparison of the output. */
#ifndef SPAWN_LAYOUT_DUMP_H
#define SPAWN_LAYOUT_DUMP_H
#include <stddef.h>
#include <stdio.h>

extern int layout_holes;
extern size_t layout_next; /* where the next field of the current struct must begin */

void layout_field(const char* of, const char* name, size_t at, size_t size);
void layout_end(const char* of, size_t size);

#define STRUCT(type) (layout_next = 0, printf("struct %s size %zu\n", #type, sizeof(type)))
#define FIELD(type, name) layout_field(#type, #name, offsetof(type, name), sizeof(((type*)0)->name))
#define END(type) layout_end(#type, sizeof(type))
#define NUMBER(name) printf("number %s %lld\n", #name, (long long)(name))
#define ID(name) printf("id %s %s\n", #name, name)

void dump_statestore(void);
void dump_transport(void);
void dump_workflow(void);
void dump_activator(void);
void dump_sink(void);
void dump_actors(void);
void dump_live_actors(void);
void dump_handoff(void);
#endif
