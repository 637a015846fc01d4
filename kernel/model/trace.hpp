// W3C trace context: carried from a request to the host calls it causes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace spawn {

// Plain bytes; all zero means no trace. https://www.w3.org/TR/trace-context/ section 3.2.
struct trace_context {
  std::uint8_t trace_id[16]{};
  std::uint8_t span_id[8]{};
  std::uint8_t flags = 0;

  [[nodiscard]] bool present() const noexcept;
  // Reads "00-<32 hex>-<16 hex>-<2 hex>"; anything else leaves no trace (the standard's rule: a
  // malformed header is ignored, never an error).
  [[nodiscard]] static trace_context parse(std::string_view header) noexcept;
  // The same trace with a new span: what a caller hands to whom it calls.
  [[nodiscard]] trace_context child(random& rng) const noexcept;
  void append_header_value(std::string& out) const;
  [[nodiscard]] std::string trace_id_hex() const;
};

}  // namespace spawn
