// Activators and sinks: what the kernel itself does with what a source brings.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/text_template.hpp"

namespace spawn::config {

enum class content_rule : std::uint8_t { automatic, json, text, bytes, protobuf, cloudevents };
enum class order_rule : std::uint8_t { actor, key, none };
enum class dead_letter_rule : std::uint8_t { kernel, source, drop };

// Which actor a message goes to. All texts are templates (docs/activators.md), checked.
struct activator_route {
  std::vector<std::pair<std::string, std::string>> when;  // field and pattern; all must fit
  std::string system;                                     // empty: the kernel's own
  std::string actor;
  std::string parent;
  std::string register_ref;
  std::string action;
  std::string dedup_id;  // empty: the source's own
  std::string order_by;  // empty: the source's own
  content_rule content = content_rule::automatic;
  std::string message;  // of content protobuf: type URL or full name
  bool operator==(const activator_route&) const = default;
};

struct activator_retry {
  std::uint32_t attempts = 6;
  std::uint64_t first_ms = 200;
  std::uint64_t max_ms = 30'000;
  std::uint64_t unknown_actor_ms = 60'000;  // how long a message waits for its actor's registration
  bool operator==(const activator_retry&) const = default;
};

struct activator_rules {
  std::vector<activator_route> routes;  // the first that fits
  std::uint32_t window = 256;
  order_rule order = order_rule::key;
  activator_retry retry;
  std::uint64_t timeout_ms = 0;  // of one try; 0: timeouts.request_ms
  dead_letter_rule dead_letters = dead_letter_rule::kernel;
  bool dedup = true;
  bool all_headers = true;           // as metadata; else those listed
  std::vector<std::string> headers;  // lower case
  bool operator==(const activator_rules&) const = default;
};

struct sink_use {
  std::string name;
  std::string via;  // instance name of an activator, or "transport"
  std::string destination;
  std::vector<std::string> channels;  // what is broadcast there is published here too
  bool operator==(const sink_use&) const = default;
};

}  // namespace spawn::config
