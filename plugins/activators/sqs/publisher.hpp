// publisher: messages of actors to queues, in batches of one queue each. An op ends with OK when
// the service has said that it has its message. [loop]
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "batch_sender.hpp"
#include "spawn/plugin/cpp/sink.hpp"

namespace sqs {

class publisher {
 public:
  explicit publisher(const parts& with);
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  void publish(spawn::plugin::pending<spawn_sink_message> message);
  // Ends the ops whose deadline has passed. Now and then.
  void tick();
  void end_all(const std::string& why);
  [[nodiscard]] bool idle() const noexcept { return flying_.empty(); }

 private:
  struct destination {
    explicit destination(const parts& with);
    batch_sender sender;
    bool found = false, asking = false;
  };
  using op = spawn::plugin::pending<spawn_sink_message>;

  [[nodiscard]] destination* destination_of(const std::string& queue);
  void find(const std::string& queue, destination& which);
  void ended(std::uint64_t number, const std::string& queue, aws_fault fault,
             const std::string& why);

  const parts& with_;
  std::map<std::string, std::unique_ptr<destination>> destinations_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, op> flying_;  // bounded by the kernel
};

}  // namespace sqs
