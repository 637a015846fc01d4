#include "nats-common/asks.hpp"

#include <charconv>
#include <random>

namespace nats_common {

namespace {

std::uint64_t number_at_end(std::string_view subject) noexcept {
  const std::string_view digits = subject.substr(subject.rfind('.') + 1);
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return failed == std::errc() && end == digits.data() + digits.size() ? out : 0;
}

}  // namespace

std::string unique_token() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string out;
  for (int word = 0; word < 4; ++word) {
    auto bits = static_cast<std::uint32_t>(source());
    for (int i = 0; i < 8; ++i, bits >>= 4) {
      out.push_back(digits[bits & 15]);
    }
  }
  return out;
}

asks::asks(const std::string& inbox_prefix) : inbox_(inbox_prefix + "." + unique_token()) {}

std::string asks::add(std::uint64_t deadline_ns, on_answer who) {
  const std::uint64_t number = next_++;
  open_.emplace(number, open_ask{deadline_ns, std::move(who)});
  if (deadline_ns != 0) {
    by_deadline_.emplace(deadline_ns, number);
  }
  return inbox_ + "." + std::to_string(number);
}

void asks::end(std::uint64_t number, answer a) {
  auto gone = open_.extract(number);
  if (gone.empty()) {
    return;
  }
  const auto [from, to] = by_deadline_.equal_range(gone.mapped().deadline_ns);
  for (auto at = from; at != to; ++at) {
    if (at->second == number) {
      by_deadline_.erase(at);
      break;
    }
  }
  gone.mapped().who(std::move(a));
}

void asks::arrived(message_ptr m) {
  const std::uint64_t number = number_at_end(subject_of(m.get()));
  end(number, {fate::answered, std::move(m), SPAWN_OK});
}

void asks::fail(const std::string& reply_subject, fate how, spawn_status status) {
  end(number_at_end(reply_subject), {how, nullptr, status});
}

void asks::expire(std::uint64_t now_ns) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now_ns) {
    end(by_deadline_.begin()->second, {fate::timed_out, nullptr, SPAWN_E_UNKNOWN_OUTCOME});
  }
}

void asks::fail_all(fate how) {
  // What a handler asks while it is told is not among these.
  const std::uint64_t last = next_;
  while (!open_.empty() && open_.begin()->first < last) {
    end(open_.begin()->first, {how, nullptr, SPAWN_E_UNAVAILABLE});
  }
}

}  // namespace nats_common
