// What the parts of a session share.
#pragma once
#include <functional>
#include <string>

#include "aws_client.hpp"
#include "event_loop.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"

#include "session-common/inbox.hpp"

namespace sqs {

struct parts {
  spawn::plugin::host_ref host;
  spawn::plugin::session_inbox& inbox;  // its gate is the way to offer
  const settings& config;
  event_loop& loop;
  aws_client& aws;
  // Told of each request that failed as a whole, so that the session looks after the link.
  std::function<void(aws_fault, const std::string& why)> trouble;
};

// True when the same request may be fine later.
[[nodiscard]] inline bool passing(aws_fault fault) noexcept {
  return fault == aws_fault::unsent || fault == aws_fault::unanswered ||
         fault == aws_fault::throttled || fault == aws_fault::busy ||
         fault == aws_fault::credentials;
}

// The URL of a queue given by name or URL, asked of the service. `then`: the URL, or a fault.
inline void find_queue(const parts& with, const std::string& queue,
                       std::function<void(std::string url, const aws_answer&)> then) {
  if (is_url(queue)) {
    return then(queue, {});
  }
  nlohmann::json body{{"QueueName", queue}};
  if (!with.config.account.empty()) {
    body["QueueOwnerAWSAccountId"] = with.config.account;
  }
  with.aws.call("GetQueueUrl", body, [then = std::move(then)](aws_answer answer) {
    std::string url;
    if (answer.fault == aws_fault::none) {
      if (const auto at = answer.body.find("QueueUrl");
          at != answer.body.end() && at->is_string()) {
        url = at->get<std::string>();
      } else {
        answer.fault = aws_fault::unanswered;
        answer.error = "the answer to GetQueueUrl has no QueueUrl";
      }
    }
    then(std::move(url), answer);
  });
}

}  // namespace sqs
