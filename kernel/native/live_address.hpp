// An actor as the live actors of a lane know it, and, where it is live and of this lane, its
// mailbox and its object.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/linear_table.hpp"
#include "model/actor_id.hpp"
#include "native/live_mail.hpp"
#include "native/live_types.hpp"

// What plugins hold: always a live_address.
struct spawn_live_ref {};

namespace spawn {

// In memory while somebody holds it, something waits in it or its object lives. [lane]
struct live_address : spawn_live_ref {
  live_address* chain = nullptr;    // in its bucket; while it is free, the next free one
  std::uint64_t hash = 0;           // lane_hash
  const live_type* type = nullptr;  // null: not a live actor of this instance
  spawn_live_object* object = nullptr;
  live_mail* first = nullptr;
  live_mail* last = nullptr;
  live_address* next_ready = nullptr;
  std::uint32_t lane = 0;
  std::uint32_t held = 0;     // by the plugin, by mails, by questions
  std::uint32_t waiting = 0;  // mails
  std::uint32_t asked = 0;    // its questions that have no answer yet
  std::uint32_t owes = 0;     // and those of others to it
  std::uint32_t life = 0;     // of its objects, the how-manieth
  std::uint32_t used = 0;     // when, in the lane's own time
  bool ready = false;         // in the queue, or running
  bool leaving = false;

  [[nodiscard]] actor_view id() const noexcept {
    if (type != nullptr) {
      const definition& def = *type->def;
      return {def.system, type->is_named() ? std::string_view() : def.type, name()};
    }
    const char* at = text();
    return {{at, system_size_},
            {at + system_size_, parent_size_},
            {at + system_size_ + parent_size_, name_size_}};
  }
  [[nodiscard]] std::string_view name() const noexcept {
    return {text() + (type != nullptr ? 0 : system_size_ + parent_size_), name_size_};
  }
  // Of a live actor only its name is kept.
  void set_id(actor_view id) {
    const bool whole = type == nullptr;
    system_size_ = static_cast<std::uint16_t>(whole ? id.system.size() : 0);
    parent_size_ = static_cast<std::uint16_t>(whole ? id.parent.size() : 0);
    name_size_ = static_cast<std::uint16_t>(id.name.size());
    const std::size_t size = std::size_t{system_size_} + parent_size_ + name_size_;
    if (size > sizeof near_) {
      far_ = std::make_unique<char[]>(size);
    }
    char* to = far_ ? far_.get() : near_;
    for (const std::string_view part :
         {id.system.substr(0, system_size_), id.parent.substr(0, parent_size_), id.name}) {
      if (!part.empty()) {
        std::memcpy(to, part.data(), part.size());
        to += part.size();
      }
    }
  }
  void forget_id() noexcept { far_.reset(); }
  [[nodiscard]] bool is_unused() const noexcept {
    return held == 0 && object == nullptr && first == nullptr && !ready;
  }

 private:
  [[nodiscard]] const char* text() const noexcept { return far_ ? far_.get() : near_; }

  std::uint16_t system_size_ = 0;
  std::uint16_t parent_size_ = 0;
  std::uint16_t name_size_ = 0;
  char near_[26];
  std::unique_ptr<char[]> far_;
};

using live_table = linear_table<live_address, &live_address::chain, &live_address::hash>;

}  // namespace spawn
