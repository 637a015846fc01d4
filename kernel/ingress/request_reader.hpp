// Reads one HTTP request from a byte stream, keeping only what the kernel needs.
#pragma once
#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>

namespace spawn {

// Beast does the parsing; this keeps the few header fields that mean something here. One per
// request. Limits: header and body as given; the body's is checked when its length is announced.
class request_reader final : public boost::beast::http::basic_parser<true> {
 public:
  request_reader(std::uint32_t header_max, std::uint64_t body_max)
      : room_(static_cast<std::size_t>(std::min(body_max, std::uint64_t{64} << 20))) {
    header_limit(header_max);
    body_limit(body_max);
  }
  using verb = boost::beast::http::verb;

  verb method = verb::unknown;
  std::string target;
  std::string content_type;
  std::string accept_encoding;
  std::string traceparent;
  std::string spawn_host;
  std::string authorization;
  std::optional<std::string> idempotency_key;
  bool expects_continue = false;
  std::string body;

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;
  using field = boost::beast::http::field;

  void on_request_impl(verb v, text, text path, int, error_code&) override {
    method = v;
    target.assign(path.data(), path.size());
  }
  void on_response_impl(int, text, int, error_code&) override {}
  void on_field_impl(field name, text raw, text value, error_code&) override {
    switch (name) {
      case field::content_type:
        content_type.assign(value.data(), value.size());
        break;
      case field::accept_encoding:
        accept_encoding.assign(value.data(), value.size());
        break;
      case field::authorization:
        authorization.assign(value.data(), value.size());
        break;
      case field::expect:
        expects_continue = boost::beast::iequals(value, "100-continue");
        break;
      default:
        if (boost::beast::iequals(raw, "traceparent")) {
          traceparent.assign(value.data(), value.size());
        } else if (boost::beast::iequals(raw, "spawn-host")) {
          spawn_host.assign(value.data(), value.size());
        } else if (boost::beast::iequals(raw, "idempotency-key")) {
          idempotency_key.emplace(value.data(), value.size());
        }
    }
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // A promise, not a fact: memory follows what really arrives.
    constexpr std::uint64_t trusted = 64 << 10;
    if (length) {
      body.reserve(static_cast<std::size_t>(std::min(*length, trusted)));
    }
  }
  std::size_t on_body_impl(text part, error_code&) override { return take(part); }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override {
    return take(part);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t take(text part) {
    // A body that turns out to be large gets all the room it may ever need, once: growing by
    // doubling would copy megabytes within one turn. Pages are the system's until they are used.
    constexpr std::size_t large = 1 << 20;
    if (body.size() + part.size() > large && body.capacity() < room_) {
      body.reserve(room_);
    }
    body.append(part.data(), part.size());
    return part.size();
  }

  std::size_t room_;
};

}  // namespace spawn
