// trace: tells every call into the plugin on standard error, for --trace.
#pragma once
#include "spawn/plugin/entry.h"

namespace spawn::check {

// From here on traced() is another entry; before the library is opened. [main]
void trace_calls();

// The entry to use in place of the plugin's: the same one, or one that tells what is called, how
// long it took and what it returned. Instances made with it have their table exchanged for one that
// tells, and so have the tables of their kind. Extensions are called as they are. [any]
[[nodiscard]] const spawn_plugin_entry* traced(const spawn_plugin_entry* plugin);

}  // namespace spawn::check
