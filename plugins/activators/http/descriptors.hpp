// Messages of a protobuf descriptor set, to and from JSON. A pool of its own: nothing is registered
// with the process, so other users of libprotobuf are not disturbed.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace http_activator {

// Immutable. [any]
class descriptors {
 public:
  // `file`: what `protoc --include_imports --descriptor_set_out` writes. Throws std::runtime_error
  // that says what is wrong with it.
  explicit descriptors(const std::string& file);
  ~descriptors();
  descriptors(const descriptors&) = delete;
  descriptors& operator=(const descriptors&) = delete;

  // `name`: of a message, with its package.
  [[nodiscard]] bool knows(std::string_view name) const;
  [[nodiscard]] bool is_message(std::string_view name, std::string_view binary) const;
  // Nothing if it is not JSON of that message; `why` is for the client then.
  [[nodiscard]] std::optional<std::string> to_binary(std::string_view name, std::string_view json,
                                                     std::string& why) const;
  // Nothing if the bytes are not that message.
  [[nodiscard]] std::optional<std::string> to_json(std::string_view name,
                                                   std::string_view binary) const;

 private:
  struct pool;
  std::unique_ptr<const pool> pool_;
};

// "a.B" of "type.googleapis.com/a.B". [any]
[[nodiscard]] inline std::string_view message_of(std::string_view type_url) noexcept {
  const auto slash = type_url.rfind('/');
  return slash == type_url.npos ? type_url : type_url.substr(slash + 1);
}

inline constexpr std::string_view type_url_prefix = "type.googleapis.com";

}  // namespace http_activator
