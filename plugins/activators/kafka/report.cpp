#include "report.hpp"

namespace kafka_activator {

spawn_status outcome(rd_kafka_resp_err_t code, rd_kafka_msg_status_t written) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return SPAWN_OK;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return SPAWN_E_EXHAUSTED;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return SPAWN_E_TOO_LARGE;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return SPAWN_E_NOT_FOUND;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return SPAWN_E_DENIED;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return SPAWN_E_INVALID;
    default:
      return written == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? SPAWN_E_UNAVAILABLE
                                                          : SPAWN_E_UNKNOWN_OUTCOME;
  }
}

}  // namespace kafka_activator
