#include "route_settings.hpp"

#include <stdexcept>

#include "config-common/config.hpp"
#include "names.hpp"

namespace http_activator {

namespace {

using nlohmann::json;
using spawn::plugin::refused;

[[noreturn]] void refuse(const std::string& key, const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + key + " " + why);
}

content_rule content_of(const std::string& text) {
  return text == "json"          ? content_rule::json
         : text == "protobuf"    ? content_rule::protobuf
         : text == "text"        ? content_rule::text
         : text == "cloudevents" ? content_rule::cloud_events
                                 : content_rule::automatic;
}

std::string header_of(const json& from, const char* key, const std::string& where) {
  const auto name = lower(from.value(key, std::string()));
  if (!name.empty() && !is_token(name)) {
    refuse(where + "." + key, "is not the name of a header");
  }
  return name;
}

bearer_rule bearer_of(const json& from, const std::string& where) {
  bearer_rule out;
  const auto tokens = from.find("tokens");
  if (tokens == from.end() || tokens->empty()) {
    refuse(where + ".tokens", "is missing");
  }
  for (const auto& token : *tokens) {
    if (!token.is_string() || token.get_ref<const std::string&>().empty()) {
      refuse(where + ".tokens", "has an empty token");
    }
    out.add(token.get_ref<const std::string&>());
  }
  return out;
}

hmac_rule hmac_of(const json& from, const std::string& where) {
  hmac_rule out;
  for (const char* key : {"secret", "previous_secret"}) {
    const auto at = from.find(key);
    if (at == from.end()) {
      continue;
    }
    if (!at->is_string() || at->get_ref<const std::string&>().empty()) {
      refuse(where + "." + key, "is empty");
    }
    out.secrets.push_back(at->get<std::string>());
  }
  if (!from.contains("secret")) {
    refuse(where + ".secret", "is missing");
  }
  out.header = header_of(from, "header", where);
  if (out.header.empty()) {
    refuse(where + ".header", "is missing");
  }
  out.prefix = from.value("prefix", out.prefix);
  out.algorithm = from.value("algorithm", out.algorithm);
  out.base64 = from.value("encoding", std::string("hex")) == "base64";
  out.timestamp_header = header_of(from, "timestamp_header", where);
  out.tolerance_ms =
      1'000 * static_cast<std::int64_t>(spawn::plugin::config_number(from, "tolerance_s", 300u));
  const bool dated = !out.timestamp_header.empty();
  out.signed_text = from.value("signed", std::string(dated ? "{timestamp}.{body}" : "{body}"));
  if (out.signed_text.find("{body}") == std::string::npos) {
    refuse(where + ".signed", "does not contain {body}");
  }
  if (dated != (out.signed_text.find("{timestamp}") != std::string::npos)) {
    refuse(where + ".signed", dated ? "does not contain {timestamp}, so anybody could renew it"
                                    : "needs timestamp_header for {timestamp}");
  }
  return out;
}

auth_rule auth_of(const json& from, const std::string& where) {
  const auto bearer = from.find("bearer");
  const auto hmac = from.find("hmac");
  if (bearer != from.end() && hmac != from.end()) {
    refuse(where, "names both bearer and hmac; a route has one of them");
  }
  if (bearer != from.end()) {
    return bearer_of(*bearer, where + ".bearer");
  }
  if (hmac != from.end()) {
    return hmac_of(*hmac, where + ".hmac");
  }
  return std::monostate();  // {} or {none: true}
}

text_template text_of(const json& from, const char* key, const std::string& where,
                      const std::vector<std::string>& params) {
  try {
    return text_template(from.value(key, std::string()), params);
  } catch (const std::invalid_argument& e) {
    refuse(where + "." + key + ":", e.what());
  }
}

void take_message(const json& from, const std::string& where, const descriptors* types, route& to) {
  to.content = content_of(from.value("content", std::string("auto")));
  to.message = from.value("message", std::string());
  if (to.message.empty()) {
    if (to.content == content_rule::protobuf) {
      refuse(where + ".message", "is missing: content is protobuf");
    }
    return;
  }
  if (to.content == content_rule::text) {
    refuse(where + ".message", "does not go with content: text");
  }
  if (to.content != content_rule::protobuf && types == nullptr) {
    refuse(where + ".message", "needs descriptors");
  }
  if (types != nullptr && !types->knows(to.message)) {
    refuse(where + ".message", to.message + " is not in the file that descriptors names");
  }
}

route route_of(const json& from, const std::string& where, const auth_rule& auth,
               const descriptors* types) {
  route out;
  out.path = from.value("path", std::string());
  try {
    out.segments = segments_from(out.path);
  } catch (const std::invalid_argument& e) {
    refuse(where + ".path:", e.what());
  }
  out.method = from.value("method", std::string("POST"));
  out.name = from.value("name", out.method + " " + out.path);
  const auto params = params_of(out.segments);
  out.system = text_of(from, "system", where, params);
  out.parent = text_of(from, "parent", where, params);
  out.actor = text_of(from, "actor", where, params);
  out.action = text_of(from, "action", where, params);
  out.register_ref = text_of(from, "register_ref", where, params);
  out.order_by = text_of(from, "order_by", where, params);
  out.wants_reply = from.value("reply", out.wants_reply);
  take_message(from, where, types, out);
  out.auth = from.contains("auth") ? auth_of(from["auth"], where + ".auth") : auth;
  out.dedup_header = from.contains("dedup") ? header_of(from, "dedup", where) : "idempotency-key";
  return out;
}

}  // namespace

route_table routes_of(const json& config, const descriptors* types) {
  const auto list = config.find("routes");
  if (list == config.end() || list->empty()) {
    refuse("routes", "is missing");
  }
  const auth_rule auth =
      config.contains("auth") ? auth_of(config["auth"], "auth") : auth_rule(std::monostate());
  std::vector<route> routes;
  for (std::size_t i = 0; i < list->size(); ++i) {
    routes.push_back(route_of((*list)[i], "routes[" + std::to_string(i) + "]", auth, types));
  }
  try {
    return route_table(std::move(routes));
  } catch (const std::invalid_argument& e) {
    refuse("routes:", e.what());
  }
}

}  // namespace http_activator
