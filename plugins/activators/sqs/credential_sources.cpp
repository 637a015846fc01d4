#include "credential_sources.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "spawn/plugin/cpp/plugin.hpp"

namespace sqs {

namespace {

constexpr std::size_t small_file_bytes_max = 1u << 20;
constexpr std::string_view instance_service = "http://169.254.169.254";
constexpr std::string_view container_host = "http://169.254.170.2";
// Where a container's service may be asked without TLS: this machine, and the two that AWS has.
constexpr std::array<std::string_view, 6> plain_hosts{
    "127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// "2030-01-02T03:04:05Z" in unix milliseconds; 0 for anything else.
std::int64_t unix_ms_of(const std::string& iso) {
  std::tm parts{};
  if (::strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return 0;
  }
  return std::int64_t{::timegm(&parts)} * 1000;
}

void read_container(credential_settings& into) {
  std::string url = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!url.empty()) {
    url.insert(0, container_host);
  } else if (url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"); url.empty()) {
    return;
  }
  http_request request;
  const auto to = parse_url(url, request.target);
  if (!to || (!to->secure && std::ranges::find(plain_hosts, to->host) == plain_hosts.end())) {
    throw spawn::plugin::refused(
        SPAWN_E_INVALID,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https nor a host that needs none");
  }
  request.to = *to;
  request.method = "GET";
  request.headers = {{"host", to->authority()}};
  if (const auto token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"); !token.empty()) {
    request.headers.emplace_back("authorization", token);
  }
  into.container = std::move(request);
  into.container_token_file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
}

}  // namespace

void read_environment(credential_settings& into) {
  into.environment = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                      variable("AWS_SESSION_TOKEN")};
  if (into.file.empty()) {
    into.file = variable("AWS_SHARED_CREDENTIALS_FILE");
  }
  if (const auto home = variable("HOME"); into.file.empty() && !home.empty()) {
    into.file = home + "/.aws/credentials";
  }
  if (into.profile.empty()) {
    const auto named = variable("AWS_PROFILE");
    into.profile = named.empty() ? "default" : named;
  }
  read_container(into);
  if (variable("AWS_EC2_METADATA_DISABLED") != "true") {
    const auto other = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    std::string ignored;
    into.instance = parse_url(other.empty() ? instance_service : other, ignored);
    if (!into.instance) {
      throw spawn::plugin::refused(SPAWN_E_INVALID,
                                   "AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL");
    }
  }
}

std::optional<origin> parse_url(std::string_view url, std::string& target) {
  origin out;
  if (url.starts_with("https://")) {
    out.secure = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  const auto path = std::min(url.find_first_of("/?"), url.size());
  target = url.substr(path);
  if (!target.starts_with('/')) {
    target.insert(0, "/");
  }
  std::string_view host = url.substr(0, path);
  std::string_view port;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    port = host.substr(end + 1);
    host = host.substr(1, end - 1);
    if (!port.empty() && !port.starts_with(':')) {
      return std::nullopt;
    }
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  out.host = host;
  out.port = out.secure ? 443 : 80;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failed != std::errc() || end != port.data() + port.size() || out.port == 0) {
      return std::nullopt;
    }
  }
  if (host.empty() || host.find_first_of("@ #") != std::string_view::npos) {
    return std::nullopt;
  }
  return out;
}

std::optional<credentials> from_profile(std::string_view text, std::string_view profile) {
  credentials out;
  bool inside = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      inside = trim(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || line.starts_with('#') || line.starts_with(';') ||
        equals == std::string_view::npos) {
      continue;
    }
    const auto key = trim(line.substr(0, equals));
    const auto value = trim(line.substr(equals + 1));
    if (key == "aws_access_key_id") {
      out.access_key = value;
    } else if (key == "aws_secret_access_key") {
      out.secret_key = value;
    } else if (key == "aws_session_token") {
      out.session_token = value;
    }
  }
  return out.access_key.empty() || out.secret_key.empty() ? std::nullopt : std::optional(out);
}

std::optional<credentials> from_service(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  const auto field = [&](const char* name) {
    const auto at = parsed.find(name);
    return at != parsed.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  if (!parsed.is_object()) {
    return std::nullopt;
  }
  credentials out{field("AccessKeyId"), field("SecretAccessKey"), field("Token"),
                  unix_ms_of(field("Expiration"))};
  return out.access_key.empty() || out.secret_key.empty() ? std::nullopt : std::optional(out);
}

std::optional<std::string> read_small_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return std::nullopt;
  }
  std::string out(small_file_bytes_max, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  while (out.ends_with('\n') || out.ends_with('\r')) {
    out.pop_back();
  }
  return out;
}

}  // namespace sqs
