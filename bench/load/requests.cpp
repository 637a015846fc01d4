#include "requests.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace spawn::bench {

namespace {

constexpr unsigned spawn_batch = 1000;

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// A length-delimited field: text, bytes or a message.
std::string field(unsigned number, std::string_view bytes) {
  std::string out;
  put_varint(out, number << 3 | 2);
  put_varint(out, bytes.size());
  return out.append(bytes);
}

std::string actor_id(std::string_view name, std::string_view system, std::string_view parent = {}) {
  return field(1, name) + field(2, system) + (parent.empty() ? "" : field(3, parent));
}

// An Any with a JSONType.
std::string json_payload(std::string_view text) {
  return field(1, "type.googleapis.com/spawn.JSONType") + field(2, field(1, text));
}

std::string payload() {
  return json_payload("{\"text\":\"hello\"}");
}

// `rest`: the encoded fields of the request beyond system, actor and action.
std::string invocation(std::string_view system, std::string_view actor, std::string_view action,
                       std::string_view rest, std::string_view parent = {}) {
  return field(1, field(1, system)) + field(2, field(1, actor_id(actor, system, parent))) +
         field(3, action).append(rest);
}

std::string http(const target& to, std::string_view path, std::string_view body,
                 std::string_view content_type = "application/octet-stream") {
  std::string out = "POST ";
  out.append(path).append(" HTTP/1.1\r\nhost: ").append(to.authority);
  out.append("\r\ncontent-type: ").append(content_type).append("\r\ncontent-length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return out;
}

std::string invoke_path(std::string_view system, std::string_view actor) {
  std::string path = "/api/v1/system/";
  return path.append(system).append("/actors/").append(actor).append("/invoke");
}

}  // namespace

target parse_target(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  auto rest = url;
  if (rest.starts_with(scheme)) {
    rest.remove_prefix(scheme.size());
  }
  rest = rest.substr(0, rest.find('/'));
  const auto colon = rest.rfind(':');
  target to;
  if (colon != std::string_view::npos) {
    const auto port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), to.port);
    if (error == std::errc{} && end == port.data() + port.size() && colon != 0 && to.port != 0) {
      to.host = rest.substr(0, colon);
      to.authority = rest;
      return to;
    }
  }
  throw std::invalid_argument("--url \"" + std::string(url) +
                              "\": write host:port, for example 127.0.0.1:9001");
}

std::vector<std::string> noop_requests(const target& to, std::string_view system, unsigned actors) {
  std::vector<std::string> all;
  all.reserve(actors);
  for (unsigned i = 0; i < actors; ++i) {
    const std::string name = "n" + std::to_string(i);
    all.push_back(
        http(to, invoke_path(system, name), invocation(system, name, "noop", field(4, payload()))));
  }
  return all;
}

std::vector<std::string> action_requests(const target& to, std::string_view system, char letter,
                                         std::string_view action, unsigned actors, bool later) {
  constexpr std::string_view is_async = "\x28\x01";  // field 5, true
  const std::string rest = (later ? std::string(is_async) : std::string()) + field(7, {});
  std::vector<std::string> all;
  all.reserve(actors);
  for (unsigned i = 0; i < actors; ++i) {
    const std::string name = letter + std::to_string(i);
    all.push_back(http(to, invoke_path(system, name), invocation(system, name, action, rest)));
  }
  return all;
}

std::vector<std::string> saga_requests(const target& to, std::string_view system,
                                       std::string_view parent, std::string_view prefix,
                                       unsigned sagas, unsigned actors) {
  std::vector<std::string> all;
  all.reserve(std::size_t{2} * sagas);
  for (unsigned i = 0; i < sagas; ++i) {
    const std::string id = std::string(prefix) + std::to_string(i);
    const std::string path = invoke_path(system, id);
    const std::string input = field(4, json_payload("{\"n\":" + std::to_string(i % actors) + "}"));
    all.push_back(http(to, path, invocation(system, id, "start", input, parent)));
    all.push_back(http(to, path, invocation(system, id, "await", field(7, {}), parent)));
  }
  return all;
}

std::vector<std::string> spawn_requests(const target& to, std::string_view system,
                                        std::string_view parent, char letter, unsigned actors) {
  std::vector<std::string> all;
  const std::string path = "/api/v1/system/" + std::string(system) + "/actors/spawn";
  for (unsigned first = 0; first < actors; first += spawn_batch) {
    std::string body;
    for (unsigned i = first; i < std::min(actors, first + spawn_batch); ++i) {
      body += field(1, actor_id(letter + std::to_string(i), system, parent));
    }
    all.push_back(http(to, path, body));
  }
  return all;
}

std::string raw_request(const target& to, std::string_view system, std::string_view path) {
  const std::string id = actor_id("noop", system);
  return http(to, path,
              field(1, id) + field(2, "noop") + field(3, field(3, id)) + field(4, payload()));
}

std::string host_request(const target& to, std::string_view system, std::string_view parent,
                         std::string_view actor, std::string_view action, std::string_view json,
                         std::string_view state) {
  const std::string id = actor_id(actor, system, parent);
  const std::string context = (state.empty() ? "" : field(1, state)) + field(3, id);
  return http(to, "/api/v1/actors/actions",
              field(1, id) + field(2, action) + field(3, context) + field(4, json_payload(json)));
}

std::vector<std::string> json_requests(const target& to, std::string_view pattern,
                                       std::string_view body, unsigned actors) {
  const auto hole = pattern.find("{}");
  if (hole == std::string_view::npos) {
    throw std::invalid_argument("--path \"" + std::string(pattern) +
                                "\": write {} where the actor's name goes");
  }
  std::vector<std::string> all;
  all.reserve(actors);
  for (unsigned i = 0; i < actors; ++i) {
    std::string path(pattern.substr(0, hole));
    path.append("c").append(std::to_string(i)).append(pattern.substr(hole + 2));
    all.push_back(http(to, path, body, "application/json"));
  }
  return all;
}

}  // namespace spawn::bench
