#include "credential_chain.hpp"

#include <utility>

namespace sqs {

namespace {

constexpr std::uint32_t service_answer_ms = 2'000;
constexpr std::int64_t ask_before_ms = 5 * 60'000;  // while the old ones still do
constexpr std::int64_t last_use_before_ms = 30'000;

bool good(const http_answer& answer) {
  return answer.how == http_answer::ending::answered && answer.status == 200;
}

std::string trouble(const http_answer& answer) {
  return answer.how == http_answer::ending::answered ? "status " + std::to_string(answer.status)
                                                     : answer.error;
}

}  // namespace

credential_chain::credential_chain(spawn::plugin::host_ref host, http_client& http,
                                   credential_settings settings)
    : host_(host), http_(http), settings_(std::move(settings)) {}

void credential_chain::get(found then) {
  const std::int64_t left =
      now_.expires_unix_ms == 0 ? INT64_MAX : now_.expires_unix_ms - host_.unix_ms();
  const bool usable = !now_.access_key.empty() && left > last_use_before_ms;
  if (!usable) {
    waiting_.push_back(std::move(then));
  }
  if ((!usable || left < ask_before_ms) && !asking_) {
    refresh();
  }
  if (usable) {
    const credentials those = now_;
    then(&those, {});
  }
}

void credential_chain::forget() {
  now_ = {};
}

void credential_chain::refresh() {
  asking_ = true;
  reasons_.clear();
  try_source(settings_.source == credential_source::automatic ? credential_source::fixed
                                                              : settings_.source);
}

void credential_chain::try_source(credential_source which) {
  switch (which) {
    case credential_source::automatic:
    case credential_source::fixed:
      return settings_.fixed.access_key.empty()
                 ? next_source(which, "the config has no access_key_id")
                 : take(settings_.fixed);
    case credential_source::environment:
      return settings_.environment.access_key.empty()
                 ? next_source(which, "AWS_ACCESS_KEY_ID is not set")
                 : take(settings_.environment);
    case credential_source::file: {
      const auto text = read_small_file(settings_.file);
      const auto those = text ? from_profile(*text, settings_.profile) : std::nullopt;
      return those ? take(*those)
                   : next_source(which, settings_.file + " has no profile " + settings_.profile);
    }
    case credential_source::container:
      return settings_.container ? ask_container()
                                 : next_source(which, "AWS_CONTAINER_CREDENTIALS_* is not set");
    case credential_source::instance:
      return settings_.instance ? ask_instance()
                                : next_source(which, "AWS_EC2_METADATA_DISABLED is set");
  }
}

void credential_chain::next_source(credential_source after, const std::string& why) {
  reasons_.append(reasons_.empty() ? "" : "; ").append(why);
  if (settings_.source != credential_source::automatic || after == credential_source::instance) {
    return finish("no credentials: " + reasons_);
  }
  try_source(static_cast<credential_source>(static_cast<int>(after) + 1));
}

void credential_chain::ask_container() {
  http_request request = *settings_.container;
  request.answer_ms = service_answer_ms;
  if (!settings_.container_token_file.empty()) {
    const auto token = read_small_file(settings_.container_token_file);
    if (!token) {
      return next_source(credential_source::container,
                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE can not be read");
    }
    request.headers.emplace_back("authorization", *token);
  }
  http_.send(std::move(request), [this](const http_answer& answer) {
    const auto those = good(answer) ? from_service(answer.body) : std::nullopt;
    return those ? take(*those)
                 : next_source(credential_source::container,
                               "the container's credentials service: " + trouble(answer));
  });
}

void credential_chain::ask_instance() {
  http_request request{*settings_.instance, "PUT", "/latest/api/token", {}, {}, service_answer_ms};
  request.headers = {{"host", request.to.authority()},
                     {"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  http_.send(std::move(request), [this](const http_answer& answer) {
    return good(answer) ? ask_instance_role(answer.body)
                        : next_source(credential_source::instance,
                                      "the instance's metadata service: " + trouble(answer));
  });
}

void credential_chain::ask_instance_role(const std::string& token) {
  const std::string folder = "/latest/meta-data/iam/security-credentials/";
  http_request request{*settings_.instance, "GET", folder, {}, {}, service_answer_ms};
  request.headers = {{"host", request.to.authority()}, {"x-aws-ec2-metadata-token", token}};
  const auto failed = [this](const http_answer& answer) {
    next_source(credential_source::instance, "the instance's role: " + trouble(answer));
  };
  http_.send(request, [this, request, failed](const http_answer& roles) {
    if (!good(roles)) {
      return failed(roles);
    }
    http_request second = request;
    second.target += roles.body.substr(0, roles.body.find_first_of("\r\n"));
    http_.send(std::move(second), [this, failed](const http_answer& answer) {
      const auto those = good(answer) ? from_service(answer.body) : std::nullopt;
      return those ? take(*those) : failed(answer);
    });
  });
}

void credential_chain::take(credentials found_ones) {
  now_ = std::move(found_ones);
  finish({});
}

void credential_chain::finish(const std::string& why) {
  asking_ = false;
  const credentials those = now_;
  for (const auto& then : std::exchange(waiting_, {})) {
    then(why.empty() ? &those : nullptr, why);
  }
}

}  // namespace sqs
