#include "confirms.hpp"

#include <algorithm>

namespace rabbitmq {

namespace {

constexpr std::uint16_t access_refused = 403, not_found = 404, precondition_failed = 406;

std::string no_queue_text(const address& to) {
  return "no queue is bound for routing key \"" + to.routing_key + "\" of exchange \"" +
         to.exchange + "\"";
}

}  // namespace

void confirms::sent(const address& to, const spawn_sink_message& m) {
  flight& one = flights_[++last_];
  one.to = to;
  one.id = spawn::plugin::text(m.dedup_id);
  one.bytes = m.payload.len;
}

void confirms::taken(outgoing::op op) {
  flights_.at(last_).op.emplace(std::move(op));
  ++open_;
}

void confirms::end(flight& one, spawn_status status, std::string_view why) {
  if (one.op) {
    one.op->end(status, why);
    one.op.reset();
    --open_;
  }
}

void confirms::confirmed(std::uint64_t number, bool multiple, bool good) {
  const auto from = multiple ? flights_.begin() : flights_.lower_bound(number);
  const auto to = flights_.upper_bound(number);
  for (auto at = from; at != to; at = flights_.erase(at)) {
    flight& one = at->second;
    if (one.no_queue) {
      end(one, SPAWN_E_NOT_FOUND, no_queue_text(one.to));
    } else if (good) {
      end(one, SPAWN_OK, {});
    } else {
      end(one, SPAWN_E_UNAVAILABLE, "the broker did not take the message (nack)");
    }
  }
}

void confirms::returned(const message& what) {
  const auto at = std::find_if(flights_.begin(), flights_.end(), [&](const auto& each) {
    const flight& one = each.second;
    return !one.no_queue && one.to.exchange == what.exchange &&
           one.to.routing_key == what.routing_key && one.id == what.message_id;
  });
  if (at != flights_.end()) {
    at->second.no_queue = true;
  }
}

void confirms::channel_closed(std::uint16_t code, std::string_view text) {
  for (auto& [number, one] : flights_) {
    const bool names_it = text.find("exchange '" + one.to.exchange + "'") != text.npos;
    const bool sizes_it = text.find("message size " + std::to_string(one.bytes) + " ") != text.npos;
    if (code == not_found && names_it) {
      end(one, SPAWN_E_NOT_FOUND, text);
    } else if (code == access_refused && names_it) {
      end(one, SPAWN_E_DENIED, text);
    } else if (code == precondition_failed && sizes_it) {
      end(one, SPAWN_E_TOO_LARGE, text);
    }
  }
}

void confirms::lost(std::string_view why) {
  for (auto& [number, one] : flights_) {
    end(one, SPAWN_E_UNKNOWN_OUTCOME, why);
  }
  flights_.clear();
  last_ = 0;
}

std::optional<std::uint64_t> confirms::expire(std::uint64_t now_ns) {
  std::optional<std::uint64_t> next;
  for (auto& [number, one] : flights_) {
    if (!one.op) {
      continue;
    }
    const std::uint64_t deadline = (*one.op)->op.deadline_ns;
    if (deadline == 0) {
      continue;
    }
    if (deadline <= now_ns) {
      end(one, SPAWN_E_UNKNOWN_OUTCOME, "the broker did not confirm in time");
    } else {
      next = std::min(deadline, next.value_or(deadline));
    }
  }
  return next;
}

}  // namespace rabbitmq
