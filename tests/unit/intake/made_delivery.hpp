// A message as a plugin would offer it, with memory of its own.
#pragma once
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/ports/activator_port.hpp"

namespace spawn::test {

struct made_delivery {
  std::deque<std::string> texts;
  std::vector<spawn_kv> headers;
  spawn_delivery raw{};

  explicit made_delivery(std::string_view body, std::string_view content_type = {},
                         std::initializer_list<std::pair<const char*, const char*>> with = {}) {
    raw.struct_size = sizeof(raw);
    raw.token = 1;
    raw.source = keep("orders");
    raw.payload.presence = SPAWN_P_VALUE;
    raw.payload.value = keep(body);
    raw.content_type = keep(content_type);
    for (const auto& [key, value] : with) {
      headers.push_back({keep(key), keep(value)});
    }
    raw.headers = headers.data();
    raw.n_headers = static_cast<std::uint32_t>(headers.size());
  }
  spawn_slice keep(std::string_view text) {
    texts.emplace_back(text);
    return slice_of(texts.back());
  }
  [[nodiscard]] delivery get() const { return delivery(raw); }
};

}  // namespace spawn::test
