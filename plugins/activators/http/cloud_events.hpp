// CloudEvents 1.0 in HTTP: binary, structured and batched mode.
#pragma once
#include <string>
#include <vector>

#include "messages.hpp"

namespace http_activator {

struct cloud_event {
  pairs attributes;          // "id", "source", "type", ...: as text
  std::string content_type;  // of the data; empty: not said
  std::string data;
  bool has_data = false;

  [[nodiscard]] const std::string& id() const { return *find(attributes, "id"); }
  [[nodiscard]] const std::string& source() const { return *find(attributes, "source"); }
};

enum class event_mode { none, binary, structured, batched };

// By the content type, and by the header ce-specversion for binary mode.
[[nodiscard]] event_mode mode_of(const request& from);

// The body of a request in structured or batched mode, or the headers and body of one in binary
// mode; each event has an id, a source and a type. `most`: events of a batch.
[[nodiscard]] fallible<std::vector<cloud_event>> events_of(request& from, event_mode mode,
                                                           std::size_t most);

}  // namespace http_activator
