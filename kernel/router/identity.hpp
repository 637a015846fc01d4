// The full identity of an actor as one key of a table.
#pragma once
#include <cstring>
#include <string>
#include <string_view>

#include "model/actor_id.hpp"

namespace spawn {

// Two lengths before the parts, so that no two identities share a key. Made for every message, so
// it lives on the stack unless the names are long. Nothing durable depends on its form.
class identity_key {
 public:
  explicit identity_key(actor_view id) {
    const std::size_t size =
        2 * sizeof(std::uint32_t) + id.system.size() + id.parent.size() + id.name.size();
    char* to = near_;
    if (size > sizeof near_) {
      far_.resize(size);
      to = far_.data();
    }
    text_ = {to, size};
    for (const std::size_t part : {id.system.size(), id.parent.size()}) {
      const auto length = static_cast<std::uint32_t>(part);
      std::memcpy(to, &length, sizeof length);
      to += sizeof length;
    }
    for (const std::string_view part : {id.system, id.parent, id.name}) {
      if (!part.empty()) {
        std::memcpy(to, part.data(), part.size());
        to += part.size();
      }
    }
  }
  identity_key(const identity_key&) = delete;
  identity_key& operator=(const identity_key&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return text_; }
  [[nodiscard]] std::string text() const { return std::string(text_); }

 private:
  char near_[120];
  std::string far_;
  std::string_view text_;
};

}  // namespace spawn
