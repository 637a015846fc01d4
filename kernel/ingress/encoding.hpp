// Content encoding of responses: gzip and deflate (protocol.md 1.1, 16.5; D13).
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace spawn {

enum class content_encoding : unsigned char { identity, gzip, deflate };

// The first of gzip, x-gzip and deflate that the header lists without q=0.
[[nodiscard]] content_encoding choose_encoding(std::string_view accept_encoding) noexcept;
[[nodiscard]] std::string_view name_of(content_encoding e) noexcept;

// Keeps its compressor between bodies. Bodies below 1 KiB are stored, not compressed: there is
// nothing to win. One per lane. [lane]
class body_encoder {
 public:
  body_encoder();
  ~body_encoder();
  // Replaces `out`; false when zlib fails, and then the body goes out as it is.
  [[nodiscard]] bool encode(content_encoding e, std::string_view body, std::string& out);

 private:
  struct streams;
  std::unique_ptr<streams> streams_;
};

}  // namespace spawn
