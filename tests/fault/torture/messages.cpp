#include "torture/messages.hpp"

#include "wire/reader.hpp"

namespace torture {

namespace {

using spawn::wire::put_bytes;
using spawn::wire::put_number;
using spawn::wire::put_text;
using spawn::wire::reader;

constexpr std::string_view id_url = "type.googleapis.com/torture.Id";
constexpr std::string_view count_url = "type.googleapis.com/torture.Count";
constexpr std::uint64_t kind_named = 1;
constexpr std::uint64_t kind_unnamed = 2;

std::string http(std::string_view verb, std::string_view path, std::string_view body) {
  std::string out(verb);
  out.append(" ").append(path).append(" HTTP/1.1\r\nhost: kernel\r\n");
  out.append("content-type: application/octet-stream\r\ncontent-length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return out;
}

std::string message(std::uint32_t field, std::string_view content) {
  std::string out;
  put_bytes(out, field, content);
  return out;
}

std::string any(std::string_view url, std::string_view value) {
  std::string out;
  put_text(out, 1, url);
  put_text(out, 2, value);
  return out;
}

std::string actor_id(std::string_view name, std::string_view parent = {}) {
  std::string out;
  put_text(out, 1, name);
  put_text(out, 2, system_name);
  put_text(out, 3, parent);
  return out;
}

std::string definition(std::string_view name, std::uint64_t kind) {
  std::string settings;
  put_number(settings, 1, kind);
  put_number(settings, 2, 1);  // stateful
  std::string out;
  put_bytes(out, 1, actor_id(name));
  put_bytes(out, 2, {});
  put_bytes(out, 3, settings);
  put_bytes(out, 4, message(1, action_name));
  return out;
}

std::string registry_entry(std::string_view name, std::uint64_t kind) {
  std::string entry;
  put_bytes(entry, 1, name);
  put_bytes(entry, 2, definition(name, kind));
  return message(1, entry);
}

std::string invocation(std::uint32_t actor, std::string_view action) {
  std::string out;
  put_bytes(out, 1, message(1, system_name));
  put_bytes(out, 2, message(1, actor_id(actor_name(actor))));
  put_bytes(out, 3, action);
  return out;
}

std::string invoke_path(std::uint32_t actor) {
  std::string path = "/api/v1/system/";
  path.append(system_name).append("/actors/").append(actor_name(actor)).append("/invoke");
  return path;
}

std::string_view any_value(std::string_view bytes) {
  std::string_view value;
  reader r(bytes);
  while (r.next()) {
    r.field() == 2 ? void(value = r.bytes()) : r.skip();
  }
  return r.ok() ? value : std::string_view{};
}

void read_status(std::string_view bytes, answer& out) {
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      out.ok = r.varint() == 1;
    } else if (r.field() == 2) {
      out.text = r.text();
    } else {
      r.skip();
    }
  }
  out.code = out.text.substr(0, out.text.find(':'));
}

}  // namespace

std::string actor_name(std::uint32_t actor) {
  return (actor % 2 == 0 ? "named-" : "child-") + std::to_string(actor);
}

std::string registration_request(std::uint32_t actors) {
  std::string registry = registry_entry(parent_name, kind_unnamed);
  for (std::uint32_t i = 0; i < actors; i += 2) {
    registry += registry_entry(actor_name(i), kind_named);
  }
  std::string actor_system;
  put_bytes(actor_system, 1, system_name);
  put_bytes(actor_system, 2, registry);
  std::string service;
  put_text(service, 1, "kill-torture");
  put_number(service, 6, 1);
  put_number(service, 7, 2);
  return http("POST", "/api/v1/system", message(1, service) + message(2, actor_system));
}

std::string spawn_request(std::uint32_t actors) {
  std::string body;
  for (std::uint32_t i = 1; i < actors; i += 2) {
    put_bytes(body, 1, actor_id(actor_name(i), parent_name));
  }
  return http("POST", "/api/v1/system/" + std::string(system_name) + "/actors/spawn", body);
}

std::string add_request(std::uint32_t actor, request_id id, std::uint32_t timeout_ms) {
  std::string value;
  put_number(value, 1, id.slot + 1U);
  put_number(value, 2, id.seq + 1U);
  std::string body = invocation(actor, action_name);
  put_bytes(body, 4, any(id_url, value));
  if (timeout_ms != 0) {
    put_bytes(body, 8, message(1, "request-timeout") + message(2, std::to_string(timeout_ms)));
  }
  return http("POST", invoke_path(actor), body);
}

std::string bulky_request(std::uint32_t actor, std::size_t bytes) {
  std::string value;
  put_number(value, 1, 1);
  put_number(value, 2, 1);
  std::string body = invocation(actor, action_name);
  put_bytes(body, 4, any(id_url, value));
  put_bytes(body, 8, message(1, "padding") + message(2, std::string(bytes, '.')));
  return http("POST", invoke_path(actor), body);
}

std::string get_request(std::uint32_t actor) {
  return http("POST", invoke_path(actor), invocation(actor, "get") + message(7, {}));
}

std::string ready_request() {
  return http("GET", "/health/readiness", {});
}

answer read_answer(std::string_view body) {
  answer out;
  reader r(body);
  while (r.next()) {
    if (r.field() == 1) {
      out.readable = true;
      read_status(r.bytes(), out);
    } else if (r.field() == 4) {
      out.value = any_value(r.bytes());
    } else {
      r.skip();
    }
  }
  out.readable = out.readable && r.ok();
  return out;
}

host_call read_host_call(std::string_view body) {
  host_call out;
  reader r(body);
  while (r.next()) {
    switch (r.field()) {
      case 1: {
        reader id(r.bytes());
        while (id.next()) {
          id.field() == 1 ? void(out.actor = id.bytes()) : id.skip();
        }
        break;
      }
      case 2:
        out.action = r.bytes();
        break;
      case 3: {
        reader context(r.bytes());
        while (context.next()) {
          context.field() == 1 ? void(out.state_any = context.bytes()) : context.skip();
        }
        out.state_value = any_value(out.state_any);
        break;
      }
      case 4: {
        reader id(any_value(r.bytes()));
        while (id.next()) {
          (id.field() == 1 ? out.id.slot : out.id.seq) =
              static_cast<std::uint32_t>(id.varint()) - 1U;
          out.has_id = true;
        }
        break;
      }
      default:
        r.skip();
    }
  }
  out.readable = r.ok();
  return out;
}

std::string host_answer(const host_call& call, std::string_view state_any, std::uint64_t updates) {
  std::string context;
  if (!state_any.empty()) {
    put_bytes(context, 1, state_any);
  }
  std::string count;
  put_number(count, 1, updates);
  std::string body;
  put_bytes(body, 1, call.actor);
  put_bytes(body, 2, system_name);
  put_bytes(body, 3, context);
  put_bytes(body, 4, any(count_url, count));
  std::string out = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ";
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return out;
}

std::string state_any(const applied& state) {
  return any(state_url, state.encode());
}

}  // namespace torture
