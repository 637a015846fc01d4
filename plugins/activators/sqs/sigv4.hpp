// Signature Version 4: how a request to AWS proves who sent it. Pure functions. [any]
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sqs {

using header_list = std::vector<std::pair<std::string, std::string>>;

// An access key. `expires_unix_ms` is 0 for one that stays good.
struct credentials {
  std::string access_key, secret_key, session_token;
  std::int64_t expires_unix_ms = 0;
};

// What is signed. `path` is encoded already, as it goes over the wire; `query` has encoded
// "name=value" pairs. Every header given is signed: `host` has to be among them.
struct signable {
  std::string_view method, path = "/", query;
  const header_list* headers = nullptr;
  std::string_view body;
};

// For which service, where and when a signature is good.
struct signing_scope {
  std::string_view region, service;
  std::int64_t unix_ms = 0;
};

// 20150830T123600Z: the time as signatures and x-amz-date have it.
[[nodiscard]] std::string amz_date(std::int64_t unix_ms);

[[nodiscard]] std::string canonical_request(const signable& request);

// 32 raw bytes; `day` is 20150830.
[[nodiscard]] std::string signing_key(std::string_view secret_key, std::string_view day,
                                      std::string_view region, std::string_view service);

// The value of the Authorization header.
[[nodiscard]] std::string authorization(const signable& request, const credentials& who,
                                        const signing_scope& scope);

// Adds x-amz-date, x-amz-security-token where there is one, and authorization to `headers`, which
// become part of the request. For POST to "/" without a query.
void sign_post(header_list& headers, std::string_view body, const credentials& who,
               const signing_scope& scope);

}  // namespace sqs
