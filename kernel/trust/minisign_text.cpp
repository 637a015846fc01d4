#include "trust/minisign_text.hpp"

#include "base/base64.hpp"

namespace spawn::trust {

result<std::vector<std::string_view>> lines_of(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return fail(errc::invalid, "longer than " + std::to_string(text_bytes_max) + " bytes");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(errc::invalid, "not a text file");
  }
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    out.push_back(line);
  }
  while (!out.empty() && out.back().empty()) {
    out.pop_back();
  }
  return out;
}

result<std::string_view> comment_of(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix)) {
    return fail(errc::invalid, "no line begins with \"" + std::string(prefix) +
                                   "\" where one has to; is it a file of minisign?");
  }
  return line.substr(prefix.size());
}

result<std::string> bytes_of(std::string_view line, std::size_t bytes, std::string_view what) {
  auto out = base64_decode(line);
  if (!out) {
    return fail(errc::invalid, std::string(what) + " is not base64");
  }
  if (out->size() != bytes) {
    return fail(errc::invalid, std::string(what) + " has " + std::to_string(out->size()) +
                                   " bytes, not " + std::to_string(bytes));
  }
  return std::move(*out);
}

result<void> check_comment(std::string_view comment) {
  if (comment.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos) {
    return fail(errc::invalid, "a comment is one line of text");
  }
  if (comment.size() > 8'000) {
    return fail(errc::invalid, "a comment has at most 8000 bytes");
  }
  return {};
}

}  // namespace spawn::trust
