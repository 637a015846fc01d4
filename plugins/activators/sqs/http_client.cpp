#include "http_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cctype>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "name_lookup.hpp"

namespace sqs {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using secure_stream = beast::ssl_stream<beast::tcp_stream>;

namespace {

constexpr std::size_t idle_connections_max = 64;
constexpr std::uint64_t answer_bytes_max = 64u << 20;  // ten messages of 1 MiB, escaped
constexpr std::uint32_t answer_header_bytes_max = 32u << 10;

asio::ssl::context make_tls(const tls_settings& settings) {
  asio::ssl::context out(asio::ssl::context::tls_client);
  out.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  error_code failed;
  const auto check = [&](const char* key) {
    if (failed) {
      throw std::runtime_error(std::string("config: tls.") + key + ": " + failed.message());
    }
  };
  if (settings.ca.empty()) {
    out.set_default_verify_paths(failed);
  } else {
    out.load_verify_file(settings.ca, failed);
  }
  check("ca");
  if (!settings.cert.empty()) {
    out.use_certificate_chain_file(settings.cert, failed);
    check("cert");
  }
  if (!settings.key.empty()) {
    out.use_private_key_file(settings.key, asio::ssl::context::pem, failed);
    check("key");
  }
  out.set_verify_mode(settings.verify == tls_check::none ? asio::ssl::verify_none
                                                         : asio::ssl::verify_peer);
  return out;
}

}  // namespace

std::string origin::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (secure ? 443 : 80)) {
    out.append(":").append(std::to_string(port));
  }
  return out;
}

