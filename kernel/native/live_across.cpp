// Messages and answers between live actors of different lanes.
#include "base/log.hpp"
#include "native/live_lane.hpp"

namespace spawn {

spawn_status live_lane::send_across(live_address& to, std::uint32_t action, std::uint64_t token,
                                    std::uint64_t deadline_ns, const spawn_payload& payload) {
  live_record record{.type = to.type,
                     .hash = to.hash,
                     .token = token,
                     .deadline_ns = deadline_ns,
                     .action = action};
  std::string_view from;
  if (current_ != nullptr) {
    record.from_type = current_->type;
    record.from_hash = current_->hash;
    from = current_->name();
  }
  if (!pack(*lines_[to.lane], record, to.name(), from, payload, false)) {
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  return SPAWN_OK;
}

void live_lane::send_answer(live_lane& to, std::uint64_t token, spawn_status status,
                            const spawn_payload& payload) {
  live_record record{.token = token, .status = static_cast<std::uint16_t>(status)};
  static_cast<void>(pack(*lines_[to.home_.index()], record, {}, {}, payload, true));
}

bool live_lane::pack(live_line& into, live_record& record, std::string_view name,
                     std::string_view from, const spawn_payload& payload, bool must) {
  record.name = static_cast<std::uint16_t>(name.size());
  record.from = static_cast<std::uint16_t>(from.size());
  record.presence = static_cast<std::uint8_t>(payload.presence);
  record.type_url = payload.type_url.len;
  record.value = payload.value.len;
  if (!into.put(record, name, from, payload, must)) {
    return false;
  }
  home_.at_turn_end(across_);
  return true;
}

// What has been packed so far, to all lanes.
void live_lane::send_lines() {
  across_.unlink();
  for (const auto& line : lines_) {
    line->send();
  }
}

void live_lane::post_to(live_lane& there, live_crate& crate) {
  home_.expect_soon();
  there.home_.post(crate);  // their number is bounded by the line
}

void live_lane::unpack(const live_crate& crate) {
  for (std::size_t at = 0; at < crate.used;) {
    const auto& record = *reinterpret_cast<const live_record*>(crate.bytes.get() + at);
    const char* text = reinterpret_cast<const char*>(&record + 1);
    const auto next = [&text](std::size_t size) {
      return std::string_view(std::exchange(text, text + size), size);
    };
    const std::string_view name = next(record.name), from = next(record.from);
    spawn_payload payload{};
    payload.presence = record.presence;
    payload.type_url = slice_of(next(record.type_url));
    payload.value = slice_of(next(record.value));
    if (record.type == nullptr) {
      static_cast<void>(answer(record.token, record.status, payload));
    } else {
      arrived(crate.line.from(), record, name, from, payload);
    }
    at += record.size();
  }
}

void live_lane::arrived(live_lane& back, const live_record& record, std::string_view name,
                        std::string_view from_name, const spawn_payload& payload) {
  live_ask* question = nullptr;
  if (record.token != 0) {
    question = &open_ask(live_ask::whose::lane, record.deadline_ns);
    question->there = &back;
    question->token = record.token;
  }
  spawn_status status = is_closed_ ? SPAWN_E_UNAVAILABLE : SPAWN_E_EXHAUSTED;
  live_address* to = is_closed_ ? nullptr : address_of(*record.type, name, record.hash);
  if (to != nullptr) {
    hold(*to);
    live_address* from = record.from_type == nullptr
                             ? nullptr
                             : address_of(*record.from_type, from_name, record.from_hash);
    if (from != nullptr) {
      hold(*from);
    }
    status = deliver(*to, record.action, question, from, payload);
    if (from != nullptr) {
      let_go(*from);
    }
    let_go(*to);
  }
  if (status == SPAWN_OK) {
    return;
  }
  if (question != nullptr) {
    static_cast<void>(
        answer(question->name(), status, text_payload("the actor's mailbox has no room")));
    return;
  }
  stats_.live_dropped.add();
  if (dropped_log_.allows(home_.now_ns())) {
    SPAWN_LOG(warn, "messages to live actors are dropped",
              {"why", "a mailbox has no room for what another lane sent"}, {"actor", name},
              {"more_since_last_line", dropped_log_.take_held_back()});
  }
}

}  // namespace spawn
