#include "admin_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>

#include "config/admin_socket.hpp"

namespace spawn::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using local = asio::local::stream_protocol;
using tcp = asio::ip::tcp;

constexpr std::uint64_t answer_bytes_max = 256u << 20;

struct failed_step {
  bool connected = false;
  beast::error_code why;
};

// Runs one exchange over a stream; `connect` starts connecting it.
template <class Stream, class Connect>
failed_step exchange(asio::io_context& io, Stream& stream, const admin_target& target,
                     const http::request<http::string_body>& request, Connect connect,
                     admin_reply& out) {
  failed_step step;
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  const auto finish = [&](beast::error_code failed, std::size_t) { step.why = failed; };
  const auto read = [&](beast::error_code failed, std::size_t) {
    step.why = failed;
    if (!failed) {
      http::async_read(stream, buffer, parser, finish);
    }
  };
  stream.expires_after(std::chrono::milliseconds(target.timeout_ms));
  connect([&](beast::error_code failed) {
    step.why = failed;
    if (!failed) {
      step.connected = true;
      http::async_write(stream, request, read);
    }
  });
  io.run();
  if (!step.why) {
    out.status = static_cast<int>(parser.get().result_int());
    out.body = std::move(parser.get().body());
  }
  return step;
}

failed_step over_socket(const std::string& path, const admin_target& target,
                        const http::request<http::string_body>& request, admin_reply& out) {
  asio::io_context io;
  beast::basic_stream<local> stream(io);
  local::endpoint at;
  try {
    at = local::endpoint(path);
  } catch (const boost::system::system_error& thrown) {
    return {false, thrown.code()};
  }
  return exchange(
      io, stream, target, request, [&](auto then) { stream.async_connect(at, std::move(then)); },
      out);
}

failed_step over_tcp(const std::string& host, const std::string& port, const admin_target& target,
                     const http::request<http::string_body>& request, admin_reply& out) {
  asio::io_context io;
  beast::basic_stream<tcp> stream(io);
  tcp::resolver resolver(io);
  beast::error_code failed;
  const auto found = resolver.resolve(host, port, failed);
  if (failed) {
    return {false, failed};
  }
  return exchange(
      io, stream, target, request,
      [&](auto then) {
        stream.async_connect(
            found, [then = std::move(then)](beast::error_code ended, const tcp::endpoint&) mutable {
              then(ended);
            });
      },
      out);
}

std::string reason(const failed_step& step, const admin_target& target) {
  if (step.why == beast::error::timeout) {
    return "no answer within " + std::to_string(target.timeout_ms) + " ms";
  }
  return step.connected ? "the connection broke: " + step.why.message() : step.why.message();
}

http::request<http::string_body> request_of(const admin_target& target, const std::string& method,
                                            const std::string& path, const std::string& body) {
  http::request<http::string_body> out;
  out.method_string(method);
  out.target(path);
  out.version(11);
  out.set(http::field::host, "spawn");
  out.set(http::field::user_agent, "spawnctl");
  out.set(http::field::connection, "close");
  if (!target.token.empty()) {
    out.set(http::field::authorization, "Bearer " + target.token);
  }
  if (!body.empty()) {
    out.set(http::field::content_type, "application/json");
    out.body() = body;
  }
  out.prepare_payload();
  return out;
}

result<admin_reply> ask_tcp(const admin_target& target,
                            const http::request<http::string_body>& request) {
  std::string_view rest(target.address);
  rest.remove_prefix(std::string_view("http://").size());
  rest = rest.substr(0, rest.find('/'));
  const auto colon = rest.rfind(':');
  std::uint16_t port = 0;
  const char* end = rest.data() + rest.size();
  if (colon == rest.npos || colon == 0 ||
      std::from_chars(rest.data() + colon + 1, end, port).ptr != end || port == 0) {
    return fail(errc::invalid, "--admin " + target.address + " is not http://host:port");
  }
  std::string host(rest.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  admin_reply out;
  out.kernel = target.address;
  const auto step = over_tcp(host, std::to_string(port), target, request, out);
  if (step.why) {
    return fail(errc::unavailable,
                "no kernel answers at " + target.address + ": " + reason(step, target));
  }
  return out;
}

}  // namespace

result<admin_reply> ask_kernel(const admin_target& target, const std::string& method,
                               const std::string& path, const std::string& body) {
  const auto request = request_of(target, method, path, body);
  if (target.address.starts_with("http://")) {
    return ask_tcp(target, request);
  }
  if (target.address.find("://") != std::string::npos) {
    return fail(errc::invalid,
                "--admin takes a socket path or http://host:port, not " + target.address);
  }
  const std::vector<std::string> paths =
      target.address.empty() ? config::admin_socket_paths(config::environment::from_process())
                             : std::vector<std::string>{target.address};
  std::string tried;
  for (const auto& socket : paths) {
    admin_reply out;
    out.kernel = socket;
    const auto step = over_socket(socket, target, request, out);
    if (!step.why) {
      return out;
    }
    tried += (tried.empty() ? "" : "; ") + std::string("no kernel answers at ") + socket + ": " +
             reason(step, target);
    if (step.connected) {
      break;  // it was there; asking another one twice would not be the same request
    }
  }
  return fail(errc::unavailable, tried);
}

std::string escape(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace spawn::ctl
