// The steps from a line of configuration to a running plugin, and the error each of them gives.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace spawn {

// In order. A refusal names the step, so that an operator knows what to look at.
enum class load_step {
  resolve,    // find the file
  signature,  // who signed it, see plugins.trusted_keys
  note,       // read its manifest, no code runs
  lint,       // symbols, dependencies, flags
  copy,       // into the content-addressed store; the sha256 pin
  dlopen,     // the dynamic linker
  entry,      // the entry symbol and its table
  manifest,   // entry and note agree
  config,     // the instance's configuration against the plugin's schema
  init,       // once per process
  create,     // the instance
  interface,  // the table of its kind
  start,      // connected and ready
};

[[nodiscard]] std::string_view name(load_step step) noexcept;

// "plugin <subject> refused at <step>: <cause>". The subject is a path, or a name before there is
// a path.
[[nodiscard]] tl::unexpected<error> refuse(load_step step, std::string_view subject,
                                           std::string_view cause, errc code = errc::invalid);

}  // namespace spawn
