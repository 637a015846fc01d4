#include "admin/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "admin/routes.hpp"
#include "base/log.hpp"

namespace spawn {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using stream_type = beast::basic_stream<asio::generic::stream_protocol>;
using parser_type = http::request_parser<http::string_body>;
using response_type = http::response<http::string_body>;

// A record of the largest size, in base64, passes whatever the limit of invocations is.
constexpr std::uint64_t import_bytes_max = 96u << 20;
constexpr auto quiet_limit = std::chrono::seconds(60);

struct open_session {
  explicit open_session(admin_sessions& to) : all(to) { ++all.open; }
  ~open_session() { --all.open; }
  open_session(const open_session&) = delete;
  open_session& operator=(const open_session&) = delete;
  admin_sessions& all;
};

// RFC 6750: "Bearer", in any case, one blank, the token.
bool is_allowed(std::string_view header, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";
  if (header.size() < scheme.size() ||
      !beast::iequals(beast::string_view(header.data(), scheme.size()),
                      beast::string_view(scheme.data(), scheme.size()))) {
    return false;
  }
  return same_secret(header.substr(scheme.size()), token);
}

response_type to_http(admin_response&& from, const parser_type& asked, bool is_head) {
  response_type out(static_cast<http::status>(from.status), 11);
  out.set(http::field::content_type, from.content_type);
  out.set(http::field::cache_control, "no-store");
  if (!from.allow.empty()) {
    out.set(http::field::allow, from.allow);
  }
  if (from.retry_after_s != 0) {
    out.set(http::field::retry_after, std::to_string(from.retry_after_s));
  }
  if (from.status == 401) {
    out.set(http::field::www_authenticate, "Bearer");
  }
  out.keep_alive(asked.is_done() && asked.get().keep_alive());
  out.content_length(from.body.size());
  if (!is_head) {
    out.body() = std::move(from.body);
  }
  return out;
}

// The answer to a request that could not be read at all.
std::optional<admin_response> unreadable(const beast::error_code& why, const parser_type& asked) {
  if (why == http::error::body_limit) {
    return admin_problem(413, "TOO_LARGE", "the body is larger than what this path takes");
  }
  if (why == http::error::header_limit) {
    return admin_problem(431, "TOO_LARGE", "the header is larger than limits.header_bytes");
  }
  const bool is_http_error =
      why.category() == beast::error_code(http::error::bad_target).category();
  if (is_http_error && why != http::error::end_of_stream && asked.got_some()) {
    return bad_request("the request is not HTTP/1.1: " + why.message());
  }
  return std::nullopt;
}

bool has_token(const admin_sessions& all, const parser_type& parser) {
  const auto authorization = parser.get()[http::field::authorization];
  return is_allowed({authorization.data(), authorization.size()}, all.token);
}

admin_response token_wanted() {
  return admin_problem(401, "UNAUTHENTICATED",
                       "send the header Authorization: Bearer <admin.tcp.token>");
}

// Only records that are imported may be larger than an invocation.
std::uint64_t body_bytes_max(const admin_sessions& all, const parser_type& parser) {
  const std::uint64_t usual = all.kernel.settings.limits.body_bytes;
  const auto target = parser.get().target();
  const bool imports = std::string_view(target.data(), target.size()).starts_with("/v1/stores/");
  return imports ? std::max(usual, import_bytes_max) : usual;
}

asio::awaitable<admin_response> answer(admin_sessions& all, parser_type& parser) {
  const auto& message = parser.get();
  admin_request request;
  request.method = message.method_string();
  const auto target = message.target();
  if (auto read = read_target({target.data(), target.size()}, request); !read) {
    co_return bad_request(read.error().text);
  }
  request.body = std::move(parser.get().body());
  admin_call call{all.kernel, all.loop, request};
  co_return co_await answer_admin(call);
}

}  // namespace

asio::awaitable<void> serve_admin(admin_sessions& all, admin_socket peer, bool needs_token) {
  constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);
  const open_session counted(all);
  stream_type stream(std::move(peer));
  beast::flat_buffer buffer;
  bool again = true;
  while (again) {
    parser_type parser;
    parser.body_limit(std::max(all.kernel.settings.limits.body_bytes, import_bytes_max));
    parser.header_limit(all.kernel.settings.limits.header_bytes);
    stream.expires_after(quiet_limit);
    auto [failed, received] = co_await http::async_read_header(stream, buffer, parser, as_pair);
    admin_response ended;
    if (!failed && needs_token && !has_token(all, parser)) {
      // Before its body: nobody without the token makes this kernel hold what he sends.
      auto out = to_http(token_wanted(), parser, false);
      out.keep_alive(false);
      co_await http::async_write(stream, out, as_pair);
      break;
    }
    if (!failed) {
      const std::uint64_t most = body_bytes_max(all, parser);
      if (parser.content_length().value_or(0) > most) {
        failed = http::error::body_limit;
      } else {
        parser.body_limit(most);
        std::tie(failed, received) = co_await http::async_read(stream, buffer, parser, as_pair);
      }
    }
    if (failed) {
      auto refusal = unreadable(failed, parser);
      if (!refusal) {
        break;
      }
      ended = std::move(*refusal);
    } else {
      stream.expires_never();  // an invocation may take its time; each has a deadline
      ended = co_await answer(all, parser);
    }
    const bool then_drain = ended.then_drain;
    const bool is_head = !failed && parser.get().method() == http::verb::head;
    auto out = to_http(std::move(ended), parser, is_head);
    again = out.keep_alive() && !then_drain;
    out.keep_alive(again);
    stream.expires_after(quiet_limit);
    const auto [unsent, sent] = co_await http::async_write(stream, out, as_pair);
    if (then_drain && all.kernel.request_drain) {
      all.kernel.request_drain();
    }
    again = again && !unsent;
  }
  beast::error_code ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_both, ignored);
}

}  // namespace spawn
