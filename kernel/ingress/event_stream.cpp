#include "ingress/event_stream.hpp"

namespace spawn {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;

}  // namespace

event_stream::event_stream(channel_listeners& at, std::string_view system, std::string_view channel,
                           std::function<void()> ready)
    : at_(at), system_(system), channel_(channel), ready_(std::move(ready)) {
  at_.add(system_, channel_, *this);
}

// At the kernel's end the listeners may be gone before their connections are.
event_stream::~event_stream() {
  if (is_linked()) {
    at_.remove(system_, channel_, *this);
  }
}

void event_stream::heard(const std::shared_ptr<const std::string>& event) {
  if (is_behind_ || is_over_) {
    return;
  }
  const bool was_empty = waiting_.empty();
  is_behind_ = !was_empty && waiting_bytes_ + event->size() > waiting_max;
  if (!is_behind_) {
    waiting_bytes_ += event->size();
    waiting_.push_back(event);
  }
  if (was_empty || is_behind_) {
    ready_();
  }
}

void event_stream::ended() {
  is_over_ = true;
  ready_();
}

std::string event_stream::take() {
  std::string out;
  while (!waiting_.empty() && out.size() < piece_bytes) {
    const auto event = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= event->size();
    for (std::string_view rest = *event;;) {
      const auto end = rest.find_first_of("\r\n");
      out.append("data: ").append(rest.substr(0, end)).append("\n");
      if (end == rest.npos) {
        break;
      }
      rest.remove_prefix(end + 1);
    }
    out += '\n';
  }
  return out;
}

}  // namespace spawn
