// aws_client: signed requests to SQS in the JSON protocol, one try each. [loop]
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "aws_fault.hpp"
#include "credential_chain.hpp"
#include "http_client.hpp"

namespace sqs {

struct aws_answer {
  aws_fault fault = aws_fault::none;
  std::string code, error;  // of a fault: the service's name for it, and a text for people
  nlohmann::json body;      // an object, unless there is a fault
};

// A request under way, as its sender sees it.
class aws_call {
 public:
  // Gives it up; it still ends, soon.
  void cancel();

 private:
  friend class aws_client;
  bool cancelled_ = false;
  std::shared_ptr<http_call> http_;
};

class aws_client {
 public:
  struct place {
    origin endpoint;
    std::string region;
    std::uint32_t request_ms = 10'000;
  };

  // http and chain live longer.
  aws_client(spawn::plugin::host_ref host, http_client& http, credential_chain& chain, place at);
  aws_client(const aws_client&) = delete;
  aws_client& operator=(const aws_client&) = delete;

  using done = std::function<void(aws_answer)>;
  // `then` is called once, maybe before this returns; not at all if the loop ends before. The
  // answer may take request_ms and `longer_ms`.
  std::shared_ptr<aws_call> call(std::string_view action, const nlohmann::json& body, done then,
                                 std::uint32_t longer_ms = 0);

 private:
  [[nodiscard]] aws_answer read(const http_answer& answer);
  void learn_time(const http_answer& answer);

  spawn::plugin::host_ref host_;
  http_client& http_;
  credential_chain& chain_;
  place at_;
  std::int64_t service_ahead_ms_ = 0;  // of this machine's clock, where the service has said so
};

}  // namespace sqs
