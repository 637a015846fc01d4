// The HTTP activator as a plugin: its entry.
#include "instance.hpp"
#include "spawn_manifest.h"

SPAWN_PLUGIN(http_activator::instance, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::activator_glue<http_activator::instance>)
