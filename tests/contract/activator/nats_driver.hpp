// nats_driver: the client of a NATS server that tests publish and look with. Blocking calls of the
// C library, each with its time limit; what goes wrong throws failed. [test thread]
#pragma once
#include <nats/nats.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/activator/broker.hpp"

namespace contract {

class nats_driver {
 public:
  explicit nats_driver(const std::string& url);
  nats_driver(const nats_driver&) = delete;
  nats_driver& operator=(const nats_driver&) = delete;
  ~nats_driver();

  void make_stream(const std::string& name, const std::string& subject);
  void delete_stream(const std::string& name);
  // Until streams have them all: many on their way at once, in this order. To one subject, or each
  // to its own.
  void publish(const std::string& subject, const letter& one);
  void publish(const std::vector<std::pair<std::string, letter>>& all);
  // Without JetStream: until the server has it.
  void publish_plain(const std::string& subject, const letter& one);
  // All that a stream has.
  [[nodiscard]] std::vector<letter> messages(const std::string& stream);
  // Not acknowledged to this consumer; all of the stream's if there is no such consumer yet.
  [[nodiscard]] std::uint64_t waiting(const std::string& stream, const std::string& consumer);

  // Plain requests. `heard` is what came back; throws when nothing did.
  struct heard {
    bool nobody = false;  // no responders
    letter message;
  };
  [[nodiscard]] heard request(const std::string& subject, const letter& one, int wait_ms);

  // A plain subscription; next() waits for a message of it.
  class listener {
   public:
    explicit listener(natsSubscription* raw) : raw_(raw, &natsSubscription_Destroy) {}
    [[nodiscard]] letter next();

   private:
    std::unique_ptr<natsSubscription, decltype(&natsSubscription_Destroy)> raw_;
  };
  [[nodiscard]] listener listen(const std::string& subject);

 private:
  natsConnection* connection_ = nullptr;
  jsCtx* js_ = nullptr;
};

}  // namespace contract
