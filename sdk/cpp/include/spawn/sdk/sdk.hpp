// Everything an actor host needs.
#pragma once

#include "spawn/sdk/actor.hpp"
#include "spawn/sdk/actor_set.hpp"
#include "spawn/sdk/client.hpp"
#include "spawn/sdk/context.hpp"
#include "spawn/sdk/host.hpp"
#include "spawn/sdk/payload.hpp"
#include "spawn/sdk/types.hpp"
