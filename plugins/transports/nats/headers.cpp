#include "headers.hpp"

#include "nats-common/message.hpp"

namespace nats_transport {

namespace {

constexpr std::string_view mark = "%%";
constexpr std::string_view digits = "0123456789ABCDEF";

int digit_of(char c) noexcept {
  const std::size_t at = digits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string encoded_header(std::string_view value) {
  // The client library drops a header without a value.
  if (!value.empty() && nats_common::valid_header_value(value) && !value.starts_with(mark)) {
    return std::string(value);
  }
  std::string out(mark);
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c > ' ' && c <= '~' && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

std::string decoded_header(std::string_view carried) {
  if (!carried.starts_with(mark)) {
    return std::string(carried);
  }
  std::string out;
  for (std::size_t i = mark.size(); i < carried.size(); ++i) {
    const int high = carried[i] == '%' && i + 2 < carried.size() ? digit_of(carried[i + 1]) : -1;
    const int low = high < 0 ? -1 : digit_of(carried[i + 2]);
    if (low < 0) {
      out.push_back(carried[i]);
    } else {
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return out;
}

}  // namespace nats_transport
