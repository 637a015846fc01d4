// What went wrong with a request to AWS, by what the caller can do about it. Pure functions. [any]
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "http_client.hpp"
#include "spawn/plugin/abi.h"

namespace sqs {

enum class aws_fault {
  none,
  unsent,       // the service has not seen it
  unanswered,   // it may have, and may have done it
  throttled,    // not done: less often
  busy,         // the service is in trouble; it may have been done
  credentials,  // not done: the access key was not accepted, or there is none
  denied,       // not done: the access key may not do it
  missing,      // no such queue
  invalid,      // no retry helps
  too_large
};

// By the code of an error ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue").
// `sender`: the service says that the request is at fault.
[[nodiscard]] aws_fault fault_of(std::string_view code, bool sender);

// The code in the answer to a failed request; empty if it says none.
[[nodiscard]] std::string code_of(const http_answer& answer, const nlohmann::json& body);

// "com.amazonaws.sqs#QueueDoesNotExist:http://..." without what stands around the name.
[[nodiscard]] std::string bare_code(std::string_view code);

// Of a message that could not be published, as sink.h has it.
[[nodiscard]] spawn_status sink_status(aws_fault fault);

}  // namespace sqs
