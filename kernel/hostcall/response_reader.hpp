// Reads one HTTP response from a byte stream, keeping only what the kernel needs.
#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <string>

namespace spawn {

// Beast does the parsing; nothing is stored but the status and the body, so a response costs no
// allocation beyond its body. One object per response.
class response_reader final : public boost::beast::http::basic_parser<false> {
 public:
  explicit response_reader(std::uint64_t body_max) { body_limit(body_max); }
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string take_body() { return std::move(body_); }

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;
  using field = boost::beast::http::field;

  void on_request_impl(boost::beast::http::verb, text, text, int, error_code&) override {}
  void on_response_impl(int code, text, int, error_code&) override { status_ = code; }
  void on_field_impl(field, text, text, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length && *length < (1u << 20)) {
      body_.reserve(static_cast<std::size_t>(*length));
    }
  }
  std::size_t on_body_impl(text part, error_code&) override {
    body_.append(part.data(), part.size());
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override {
    body_.append(part.data(), part.size());
    return part.size();
  }
  void on_finish_impl(error_code&) override {}

  int status_ = 0;
  std::string body_;
};

}  // namespace spawn
