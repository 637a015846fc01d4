#include "settings.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config-common/config.hpp"

namespace pubsub {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

[[noreturn]] void refuse(const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + why);
}

std::string text_of(const json& config, const char* key) {
  const auto at = config.find(key);
  return at == config.end() || at->is_null() ? std::string() : at->get<std::string>();
}

// host:port of a URL or of itself; `tls` becomes false for http://.
std::string server_of(std::string said, bool& tls) {
  for (const auto& [scheme, secure] : {std::pair{"http://", false}, {"https://", true}}) {
    if (said.starts_with(scheme)) {
      said.erase(0, std::string_view(scheme).size());
      tls = secure;
    }
  }
  return said;
}

bool flag_of(const json& config, const char* key, bool otherwise) {
  const auto at = config.find(key);
  if (at == config.end() || at->is_null()) {
    return otherwise;
  }
  if (at->is_boolean()) {
    return at->get<bool>();
  }
  if (*at != "true" && *at != "false") {  // the text of a secret
    refuse(std::string(key) + " is not true or false");
  }
  return *at == "true";
}

// The bytes of the file that a key names; empty without the key. `of`: the block it stands in.
std::string file_of(const json& config, const char* key, const char* of = "") {
  const std::string path = text_of(config, key);
  if (path.empty()) {
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || bytes.empty()) {
    refuse(std::string(of) + key + ": " + path + " can not be read, or is empty");
  }
  return bytes;
}

// projects/P/<kind>/<name>, of a name or of all of it.
std::string full_name(const std::string& project, const char* kind, const std::string& given) {
  if (given.empty() || given.starts_with("projects/")) {
    return given;
  }
  return "projects/" + project + "/" + kind + "/" + given;
}

void read_server(settings& s, const json& config, const char* emulator) {
  const std::string said = text_of(config, "endpoint");
  const bool emulated = said.empty() && emulator != nullptr && *emulator != '\0';
  s.tls = !emulated;
  s.endpoint = emulated       ? emulator
               : said.empty() ? "pubsub.googleapis.com:443"
                              : server_of(said, s.tls);
  const auto block = config.find("tls");
  if (block == config.end() || block->is_null() || emulated) {
    return;
  }
  if (!s.tls) {
    refuse("tls is said, and endpoint is http://");
  }
  s.ca_pem = file_of(*block, "ca", "tls.");
  s.cert_pem = file_of(*block, "cert", "tls.");
  s.key_pem = file_of(*block, "key", "tls.");
  if (s.cert_pem.empty() != s.key_pem.empty()) {
    refuse(s.cert_pem.empty() ? "tls.cert is missing, tls.key needs it"
                              : "tls.key is missing, tls.cert needs it");
  }
  const std::string verify = text_of(*block, "verify");
  s.verify = verify == "none" ? verify_mode::none
             : verify == "ca" ? verify_mode::ca
                              : verify_mode::full;
}

void read_auth(settings& s, const json& config) {
  const std::string key = file_of(config, "credentials_file");
  const std::string said = text_of(config, "auth");
  if (said == "none" || (said.empty() && !s.tls)) {
    s.auth = auth_mode::none;
  } else if (said == "metadata" || (said.empty() && key.empty())) {
    s.auth = auth_mode::metadata;
  } else {
    s.auth = auth_mode::key_file;
  }
  if (s.auth != auth_mode::none && !s.tls) {
    refuse("endpoint is in plain text, and auth sends tokens only over TLS");
  }
  if (s.auth == auth_mode::key_file) {
    if (key.empty()) {
      refuse("credentials_file is missing");
    }
    s.account = std::make_shared<const service_account>(key);
  }
}

}  // namespace

settings parse(const spawn::plugin::create_args& args, const char* emulator) {
  const json config = spawn::plugin::with_secrets(args);
  settings s;
  const std::string project = text_of(config, "project");
  if (project.empty()) {
    refuse("project is missing");
  }
  s.topics = "projects/" + project + "/topics/";
  s.subscription = full_name(project, "subscriptions", text_of(config, "subscription"));
  s.topic = full_name(project, "topics", text_of(config, "topic"));
  if (s.subscription.empty() && s.topic.empty()) {
    refuse("subscription is missing, and so is topic: one of them is needed");
  }
  read_server(s, config, emulator);
  read_auth(s, config);

  s.streams = config_number(config, "streams", s.streams);
  s.ack_deadline_s = config_number(config, "ack_deadline_s", s.ack_deadline_s);
  s.max_outstanding_bytes = config_number(config, "max_outstanding_bytes", s.max_outstanding_bytes);
  s.dead_letter_topic = full_name(project, "topics", text_of(config, "dead_letter_topic"));
  s.dead_letters_by_policy = text_of(config, "dead_letters") == "policy";
  if (s.dead_letters_by_policy && !s.dead_letter_topic.empty()) {
    refuse("dead_letters is policy, and dead_letter_topic would publish them as well");
  }
  s.content_type = text_of(config, "content_type");

  s.ordering_keys = flag_of(config, "ordering_keys", s.ordering_keys);
  s.batch_messages = config_number(config, "batch_messages", s.batch_messages);
  s.batch_bytes = config_number(config, "batch_bytes", s.batch_bytes);
  s.batch_ms = config_number(config, "batch_ms", s.batch_ms);
  s.call_ms = config_number(config, "call_ms", s.call_ms);
  s.keepalive_ms = config_number(config, "keepalive_ms", s.keepalive_ms);
  return s;
}

}  // namespace pubsub
