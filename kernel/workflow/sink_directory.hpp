// Which sinks there are, and what is broadcast to which.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/ports/sink_port.hpp"

namespace spawn {

struct sink_place {
  sink_port* port = nullptr;
  std::string destination;  // empty: the instance's own
};

// Filled before the lanes start, then only read. [any]
class sink_directory {
 public:
  void add(std::string name, sink_place place, const std::vector<std::string>& channels) {
    for (const std::string& channel : channels) {
      by_channel_[channel].push_back(name);
    }
    by_name_.emplace(std::move(name), std::move(place));
  }
  // Null: there is none of this name.
  [[nodiscard]] const sink_place* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::vector<std::string>& of_channel(std::string_view channel) const {
    static const std::vector<std::string> none;
    const auto found = by_channel_.find(channel);
    return found == by_channel_.end() ? none : found->second;
  }
  [[nodiscard]] bool empty() const noexcept { return by_name_.empty(); }

 private:
  std::map<std::string, sink_place, std::less<>> by_name_;
  std::map<std::string, std::vector<std::string>, std::less<>> by_channel_;
};

}  // namespace spawn
