// Which channels actors in mode commit listen to, whoever they are (durability.md 24).
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "model/definition.hpp"

namespace spawn {

// Every lane knows all definitions, so a sender's lane can tell whether a broadcast is to be a row
// without asking where the subscribers are. A channel that is here may have none yet. [lane]
class durable_topics {
 public:
  // Takes up what this type's definition says in place of what it said before.
  void install(const definition& def);
  [[nodiscard]] bool contains(std::string_view system, std::string_view topic) const;

 private:
  // (system, type) and (system, topic) as identity keys.
  std::unordered_map<std::string, std::vector<std::string>, text_hash, std::equal_to<>> of_type_;
  std::unordered_map<std::string, std::size_t, text_hash, std::equal_to<>> types_;
};

}  // namespace spawn
