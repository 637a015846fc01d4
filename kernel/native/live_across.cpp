// Messages and answers between live actors of different lanes.
#include "base/log.hpp"
#include "native/live_lane.hpp"

namespace spawn {

// Owned by whoever has it: its sender until it is posted, then the lane it goes to.
struct live_parcel : task {
  live_lane* to = nullptr;
  live_lane* back = nullptr;             // a question: who waits there
  const live_type* type = nullptr;       // of the receiver; null: this is an answer
  const live_type* from_type = nullptr;  // null: no actor sent it
  std::string name;
  std::string from;
  std::uint64_t token = 0;  // of the question on the asker's lane; 0: a tell
  std::uint64_t deadline_ns = 0;
  std::uint32_t action = 0;
  spawn_status status = SPAWN_OK;
  std::uint32_t presence = SPAWN_P_UNSET;
  std::size_t type_url = 0;  // so many bytes of `bytes`
  std::string bytes;

  [[nodiscard]] std::size_t charge() const noexcept {
    return sizeof(live_parcel) + name.size() + from.size() + bytes.size();
  }
  void pack(const spawn_payload& payload) {
    presence = payload.presence;
    type_url = payload.type_url.len;
    bytes.reserve(type_url + payload.value.len);
    bytes.append(view_of(payload.type_url)).append(view_of(payload.value));
  }
  [[nodiscard]] spawn_payload payload() const noexcept {
    spawn_payload out{};
    out.presence = presence;
    out.type_url = {bytes.data(), type_url};
    out.value = {bytes.data() + type_url, bytes.size() - type_url};
    return out;
  }
};

spawn_status live_lane::send_parcel(live_address& to, std::uint32_t action, std::uint64_t token,
                                    std::uint64_t deadline_ns, const spawn_payload& payload) {
  auto parcel = std::make_unique<live_parcel>();
  parcel->to = all_[to.lane];
  parcel->back = token != 0 ? this : nullptr;
  parcel->type = to.type;
  parcel->name = to.name();
  if (current_ != nullptr) {
    parcel->from_type = current_->type;
    parcel->from = current_->name();
  }
  parcel->token = token;
  parcel->deadline_ns = deadline_ns;
  parcel->action = action;
  parcel->pack(payload);
  if (!budget_.try_take(parcel->charge())) {
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  parcel->run = [](task& t) {
    const std::unique_ptr<live_parcel> mine(static_cast<live_parcel*>(&t));
    mine->to->home_.request_taken();
    mine->to->budget_.give_back(mine->charge());
    mine->to->arrived(*mine);
  };
  lane& there = parcel->to->home_;
  live_parcel& raw = *parcel.release();
  if (!there.post_request(raw)) {
    budget_.give_back(raw.charge());
    delete &raw;
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  home_.expect_soon();
  return SPAWN_OK;
}

void live_lane::arrived(live_parcel& parcel) {
  const spawn_payload payload = parcel.payload();
  live_ask* question = nullptr;
  if (parcel.back != nullptr) {
    question = &open_ask(live_ask::whose::lane, parcel.deadline_ns);
    question->there = parcel.back;
    question->token = parcel.token;
  }
  spawn_status status = is_closed_ ? SPAWN_E_UNAVAILABLE : SPAWN_E_EXHAUSTED;
  live_address* to = is_closed_ ? nullptr : address_of(*parcel.type, parcel.name);
  if (to != nullptr) {
    hold(*to);
    live_address* from =
        parcel.from_type == nullptr ? nullptr : address_of(*parcel.from_type, parcel.from);
    if (from != nullptr) {
      hold(*from);
    }
    status = deliver(*to, parcel.action, question, from, payload);
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
              {"why", "a mailbox has no room for what another lane sent"}, {"actor", parcel.name},
              {"more_since_last_line", dropped_log_.take_held_back()});
  }
}

void live_lane::send_answer(live_lane& to, std::uint64_t token, spawn_status status,
                            const spawn_payload& payload) {
  auto parcel = std::make_unique<live_parcel>();
  parcel->to = &to;
  parcel->token = token;
  parcel->status = status;
  parcel->pack(payload);
  parcel->run = [](task& t) {
    const std::unique_ptr<live_parcel> mine(static_cast<live_parcel*>(&t));
    static_cast<void>(mine->to->answer(mine->token, mine->status, mine->payload()));
  };
  home_.expect_soon();
  to.home_.post(*parcel.release());  // their number is bounded by that of the questions
}

}  // namespace spawn
