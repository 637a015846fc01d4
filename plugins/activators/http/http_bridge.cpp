#include "http_bridge.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/beast/http/error.hpp>
#include <memory>

#include "names.hpp"

namespace http_activator {

namespace http = boost::beast::http;

namespace {

template <class Text>
std::string_view view(const Text& text) {
  return {text.data(), text.size()};
}

}  // namespace

fallible<request> head_of(const http_request& from, const std::string& remote,
                          const std::string& client) {
  constexpr unsigned http_1_1 = 11;
  if (from.version() > http_1_1 ||
      (from.version() == http_1_1 && from.count(http::field::host) != 1)) {
    return problem(400, "this is not an HTTP/1.1 request with one Host");
  }
  if (from.count(http::field::expect) != 0 && !expects_continue(from)) {
    return problem(417, "only Expect: 100-continue is known");
  }
  request out;
  out.method = view(from.method_string());
  out.remote = remote;
  out.client = client;
  for (const auto& field : from) {
    if (!is_utf8(view(field.value()))) {
      return problem(400, "a header is not UTF-8");
    }
    out.headers.emplace_back(lower(view(field.name_string())), view(field.value()));
  }
  return out;
}

bool expects_continue(const http_request& from) {
  return lower(view(from[http::field::expect])) == "100-continue";
}

std::optional<answer> answer_to_unreadable(const boost::system::error_code& why,
                                           const settings& with) {
  if (why == http::error::body_limit) {
    return problem(413, "the body has more than " + std::to_string(with.body_bytes_max) +
                            " bytes (body_bytes_max)");
  }
  if (why == http::error::header_limit || why == http::error::buffer_overflow) {
    return problem(431, "the header has more than " + std::to_string(with.header_bytes_max) +
                            " bytes (header_bytes_max)");
  }
  const bool is_parse_error =
      why.category() == boost::system::error_code(http::error::bad_target).category();
  if (!is_parse_error || why == http::error::end_of_stream || why == http::error::partial_message) {
    return std::nullopt;
  }
  return problem(400, "this is not an HTTP/1.1 request: " + why.message());
}

http_response response_of(answer from, const std::string& date, bool is_head, bool keep_alive) {
  http_response out(static_cast<http::status>(from.status), 11);
  out.set(http::field::date, date);
  for (const auto& [name, value] : from.headers) {
    out.insert(name, value);
  }
  if (from.retry_after_s != 0) {
    out.set(http::field::retry_after, std::to_string(from.retry_after_s));
  }
  if (!from.content_type.empty()) {
    out.set(http::field::content_type, from.content_type);
  }
  out.keep_alive(keep_alive);
  if (from.status != 204) {
    out.content_length(from.body.size());
  }
  if (!is_head && from.status != 204) {
    out.body() = std::move(from.body);
  }
  return out;
}

std::string client_name_of(SSL* of) {
  const std::unique_ptr<X509, decltype(&X509_free)> one(SSL_get1_peer_certificate(of), &X509_free);
  if (one == nullptr) {
    return {};
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(one.get()), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace http_activator
