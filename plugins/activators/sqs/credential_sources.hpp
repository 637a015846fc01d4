// Where an access key is written down: the process's environment, a credentials file, and what the
// services beside a container or an instance answer. No requests in here.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_client.hpp"
#include "sigv4.hpp"

namespace sqs {

enum class credential_source { automatic, fixed, environment, file, container, instance };

// What the config and the environment say about credentials, read once by create().
struct credential_settings {
  credential_source source = credential_source::automatic;
  credentials fixed;        // of the config; no access_key: none
  credentials environment;  // AWS_ACCESS_KEY_ID and its kin
  std::string file, profile;
  std::optional<http_request> container;  // the request that the container's service answers
  std::string container_token_file;       // read for each request; goes out as Authorization
  std::optional<origin> instance;         // the metadata service; none: switched off
};

// Fills what the environment says. Throws refused, which names the variable.
void read_environment(credential_settings& into);

// http(s)://host[:port][/path]; nothing for anything else. `target` gets the path and query.
[[nodiscard]] std::optional<origin> parse_url(std::string_view url, std::string& target);

// The section `profile` of a credentials file's text; nothing when it has no access key.
[[nodiscard]] std::optional<credentials> from_profile(std::string_view text,
                                                      std::string_view profile);

// {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}; nothing for anything else.
[[nodiscard]] std::optional<credentials> from_service(std::string_view json);

// A whole small file without the line end; nothing when it can not be read.
[[nodiscard]] std::optional<std::string> read_small_file(const std::string& path);

}  // namespace sqs
