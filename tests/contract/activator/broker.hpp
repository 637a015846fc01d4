// broker: the other side of an activator under test. Each plugin's test implements one over the
// real server (or what stands in for it): it publishes, and looks at what is left.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "spawn/plugin/testing/manual_clock.hpp"

namespace contract {

using headers = std::vector<std::pair<std::string, std::string>>;

// A message, as it is published to the source and as it comes out of a sink.
struct letter {
  std::string key;  // messages with the same one keep their order
  std::string id;   // message id
  std::string body;
  headers with;
  std::string content_type;
};

// What this broker, or this driver, can not do: checks that need it are skipped, with a reason.
// Each `false` is a statement about the source that its page in docs/activators has to make too.
struct broker_traits {
  bool keeps = true;    // messages wait at the source, and come again until they were settled
  bool forgets = true;  // a lost connection ends what was delivered on it: it comes again, and late
                        // verdicts on it reach nobody. false: the hold is not of a connection
  bool ordered = true;  // messages of one key come in the order they were published
  bool bodies = true;   // a body can be chosen and arrives as it was
  bool empty_bodies = true;  // a body may be empty
  bool headers = true;       // a message has headers
  bool outlives = true;      // the source is there when the test's process dies
  bool same_id = true;       // dedup_id of a message is the same each time it comes
  bool real_time = true;     // the clock of the host runs by itself
  bool lag = true;           // it can be asked how much waits
  std::size_t body_bytes_max = 1u << 20;
  std::size_t sink_bytes_max = 1u << 20;
};

// A config that create must refuse with a text that has `names` in it.
struct bad_config {
  std::string config;
  std::string names;
};

// Life: one for a test program. fresh_config() makes a queue that nobody has used; all that is
// asked after it is about that queue. Thread: the test's. A call that can not be served throws
// failed.
class broker {
 public:
  broker() = default;
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;
  virtual ~broker() = default;

  [[nodiscard]] virtual broker_traits traits() const { return {}; }
  // How long a check waits for what must come.
  [[nodiscard]] virtual std::chrono::milliseconds patience() const {
    return std::chrono::seconds(30);
  }
  // How long a check waits to see that nothing comes.
  [[nodiscard]] virtual std::chrono::milliseconds quiet() const {
    return std::chrono::milliseconds(500);
  }
  // Time passes, for the source and for the host. Sources with another clock than the real one
  // (traits().real_time false) move that.
  virtual void pass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
  // The clock of the host that the next instance gets; lives as long as that instance.
  virtual void clock_is(spawn::plugin::testing::manual_clock&) {}

  // The config of an instance over a queue of its own, as canonical JSON. Retries without a delay
  // should come at once, and what a dead instance held should come back within the patience.
  virtual std::string fresh_config() = 0;
  // Returns when the source has the messages, in this order.
  virtual void publish(std::span<const letter> letters) = 0;
  // What a delivery's message was published as: its body, unless the source makes its own.
  [[nodiscard]] virtual std::string mark(const std::string& payload,
                                         const std::string& dedup_id) const {
    (void)dedup_id;
    return payload;
  }
  // Messages that are not acknowledged; nothing where the source can not be asked.
  [[nodiscard]] virtual std::optional<std::uint64_t> waiting() { return std::nullopt; }
  // Bodies in the dead letters, so far; nothing where the source can not be asked.
  [[nodiscard]] virtual std::optional<std::vector<std::string>> dead_letters() {
    return std::nullopt;
  }
  // Instances lose their connections and can make no new ones. False: can not be done.
  virtual bool go_away() { return false; }
  // After go_away(): all is as before, and the messages are still there.
  virtual void come_back() {}
  // A config whose server is not there.
  [[nodiscard]] virtual std::optional<std::string> config_of_nobody() { return std::nullopt; }
  [[nodiscard]] virtual std::vector<bad_config> bad_configs() { return {}; }

  // --- sink: for instances that offer spawn.sink/1 ----------------------------------------------
  // A destination that nobody has used. What is sent there can be received from now on.
  virtual std::string fresh_destination() { throw std::logic_error("the driver knows no sink"); }
  // What has arrived there so far, oldest first. Waits up to the patience for `n`.
  virtual std::vector<letter> received(const std::string& destination, std::size_t n) {
    (void)destination, (void)n;
    throw std::logic_error("the driver knows no sink");
  }
  // A destination that the server says is not there; nothing where any name will do.
  [[nodiscard]] virtual std::optional<std::string> missing_destination() { return std::nullopt; }
  // Bytes of a body the server, or the plugin, says is too large; 0: no such bound.
  [[nodiscard]] virtual std::size_t too_large() { return 0; }
};

}  // namespace contract
