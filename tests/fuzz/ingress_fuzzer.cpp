// What a client may send: bytes as an HTTP request, its body (and the bytes themselves) as every
// message that a route decodes. Refused with a text or accepted, and what is accepted survives
// being encoded and read again.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ingress/encoding.hpp"
#include "ingress/http_message.hpp"
#include "ingress/request_reader.hpp"
#include "model/invocation.hpp"
#include "mutate_message.hpp"
#include "planted.hpp"
#include "wire/common.hpp"
#include "wire/invocation.hpp"
#include "wire/registration.hpp"
#include "wire/status.hpp"

namespace {

using namespace spawn;

constexpr std::uint32_t header_max = 4096;
constexpr std::uint64_t body_max = 1 << 16;

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// An answer repeats what the request said of system and actor.
void check_answer(const std::string& repeat) {
  std::string out;
  wire::append_invocation_response(out, outcome::done(payload(presence::noop, {})), repeat);
  wire::append_invocation_response(out, outcome::done(payload(presence::value, "\x0a\x01t")), {});
  wire::append_invocation_response(out, outcome::failed(failure::internal, "text"), repeat);
  wire::append_registration_response(out, wire::status::ok, "Accepted");
  wire::append_spawn_response(out, wire::status::error, "no");
  wire::reader r(out);
  while (r.next()) {
    r.skip();
  }
  promised(r.ok());
}

// True for the planted shape.
bool check_invocation(std::string_view bytes) {
  invocation read;
  read.storage = bytes;
  wire::echo repeat;
  if (const auto done = wire::read_invocation(read, repeat); !done) {
    promised(!done.error().text.empty());
    return false;
  }
  promised(inside(read.action, read.storage) && inside(read.target.name, read.storage));
  promised(inside(read.argument.any, read.storage) && inside(read.register_ref, read.storage));
  for (const auto& entry : read.metadata) {
    promised(inside(entry.key, read.storage) && inside(entry.value, read.storage));
  }
  promised(read.find_metadata("no such key\xff") == nullptr);
  check_answer(repeat);

  invocation again;
  wire::invocation_fields fields;
  fields.target = read.target;
  fields.action = read.action;
  fields.argument = read.argument;
  fields.is_async = read.is_async;
  fields.register_ref = read.register_ref;
  fields.has_caller = read.has_caller;
  fields.caller = read.caller;
  fields.metadata = read.metadata;
  fields.scheduled_to = read.scheduled_to;
  fields.pooled = read.pooled;
  wire::append_invocation_request(again.storage, fields);
  wire::echo ignored;
  promised(wire::read_invocation(again, ignored).has_value());
  promised(again.target == read.target && again.action == read.action);
  promised(again.argument.kind == read.argument.kind && again.argument.any == read.argument.any);
  promised(again.is_async == read.is_async && again.register_ref == read.register_ref);
  promised(again.has_caller == read.has_caller && again.caller == read.caller);
  promised(again.metadata.size() == read.metadata.size());
  promised(again.scheduled_to == read.scheduled_to && again.pooled == read.pooled);
  return read.action.size() == 3 && read.action[0] != 'i' && read.is_async;
}

void check_definition(std::string_view bytes, std::string_view system, std::string_view name) {
  const auto made = wire::read_definition(bytes, system, name);
  if (!made) {
    promised(!made.error().text.empty());
    return;
  }
  for (const auto& channel : (*made)->channels) {
    promised(!channel.action.empty());
  }
  for (const auto& timer : (*made)->timers) {
    promised((*made)->knows(timer.action));
  }
  const auto tags = wire::read_tags((*made)->initial_tags);
  promised(wire::canonical_tags(tags) == (*made)->initial_tags);
}

void check_registration(std::string_view bytes) {
  const auto read = wire::read_registration(bytes);
  if (!read) {
    promised(!read.error().text.empty());
    return;
  }
  promised(!read->has_service || wire::read_service_info(read->encoded_service).has_value());
  for (const auto& actor : read->actors) {
    promised(inside(actor.encoded, bytes));
    check_definition(actor.encoded, read->system, actor.name);
  }
}

void check_small_messages(std::string_view bytes) {
  if (const auto spawned = wire::read_spawn(bytes)) {
    for (const auto& each : *spawned) {
      promised(inside(each.name, bytes));
    }
  }
  if (wire::any_view any; wire::read_any(bytes, any)) {
    std::string out;
    wire::append_any(out, any.type_url, any.value);
    wire::any_view same;
    promised(wire::read_any(out, same) && same.value == any.value);
    promised(inside(wire::last_segment(any.type_url), any.type_url));
  }
  if (actor_view id; wire::read_actor_id(bytes, id)) {
    std::string out;
    wire::put_actor_id(out, 1, id);
    wire::reader r(out);
    actor_view same;
    promised(r.next() && wire::read_actor_id(r.bytes(), same) && same == id);
    promised(wire::actor_id_size(id) < out.size());
  }
  if (kv_view entry; wire::read_entry(bytes, entry)) {
    std::string out;
    wire::put_entry(out, 1, entry);
    promised(!out.empty());
  }
}

bool check_body(std::string_view bytes) {
  const bool magic = check_invocation(bytes);
  check_registration(bytes);
  check_definition(bytes, "s", "a");
  check_small_messages(bytes);
  return magic;
}

// Feeds the parser as a session does, in two pieces. True for the planted shape in the body.
bool check_http(std::string_view bytes) {
  request_reader reader(header_max, body_max);
  reader.eager(true);
  boost::system::error_code failed;
  std::size_t at = 0;
  std::size_t end = bytes.size() / 2;
  while (!reader.is_done()) {
    const auto used = reader.put(boost::asio::buffer(bytes.data() + at, end - at), failed);
    promised(used <= end - at);
    at += used;
    if (failed == boost::beast::http::error::need_more) {
      failed = {};
    } else if (failed || used != 0) {
      if (failed) {
        return false;
      }
      continue;
    }
    if (end == bytes.size()) {
      break;
    }
    end = bytes.size();
  }
  promised(reader.body.size() <= body_max);
  static_cast<void>(choose_encoding(reader.accept_encoding));
  if (!reader.is_done()) {
    return false;
  }
  http_request request;
  request.target = reader.target;
  promised(inside(request.path(), request.target));
  promised(inside(request.query("revision"), request.target));
  if (reader.content_type == "application/json") {
    static_cast<void>(nlohmann::json::accept(reader.body));
  }
  return check_body(reader.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool in_body = check_http(bytes);
  planted_overread(check_body(bytes) || in_body, data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_message(data, size, most, seed);
}
