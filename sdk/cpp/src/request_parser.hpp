// Beast's parser, keeping only what the host needs and allocating nothing for a common request.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>

namespace spawn::sdk::detail {

namespace http = boost::beast::http;

// Life cycle: one for each request; views are valid until the connection reads again.
class request_parser final : public http::basic_parser<true> {
 public:
  explicit request_parser(std::size_t body_max, std::string& target, std::string& spill)
      : target_(target), spill_(spill) {
    eager(true);
    header_limit(header_bytes_max);
    body_limit(body_max);
    spill_.clear();
  }

  static constexpr std::uint32_t header_bytes_max = 16 * 1024;

  [[nodiscard]] bool post() const { return post_; }
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }
  [[nodiscard]] std::string_view body() const { return spill_.empty() ? body_ : spill_; }

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;

  void on_request_impl(http::verb method, string_view, string_view target, int,
                       error_code&) override {
    post_ = method == http::verb::post;
    // The path goes past the life of the read buffer when the body comes in pieces.
    target_.assign(target.data(), target.size());
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field name, string_view, string_view value, error_code&) override {
    if (name == http::field::expect) {
      expects_continue_ = boost::beast::iequals(value, "100-continue");
    }
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view piece, error_code&) override { return add(piece); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    return add(piece);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t add(string_view piece) {
    const auto whole = content_length();
    if (spill_.empty() && whole && *whole == piece.size()) {
      body_ = {piece.data(), piece.size()};
    } else {
      spill_.append(piece.data(), piece.size());
    }
    return piece.size();
  }

  std::string& target_;
  std::string& spill_;  // a body that came in pieces
  std::string_view body_;
  bool post_ = false;
  bool expects_continue_ = false;
};

}  // namespace spawn::sdk::detail
