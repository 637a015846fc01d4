#include "auth.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <charconv>
#include <cstdlib>

#include "base64.hpp"
#include "names.hpp"

namespace http_activator {

namespace {

bearer_rule::digest digest_of(std::string_view text) {
  bearer_rule::digest out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
  return out;
}

answer unknown(std::string_view why, std::string_view challenge) {
  answer out = problem(401, why);
  out.headers.emplace_back("www-authenticate", challenge);
  return out;
}

std::optional<answer> check(const bearer_rule& rule, const request& from) {
  constexpr std::string_view scheme = "bearer ";
  const auto header = from.header("authorization");
  if (lower(header.substr(0, scheme.size())) != scheme) {
    return unknown("the header Authorization has no bearer token", "Bearer");
  }
  const auto sent = digest_of(header.substr(scheme.size()));
  int same = 0;
  for (const auto& known : rule.tokens) {
    same |= CRYPTO_memcmp(known.data(), sent.data(), sent.size()) == 0 ? 1 : 0;
  }
  return same != 0 ? std::nullopt
                   : std::optional(unknown("the bearer token is not one that is known here",
                                           "Bearer error=\"invalid_token\""));
}

std::string filled(const hmac_rule& rule, std::string_view timestamp, std::string_view body) {
  std::string out;
  std::string_view left = rule.signed_text;
  while (!left.empty()) {
    if (left.starts_with("{body}")) {
      out += body;
      left.remove_prefix(6);
    } else if (left.starts_with("{timestamp}")) {
      out += timestamp;
      left.remove_prefix(11);
    } else {
      out += left[0];
      left.remove_prefix(1);
    }
  }
  return out;
}

std::string mac_of(const hmac_rule& rule, const std::string& secret, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const EVP_MD* kind = rule.algorithm == "sha512" ? EVP_sha512()
                       : rule.algorithm == "sha1" ? EVP_sha1()
                                                  : EVP_sha256();
  HMAC(kind, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const auto* end = text.data() + i + 2;
    if (std::from_chars(text.data() + i, end, value, 16).ptr != end) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
  }
  return text.size() % 2 == 0 ? std::optional(std::move(out)) : std::nullopt;
}

// Seconds since 1970, as signing services send it.
bool is_recent(std::string_view timestamp, std::int64_t tolerance_ms, std::int64_t unix_ms) {
  std::int64_t seconds = 0;
  const auto* end = timestamp.data() + timestamp.size();
  const auto [stop, failed] = std::from_chars(timestamp.data(), end, seconds);
  constexpr std::int64_t most = 1'000'000'000'000;
  return failed == std::errc() && stop == end && seconds > -most && seconds < most &&
         std::llabs(unix_ms - seconds * 1'000) <= tolerance_ms;
}

std::optional<answer> check(const hmac_rule& rule, const request& from, std::int64_t unix_ms) {
  const auto refuse = [](const std::string& why) { return unknown(why, "Signature"); };
  std::string_view sent = from.header(rule.header);
  if (!sent.starts_with(rule.prefix) || sent.size() == rule.prefix.size()) {
    return refuse("the header " + rule.header + " has no signature");
  }
  sent.remove_prefix(rule.prefix.size());
  const auto timestamp = from.header(rule.timestamp_header);
  if (!rule.timestamp_header.empty() && !is_recent(timestamp, rule.tolerance_ms, unix_ms)) {
    return refuse("the header " + rule.timestamp_header + " is missing, too old or ahead of time");
  }
  const auto mac = rule.base64 ? from_base64(sent) : from_hex(sent);
  const std::string text = filled(rule, timestamp, from.body);
  int same = 0;
  for (const auto& secret : rule.secrets) {
    const std::string right = mac_of(rule, secret, text);
    same |= mac && mac->size() == right.size() &&
                    CRYPTO_memcmp(mac->data(), right.data(), right.size()) == 0
                ? 1
                : 0;
  }
  return same != 0 ? std::nullopt : std::optional(refuse("the signature does not match the body"));
}

}  // namespace

void bearer_rule::add(std::string_view token) {
  tokens.push_back(digest_of(token));
}

std::optional<answer> refuse_stranger(const auth_rule& rule, const request& from,
                                      std::int64_t unix_ms) {
  if (const auto* bearer = std::get_if<bearer_rule>(&rule)) {
    return check(*bearer, from);
  }
  if (const auto* hmac = std::get_if<hmac_rule>(&rule)) {
    return check(*hmac, from, unix_ms);
  }
  return std::nullopt;
}

}  // namespace http_activator
