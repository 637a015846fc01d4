// The files built into the library. Thread: [any].
#pragma once

namespace spawn::config {

extern const char* const embedded_schema;  // config/schema/spawn.schema.json
extern const char* const embedded_sample;  // config/spawn.yaml

}  // namespace spawn::config