std::string_view http_answer::header(std::string_view name) const {
  const auto at = std::ranges::find(headers, name, [](const auto& h) { return h.first; });
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

void http_call::cancel() {
  cancelled_ = true;
  if (close_) {
    close_();
  }
}

// One connection; either stream is set.
struct http_client::connection {
  origin to;
  std::unique_ptr<beast::tcp_stream> plain;
  std::unique_ptr<secure_stream> secure;
  beast::flat_buffer buffer;

  [[nodiscard]] beast::tcp_stream& lowest() {
    return secure != nullptr ? secure->next_layer() : *plain;
  }
  // Nobody has closed it and nothing unasked has come.
  [[nodiscard]] bool quiet() {
    char byte = 0;
    const auto n = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
};

struct http_client::impl {
  impl(event_loop& l, const tls_settings& settings, std::uint32_t ms)
      : loop(l), tls(make_tls(settings)), verify(settings.verify), connect_ms(ms) {}

  event_loop& loop;
  asio::ssl::context tls;
  tls_check verify;
  std::uint32_t connect_ms;
  std::vector<std::unique_ptr<connection>> idle;  // the last used one at the end

  std::unique_ptr<connection> take_idle(const origin& to) {
    for (std::size_t i = idle.size(); i-- > 0;) {
      if (idle[i]->to == to) {
        auto out = std::move(idle[i]);
        idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
        if (out->quiet()) {
          return out;
        }
      }
    }
    return nullptr;
  }

  void keep(std::unique_ptr<connection> one) {
    if (idle.size() == idle_connections_max) {
      idle.erase(idle.begin());
    }
    one->lowest().expires_never();
    idle.push_back(std::move(one));
  }

  asio::awaitable<std::vector<asio::ip::tcp::endpoint>> look_up(
      const origin& to, std::chrono::steady_clock::time_point until, std::string& why);
  asio::awaitable<std::unique_ptr<connection>> connect(const origin& to, http_call& call,
                                                       std::string& why);
  template <class Stream>
  asio::awaitable<void> exchange(Stream& stream, connection& on, const http_request& request,
                                 http_answer& answer, bool& reusable);
  asio::awaitable<http_answer> run(const http_request& request, http_call& call);
};

asio::awaitable<std::vector<asio::ip::tcp::endpoint>> http_client::impl::look_up(
    const origin& to, std::chrono::steady_clock::time_point until, std::string& why) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(to.host, not_numeric);
  if (!not_numeric) {
    co_return std::vector<asio::ip::tcp::endpoint>(1, {address, to.port});
  }
  const name_lookup asked(to.host, to.port);
  asio::steady_timer pause(loop.context());
  std::uint32_t step_ms = 1;
  while (!asked.done()) {
    if (std::chrono::steady_clock::now() > until) {
      why = to.host + ": the name server does not answer";
      co_return std::vector<asio::ip::tcp::endpoint>();
    }
    pause.expires_after(std::chrono::milliseconds(step_ms));
    step_ms = std::min(step_ms * 2, 32u);
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_return asked.addresses(why);
}

asio::awaitable<std::unique_ptr<http_client::connection>> http_client::impl::connect(
    const origin& to, http_call& call, std::string& why) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(connect_ms);
  const auto endpoints = co_await look_up(to, until, why);
  for (const auto& endpoint : endpoints) {
    auto made = std::make_unique<connection>();
    made->to = to;
    if (to.secure) {
      made->secure = std::make_unique<secure_stream>(loop.context(), tls);
    } else {
      made->plain = std::make_unique<beast::tcp_stream>(loop.context());
    }
    if (call.cancelled_) {
      why = "given up";
      co_return nullptr;
    }
    call.close_ = [raw = made.get()] { raw->lowest().close(); };
    error_code failed;
    made->lowest().expires_at(until);
    co_await made->lowest().async_connect(endpoint,
                                          asio::redirect_error(asio::use_awaitable, failed));
    if (!failed && to.secure) {
      SSL* const raw = made->secure->native_handle();
      if (!::SSL_set_tlsext_host_name(raw, to.host.c_str())) {
        failed = asio::error::invalid_argument;
      } else {
        if (verify == tls_check::full) {
          made->secure->set_verify_callback(asio::ssl::host_name_verification(to.host));
        }
        co_await made->secure->async_handshake(asio::ssl::stream_base::client,
                                               asio::redirect_error(asio::use_awaitable, failed));
      }
    }
    call.close_ = nullptr;
    if (!failed) {
      made->lowest().socket().set_option(asio::ip::tcp::no_delay(true), failed);
      co_return made;
    }
    why = to.authority() + ": " + failed.message();
  }
  co_return nullptr;
}

template <class Stream>
asio::awaitable<void> http_client::impl::exchange(Stream& stream, connection& on,
                                                  const http_request& request, http_answer& answer,
                                                  bool& reusable) {
  http::request<http::string_body> out;
  out.method_string(request.method);
  out.target(request.target);
  out.version(11);
  for (const auto& [name, value] : request.headers) {
    out.set(name, value);
  }
  out.body() = request.body;
  out.prepare_payload();
  on.lowest().expires_after(std::chrono::milliseconds(request.answer_ms));
  error_code failed;
  answer.how = http_answer::ending::no_answer;
  co_await http::async_write(stream, out, asio::redirect_error(asio::use_awaitable, failed));
  if (!failed) {
    http::response_parser<http::string_body> in;
    in.body_limit(answer_bytes_max);
    in.header_limit(answer_header_bytes_max);
    co_await http::async_read(stream, on.buffer, in,
                              asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) {
      answer.how = http_answer::ending::answered;
      answer.status = in.get().result_int();
      for (const auto& field : in.get()) {
        std::string name(field.name_string());
        std::ranges::transform(name, name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        answer.headers.emplace_back(std::move(name), std::string(field.value()));
      }
      answer.body = std::move(in.get().body());
      reusable = in.get().keep_alive() && on.buffer.size() == 0;
    }
  }
  if (failed) {
    answer.error = request.to.authority() + ": " + failed.message();
  }
}

asio::awaitable<http_answer> http_client::impl::run(const http_request& request, http_call& call) {
  http_answer answer;
  bool reusable = false;
  auto on = take_idle(request.to);
  if (on == nullptr) {
    on = co_await connect(request.to, call, answer.error);
  }
  if (call.cancelled_) {
    answer.error = "given up";
  } else if (on != nullptr) {
    call.close_ = [raw = on.get()] { raw->lowest().close(); };
    if (on->secure != nullptr) {
      co_await exchange(*on->secure, *on, request, answer, reusable);
    } else {
      co_await exchange(*on->plain, *on, request, answer, reusable);
    }
    call.close_ = nullptr;
    if (reusable && !call.cancelled_) {
      keep(std::move(on));
    }
  }
  co_return answer;
}

http_client::http_client(event_loop& loop, const tls_settings& tls, std::uint32_t connect_ms)
    : impl_(std::make_shared<impl>(loop, tls, connect_ms)) {}

http_client::~http_client() = default;

std::shared_ptr<http_call> http_client::send(http_request request, http_done done) {
  auto call = std::make_shared<http_call>();
  // What the coroutine borrows is held by its handler.
  struct held {
    std::shared_ptr<impl> keeps;
    std::shared_ptr<http_call> call;
    http_request request;
    http_done done;
  };
  auto all = std::make_shared<held>(held{impl_, call, std::move(request), std::move(done)});
  asio::co_spawn(impl_->loop.context(), impl_->run(all->request, *all->call),
                 [all](const std::exception_ptr& thrown, http_answer answer) {
                   all->call->close_ = nullptr;
                   if (thrown) {
                     answer = {};
                     answer.how = http_answer::ending::no_answer;
                     answer.error = "the request failed";
                   }
                   all->done(std::move(answer));
                 });
  return call;
}

}  // namespace sqs
