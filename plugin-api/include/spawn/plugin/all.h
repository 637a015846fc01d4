/* all.h - every header of the stable surface; the drafts under draft/ are included one by one. */
#ifndef SPAWN_PLUGIN_ALL_H
#define SPAWN_PLUGIN_ALL_H
#include "abi.h"
#include "activator.h"
#include "actors.h"
#include "config.h"
#include "entry.h"
#include "handoff.h"
#include "host.h"
#include "live_actors.h"
#include "sink.h"
#include "statestore.h"
#include "subject.h"
#include "transport.h"
#include "wire.h"
#include "workflow.h"
#endif
