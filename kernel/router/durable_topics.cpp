#include "router/durable_topics.hpp"

#include "router/identity.hpp"

namespace spawn {

void durable_topics::install(const definition& def) {
  const std::string of = identity_key({def.system, {}, def.type}).text();
  if (const auto before = of_type_.extract(of)) {
    for (const auto& topic : before.mapped()) {
      const auto at = types_.find(topic);
      if (--at->second == 0) {
        types_.erase(at);
      }
    }
  }
  if (def.mode() != durability::commit) {
    return;
  }
  for (const auto& binding : def.channels) {
    of_type_[of].push_back(identity_key({def.system, {}, binding.topic}).text());
    ++types_[of_type_[of].back()];
  }
}

bool durable_topics::contains(std::string_view system, std::string_view topic) const {
  return types_.contains(identity_key({system, {}, topic}).view());
}

}  // namespace spawn
