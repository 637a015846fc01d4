#include "ingress/event_stream.hpp"

#include "mesh/channel_messages.hpp"

namespace spawn {

event_stream::event_stream(channel_listeners& at, std::string_view system, std::string_view channel,
                           std::function<void()> ready)
    : at_(at), system_(system), channel_(channel), ready_(std::move(ready)) {
  at_.add(system_, channel_, *this);
}

event_stream::~event_stream() {
  at_.remove(system_, channel_, *this);
}

void event_stream::heard(const broadcast_order& sent) {
  const std::string json = channel_event_json(sent);
  std::string event;
  event.reserve(json.size() + 16);
  for (std::string_view rest = json;;) {
    const auto end = rest.find_first_of("\r\n");
    event.append("data: ").append(rest.substr(0, end)).append("\n");
    if (end == rest.npos) {
      break;
    }
    rest.remove_prefix(end + 1);
  }
  add(event.append("\n"));
}

void event_stream::beat() {
  add(":\n\n");
}

void event_stream::add(std::string_view event) {
  if (is_behind_) {
    return;
  }
  const bool was_empty = waiting_.empty();
  is_behind_ = waiting_.size() + event.size() > waiting_max && !was_empty;
  if (!is_behind_) {
    waiting_ += event;
  }
  if (was_empty || is_behind_) {
    ready_();
  }
}

}  // namespace spawn
