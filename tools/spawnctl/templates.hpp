// The files that `plugins new` writes, from templates/, compiled in. What the words in @ stand for
// is in templates/README.md.
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
