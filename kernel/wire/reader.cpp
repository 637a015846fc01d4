#include "wire/reader.hpp"
#include "base/utf8.hpp"

#include <cstring>

namespace spawn::wire {

std::string_view reader::text() noexcept {
  const auto out = bytes();
  if (!is_utf8(out)) {
    bad_ = true;
    return {};
  }
  return out;
}

void reader::skip() noexcept {
  switch (type_) {
    case type::varint: {
      std::uint64_t ignored = 0;
      bad_ = bad_ || !read_varint(ignored);
      return;
    }
    case type::bytes:
      static_cast<void>(bytes());
      return;
    case type::fixed64:
    case type::fixed32: {
      const std::ptrdiff_t size = type_ == type::fixed64 ? 8 : 4;
      if (end_ - at_ < size) {
        bad_ = true;
        return;
      }
      at_ += size;
      return;
    }
    case type::group:
      break;
  }
  bad_ = true;
}

}  // namespace spawn::wire
