// The files that `plugins new` writes, from templates/, compiled in. In them @name@ stands for the
// plugin's name, @kind@ for its kind, and @ident@ for the name as an identifier.
#pragma once
#include <span>
#include <string_view>

namespace spawn::ctl {

struct template_file {
  std::string_view path;  // within templates/
  std::string_view text;
};

[[nodiscard]] std::span<const template_file> template_files();

}  // namespace spawn::ctl
