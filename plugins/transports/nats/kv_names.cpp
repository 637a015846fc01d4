#include "kv_names.hpp"

namespace nats_transport {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

bool alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string prefix_of(std::string_view bucket) {
  return "$KV." + std::string(bucket) + ".";
}

}  // namespace

bool valid_bucket(std::string_view bucket) noexcept {
  for (const char c : bucket) {
    if (!alphanumeric(c) && c != '-' && c != '_') {
      return false;
    }
  }
  return !bucket.empty();
}

std::string encoded_key(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    const bool inner_dot =
        c == '.' && i > 0 && i + 1 < key.size() && key[i - 1] != '.' && key[i + 1] != '.';
    if (alphanumeric(c) || c == '-' || c == '_' || c == '/' || inner_dot) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('=');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

std::string decoded_key(std::string_view carried) {
  std::string out;
  for (std::size_t i = 0; i < carried.size(); ++i) {
    if (carried[i] == '=' && i + 2 < carried.size()) {
      const std::size_t high = digits.find(carried[i + 1]);
      const std::size_t low = digits.find(carried[i + 2]);
      if (high != std::string_view::npos && low != std::string_view::npos) {
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    out.push_back(carried[i]);
  }
  return out;
}

std::string stream_of(std::string_view bucket) {
  return "KV_" + std::string(bucket);
}

std::string subject_of_key(std::string_view bucket, std::string_view key) {
  return prefix_of(bucket) + encoded_key(key);
}

std::string key_of_subject(std::string_view bucket, std::string_view subject) {
  const std::size_t skip = prefix_of(bucket).size();
  return decoded_key(subject.size() < skip ? std::string_view() : subject.substr(skip));
}

}  // namespace nats_transport
