// What the client library's errors mean to the kernel.
#pragma once
#include <librdkafka/rdkafka.h>

#include "spawn/plugin/abi.h"

namespace kafka_activator {

// Of a message that was not taken, or whose report came; `written` is what the report says of it.
[[nodiscard]] spawn_status outcome(rd_kafka_resp_err_t code, rd_kafka_msg_status_t written);

}  // namespace kafka_activator
