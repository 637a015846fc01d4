#include "base/text_template.hpp"

namespace spawn {

result<text_template> text_template::parse(std::string_view text) {
  text_template out;
  std::string plain;
  const auto wrong = [&](std::size_t at, std::string_view why) {
    return fail(errc::invalid, std::string(why) + " at byte " + std::to_string(at + 1) + " of \"" +
                                   std::string(text) + "\"");
  };
  const auto end_plain = [&] {
    if (!plain.empty()) {
      out.pieces_.push_back({false, std::move(plain)});
      plain.clear();
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      plain += c;
      ++i;
    } else if (c == '}') {
      return wrong(i, "a } without {");
    } else if (c != '{') {
      plain += c;
    } else {
      const auto end = text.find_first_of("{}", i + 1);
      if (end == text.npos || text[end] == '{') {
        return wrong(i, "a { without }");
      }
      const auto field = text.substr(i + 1, end - i - 1);
      if (field.empty()) {
        return wrong(i, "an empty {}");
      }
      end_plain();
      out.pieces_.push_back({true, std::string(field)});
      i = end;
    }
  }
  end_plain();
  return out;
}

std::vector<std::string_view> text_template::fields() const {
  std::vector<std::string_view> out;
  for (const piece& each : pieces_) {
    if (each.is_field) {
      out.emplace_back(each.text);
    }
  }
  return out;
}

}  // namespace spawn
