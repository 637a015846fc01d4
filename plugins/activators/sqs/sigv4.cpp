#include "sigv4.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <map>

#include "digest.hpp"

namespace sqs {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Without blanks around it, and one blank for many within.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (out.ends_with(' ')) {
    out.pop_back();
  }
  return out;
}

// Names in lower case, sorted; the values of one name joined in the order given.
std::map<std::string, std::string> canonical_headers(const header_list& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) {
    const auto [at, fresh] = out.try_emplace(lower(name), trimmed(value));
    if (!fresh) {
      at->second.append(",").append(trimmed(value));
    }
  }
  return out;
}

std::string names_of(const std::map<std::string, std::string>& canonical) {
  std::string out;
  for (const auto& header : canonical) {
    out.append(out.empty() ? "" : ";").append(header.first);
  }
  return out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::string> pairs;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    std::string pair(query.substr(0, end));
    if (pair.find('=') == std::string::npos) {
      pair.push_back('=');
    }
    pairs.push_back(std::move(pair));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& pair : pairs) {
    out.append(out.empty() ? "" : "&").append(pair);
  }
  return out;
}

}  // namespace

std::string amz_date(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> out{};
  const std::size_t size = std::strftime(out.data(), out.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {out.data(), size};
}

std::string canonical_request(const signable& request) {
  const auto headers = canonical_headers(*request.headers);
  std::string out(request.method);
  out.append("\n").append(request.path);
  out.append("\n").append(canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : headers) {
    out.append(name).append(":").append(value).append("\n");
  }
  out.append("\n").append(names_of(headers));
  out.append("\n").append(hex(sha256(request.body)));
  return out;
}

std::string signing_key(std::string_view secret_key, std::string_view day, std::string_view region,
                        std::string_view service) {
  std::string key = "AWS4";
  key.append(secret_key);
  for (const std::string_view part : {day, region, service, std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  return key;
}

std::string authorization(const signable& request, const credentials& who,
                          const signing_scope& scope) {
  const std::string when = amz_date(scope.unix_ms);
  const std::string day = when.substr(0, 8);
  std::string range = day;
  range.append("/").append(scope.region).append("/").append(scope.service).append("/aws4_request");
  std::string to_sign(algorithm);
  to_sign.append("\n").append(when).append("\n").append(range);
  to_sign.append("\n").append(hex(sha256(canonical_request(request))));
  const std::string key = signing_key(who.secret_key, day, scope.region, scope.service);

  std::string out(algorithm);
  out.append(" Credential=").append(who.access_key).append("/").append(range);
  out.append(", SignedHeaders=").append(names_of(canonical_headers(*request.headers)));
  out.append(", Signature=").append(hex(hmac_sha256(key, to_sign)));
  return out;
}

void sign_post(header_list& headers, std::string_view body, const credentials& who,
               const signing_scope& scope) {
  headers.emplace_back("x-amz-date", amz_date(scope.unix_ms));
  if (!who.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", who.session_token);
  }
  std::string proof = authorization({"POST", "/", "", &headers, body}, who, scope);
  headers.emplace_back("authorization", std::move(proof));
}

}  // namespace sqs
