// ${VAR}, ${VAR:-default} and ${file:/path} in the scalars of a configuration; $${ is a plain ${.
// {...} without the dollar is a template of an activator and passes untouched.
// Thread: [control]; reads files.
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/environment.hpp"

namespace spawn::config {

struct interpolated {
  std::string text;
  bool replaced = false;  // at least one ${...} was filled in: the text is a secret
};

inline constexpr std::size_t secret_file_bytes_max = 64 << 10;

// The error names the variable or the file, never a value.
[[nodiscard]] result<interpolated> interpolate(std::string_view text, const environment& env);

}  // namespace spawn::config
