#include "settler.hpp"

#include <algorithm>

#include "refusals.hpp"

namespace pubsub {

namespace {

// Of one call; the server takes no request beyond 512 KiB, and an id has some 200 bytes.
constexpr std::size_t ids_most = 1'000;

}  // namespace

class settler::ack_call final : public call<api::AcknowledgeRequest, api::Empty> {
 public:
  ack_call(settler& of, ack_list ids) : of_(&of), ids_(std::move(ids)) {
    request.set_subscription(of.settings_->subscription);
    for (const auto& [id, until] : ids_) {
      request.add_ack_ids(id);
    }
  }
  reader send(grpc::CompletionQueue* on) override {
    return of_->stub_->AsyncAcknowledge(&context, request, on);
  }
  void ended() override { of_->acked(status, std::move(ids_)); }

 private:
  settler* of_;
  ack_list ids_;
};

class settler::move_call final : public call<api::ModifyAckDeadlineRequest, api::Empty> {
 public:
  move_call(settler& of, std::uint32_t seconds, ack_list ids)
      : of_(&of), seconds_(seconds), ids_(std::move(ids)) {
    request.set_subscription(of.settings_->subscription);
    request.set_ack_deadline_seconds(static_cast<std::int32_t>(seconds));
    for (const auto& [id, until] : ids_) {
      request.add_ack_ids(id);
    }
  }
  reader send(grpc::CompletionQueue* on) override {
    return of_->stub_->AsyncModifyAckDeadline(&context, request, on);
  }
  void ended() override { of_->moved(status, seconds_, std::move(ids_)); }

 private:
  settler* of_;
  std::uint32_t seconds_;
  ack_list ids_;
};

void settler::acknowledge(std::string ack_id, std::uint64_t until_ns) {
  moves_.erase(ack_id);
  acks_.emplace_back(std::move(ack_id), until_ns);
}

void settler::modify(std::string ack_id, std::uint32_t seconds, std::uint64_t until_ns) {
  moves_[std::move(ack_id)] = {seconds, until_ns};
}

void settler::flush() {
  if (!pause_.over()) {
    return;
  }
  flush_acks();
  flush_moves();
}

int settler::wait_ms() const {
  const bool more = (!acks_.empty() && !acking_) || (!moves_.empty() && moving_ == 0);
  return more ? pause_.left_ms() : -1;
}

void settler::flush_acks() {
  if (acking_ || acks_.empty()) {
    return;
  }
  const auto n = static_cast<std::ptrdiff_t>(std::min(acks_.size(), ids_most));
  ack_list some(std::make_move_iterator(acks_.begin()), std::make_move_iterator(acks_.begin() + n));
  acks_.erase(acks_.begin(), acks_.begin() + n);
  acking_ = true;
  ++calls_out_;
  calls_->start(std::make_unique<ack_call>(*this, std::move(some)), settings_->call_ms);
}

// The next round starts when this one has ended: of two moves of one message the later one must be
// the one that stays.
void settler::flush_moves() {
  if (moving_ != 0 || moves_.empty()) {
    return;
  }
  std::unordered_map<std::uint32_t, ack_list> by_seconds;
  for (auto& [id, to] : moves_) {
    by_seconds[to.seconds].emplace_back(id, to.until_ns);
  }
  moves_.clear();
  for (auto& [seconds, ids] : by_seconds) {
    for (std::size_t from = 0; from < ids.size(); from += ids_most) {
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end =
          ids.begin() + static_cast<std::ptrdiff_t>(std::min(from + ids_most, ids.size()));
      ++moving_;
      ++calls_out_;
      calls_->start(std::make_unique<move_call>(*this, seconds, ack_list(begin, end)),
                    settings_->call_ms);
    }
  }
}

void settler::ended(const grpc::Status& status) {
  --calls_out_;
  if (status.ok()) {
    return backoff_.reset();
  }
  pause_.start(backoff_.next());
  host_.log(spawn::plugin::level::debug, "acknowledging failed",
            spawn::plugin::field("subscription", settings_->subscription),
            spawn::plugin::field("error", status.error_message()));
}

// What is worth another try of a call that failed.
settler::ack_list settler::again(const grpc::Status& status, ack_list ids) const {
  if (status.ok()) {
    return {};
  }
  const auto reasons = refused_ids(status);
  const std::uint64_t now = host_.now_ns();
  std::erase_if(ids, [&](const auto& one) {
    const auto reason = reasons.find(one.first);
    const bool may =
        reason != reasons.end() ? transient(reason->second) : reasons.empty() && passing(status);
    return !may || now >= one.second;
  });
  return ids;
}

void settler::acked(const grpc::Status& status, ack_list ids) {
  acking_ = false;
  ended(status);
  for (auto& one : again(status, std::move(ids))) {
    acks_.push_back(std::move(one));
  }
}

void settler::moved(const grpc::Status& status, std::uint32_t seconds, ack_list ids) {
  --moving_;
  ended(status);
  for (auto& [id, until] : again(status, std::move(ids))) {
    moves_.try_emplace(std::move(id), move{seconds, until});  // a newer one stays
  }
}

}  // namespace pubsub
