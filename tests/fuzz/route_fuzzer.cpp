// What a broker delivers, and the routes it meets: lines "@word value" are the route and the facts
// of the message, what follows an empty line is its body. Refused with a reason, or an invocation
// whose names and metadata hold what the kernel takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "intake/route_table.hpp"
#include "mutate_lines.hpp"
#include "planted.hpp"
#include "wire/common.hpp"

namespace {

using namespace spawn;

constexpr std::size_t metadata_bytes = 1'024;
constexpr std::size_t metadata_entries = 8;

struct scene {
  route_table::options routes;
  std::deque<std::string> texts;
  std::vector<spawn_kv> headers;
  spawn_delivery raw{};
  bool is_told_in_utf8 = true;  // what errors may quote
};

content_kind content_of(std::string_view word) {
  return word == "json"       ? content_kind::json
         : word == "text"     ? content_kind::text
         : word == "bytes"    ? content_kind::bytes
         : word == "protobuf" ? content_kind::protobuf
                              : content_kind::automatic;
}

// False for a template that is refused.
bool take_template(route_rule& rule, std::string_view word, std::string_view value) {
  text_template* to = word == "actor"          ? &rule.actor
                      : word == "action"       ? &rule.action
                      : word == "system"       ? &rule.system
                      : word == "parent"       ? &rule.parent
                      : word == "register_ref" ? &rule.register_ref
                      : word == "dedup_id"     ? &rule.dedup_id
                      : word == "order_by"     ? &rule.order_by
                                               : nullptr;
  if (to == nullptr || !is_utf8(value)) {
    return to == nullptr;
  }
  auto parsed = text_template::parse(value);
  if (!parsed) {
    promised(!parsed.error().text.empty());
    return false;
  }
  *to = std::move(*parsed);
  return true;
}

// The facts of the message.
void take_fact(scene& into, std::string_view word, std::string_view value) {
  const auto keep = [&](std::string_view text) { return slice_of(into.texts.emplace_back(text)); };
  if (word == "header") {
    const auto colon = std::min(value.find(": "), value.size());
    into.headers.push_back(
        {keep(value.substr(0, colon)), keep(value.substr(std::min(colon + 2, value.size())))});
  } else if (word == "type") {
    into.raw.content_type = keep(value);
  } else if (word == "type_url") {
    into.raw.payload.type_url = keep(value);
  } else if (word == "key") {
    into.raw.order_key = keep(value);
  } else if (word == "id") {
    into.raw.dedup_id = keep(value);
  } else if (word == "source") {
    into.raw.source = keep(value);
  } else if (word == "partition") {
    into.raw.partition = keep(value);
  } else if (word == "to") {
    into.raw.to.name = keep(value);
  } else if (word == "do") {
    into.raw.action = keep(value);
  } else if (word == "none") {
    into.raw.payload.presence = SPAWN_P_UNSET;
  }
}

bool read_line(scene& into, std::string_view line) {
  const auto blank = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, blank);
  const auto value = line.substr(std::min(blank + 1, line.size()));
  auto& rules = into.routes.rules;
  if (word == "rule" || rules.empty()) {
    rules.emplace_back();
  }
  into.is_told_in_utf8 = into.is_told_in_utf8 && is_utf8(value);
  const bool of_config = word == "when" || word == "message" || word == "only";
  if (of_config && !is_utf8(value)) {
    return false;
  }
  if (word == "when") {
    const auto equals = std::min(value.find('='), value.size());
    rules.back().when.push_back({std::string(value.substr(0, equals)),
                                 std::string(value.substr(std::min(equals + 1, value.size())))});
  } else if (word == "content") {
    rules.back().content = content_of(value);
  } else if (word == "message") {
    rules.back().message = value;
  } else if (word == "cloudevent") {
    rules.back().cloudevent = true;
  } else if (word == "only") {
    into.routes.all_headers = false;
    into.routes.headers.emplace_back(value);
  } else if (word == "forget") {
    into.routes.dedup = false;
  }
  take_fact(into, word, value);
  return take_template(rules.back(), word, value);
}

// False for routes that no kernel would start with.
bool read(scene& into, std::string_view text) {
  into.routes.system = "sys";
  into.routes.metadata_bytes = metadata_bytes;
  into.routes.metadata_entries = metadata_entries;
  into.raw.struct_size = sizeof(into.raw);
  into.raw.payload.presence = SPAWN_P_VALUE;
  while (text.starts_with('@')) {
    const auto line = text.substr(0, text.find('\n'));
    if (!read_line(into, line.substr(1))) {
      return false;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  into.raw.payload.value = slice_of(text.starts_with('\n') ? text.substr(1) : text);
  into.raw.headers = into.headers.data();
  into.raw.n_headers = static_cast<std::uint32_t>(into.headers.size());
  return true;
}

void check_promises(const routed& out, bool with_id) {
  for (const std::string* needed : {&out.system, &out.actor, &out.action}) {
    promised(!needed->empty());
  }
  for (const std::string* name :
       {&out.system, &out.actor, &out.action, &out.parent, &out.register_ref}) {
    promised(name->size() <= limits::name_bytes_max && is_utf8(*name));
  }
  promised(with_id || out.dedup_id.empty());
  promised(out.metadata.size() <= metadata_entries);
  std::size_t bytes = 0;
  for (const auto& [name, value] : out.metadata) {
    bytes += name.size() + value.size();
    promised(is_utf8(name) && is_utf8(value) && !name.starts_with("reminder-"));
  }
  promised(bytes <= metadata_bytes);
  wire::any_view any;
  promised(out.argument.kind != presence::value || wire::read_any(out.argument.any, any));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  scene made;
  if (!read(made, {reinterpret_cast<const char*>(data), size})) {
    return 0;
  }
  const bool with_id = made.routes.dedup;
  const route_table table(std::move(made.routes));
  const auto got = table.resolve(delivery(made.raw));
  if (!got) {
    promised(!got.error().text.empty());
    promised(!made.is_told_in_utf8 || is_utf8(got.error().text));
    return 0;
  }
  check_promises(*got, with_id);
  planted_overread(got->actor.ends_with('7') && !got->metadata.empty(), data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_lines(data, size, most, seed);
}
