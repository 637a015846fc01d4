// What a client may send to the HTTP activator: a request line, headers, an empty line, a body.
// Refused with a 4xx, or messages whose names are text and which carry no secret of the client.
#include <google/protobuf/descriptor.pb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "intake.hpp"
#include "mutate_lines.hpp"
#include "names.hpp"
#include "planted.hpp"
#include "route_settings.hpp"

namespace {

using namespace http_activator;
using google::protobuf::FieldDescriptorProto;

constexpr std::int64_t now_ms = 1'700'000'000'000;
constexpr std::size_t names_bytes_max = 64 << 10;

constexpr std::string_view route_config = R"({"routes": [
  {"path": "/orders/{id}", "actor": "order-{id}", "action": "{query.do}", "parent": "{header.x-shop}"},
  {"path": "/orders/new", "actor": "orders", "action": "Add", "reply": false},
  {"path": "/json/{id}", "method": "PUT", "actor": "{id}", "action": "Put", "content": "json"},
  {"path": "/text", "actor": "t", "action": "Take", "content": "text"},
  {"path": "/typed/{id}", "actor": "{id}", "action": "Take", "content": "protobuf",
   "message": "shop.Order"},
  {"path": "/typed-json/{id}", "actor": "{id}", "action": "Take", "message": "shop.Order"},
  {"path": "/events", "actor": "{header.x-actor}", "action": "Take", "content": "cloudevents"},
  {"path": "/bearer", "actor": "b", "action": "Take", "auth": {"bearer": {"tokens": ["open"]}}},
  {"path": "/hex", "actor": "h", "action": "Take", "auth": {"hmac": {"header": "x-sig",
   "secret": "s", "prefix": "sha256="}}},
  {"path": "/base64", "actor": "h", "action": "Take", "auth": {"hmac": {"header": "x-sig",
   "secret": "s", "previous_secret": "r", "encoding": "base64", "algorithm": "sha1",
   "timestamp_header": "x-at", "signed": "{timestamp}.{body}"}}}
]})";

// shop.Order {string id = 1; repeated int64 amounts = 2; shop.Order before = 3;}
std::string described() {
  google::protobuf::FileDescriptorSet all;
  auto* file = all.add_file();
  file->set_name("shop.proto");
  file->set_package("shop");
  file->set_syntax("proto3");
  auto* order = file->add_message_type();
  order->set_name("Order");
  const auto add = [&](const char* name, int number, FieldDescriptorProto::Type type,
                       FieldDescriptorProto::Label label) {
    auto* field = order->add_field();
    field->set_name(name);
    field->set_number(number);
    field->set_type(type);
    field->set_label(label);
    return field;
  };
  add("id", 1, FieldDescriptorProto::TYPE_STRING, FieldDescriptorProto::LABEL_OPTIONAL);
  add("amounts", 2, FieldDescriptorProto::TYPE_INT64, FieldDescriptorProto::LABEL_REPEATED);
  add("before", 3, FieldDescriptorProto::TYPE_MESSAGE, FieldDescriptorProto::LABEL_OPTIONAL)
      ->set_type_name(".shop.Order");
  return all.SerializeAsString();
}

settings made_settings() {
  const int file = memfd_create("descriptors", 0);
  const std::string bytes = described();
  if (file < 0 || write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("no file in memory");
  }
  settings out;
  out.types = std::make_shared<const descriptors>("/proc/self/fd/" + std::to_string(file));
  close(file);
  out.routes = routes_of(nlohmann::json::parse(route_config), out.types.get());
  out.batch_events_max = 3;
  return out;
}

// As the HTTP parser has it (RFC 9110, field-value).
bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

std::string_view take_line(std::string_view& text) {
  auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// Nothing for what the HTTP parser before it would not let in.
std::optional<request> read(std::string_view text, std::string& target) {
  request out;
  const auto line = take_line(text);
  const auto blank = line.find(' ');
  if (blank == line.npos || line.size() > names_bytes_max) {
    return std::nullopt;
  }
  out.method = line.substr(0, blank);
  target = line.substr(blank + 1);
  while (!text.empty() && !text.starts_with('\n')) {
    const auto header = take_line(text);
    const auto colon = header.find(": ");
    if (colon == header.npos || !is_token(header.substr(0, colon)) ||
        !is_field_value(header.substr(colon + 2))) {
      return std::nullopt;
    }
    out.headers.emplace_back(lower(header.substr(0, colon)), header.substr(colon + 2));
  }
  take_line(text);
  out.body = text;
  return out;
}

void check_refusal(const answer& wrong) {
  promised(wrong.status >= 400 && wrong.status < 500);
  promised(nlohmann::json::accept(wrong.body));
}

// True for the planted shape.
bool check_delivery(const spawn::plugin::delivery& made) {
  for (const auto* name : {&made.system, &made.parent, &made.name, &made.action}) {
    promised(is_text(*name));
  }
  for (const auto& [name, value] : made.headers) {
    promised(!is_one_of(name, secret_headers) && !is_one_of(name, framing_headers));
  }
  return made.name.ends_with('7') && made.presence == SPAWN_P_VALUE;
}

// True for the planted shape.
bool run(const settings& with, request from, std::string_view target) {
  const auto mark = std::min(target.find('?'), target.size());
  from.path = target.substr(0, mark);
  const auto segments = segments_of(from.path);
  auto query = query_of(target.substr(std::min(mark + 1, target.size())));
  if (!segments || !query) {
    return false;
  }
  from.query = std::move(*query);
  auto found = with.routes.look_up(from.method, *segments);
  if (found.taken == nullptr) {
    promised(!found.path_known || !found.methods.empty());
    return false;
  }
  from.params = std::move(found.params);
  if (const auto refused = refuse_stranger(found.taken->auth, from, now_ms)) {
    check_refusal(*refused);
    return false;
  }
  auto got = deliveries_of(with, *found.taken, from);
  if (!got) {
    check_refusal(got.wrong());
    return false;
  }
  promised(got->size() <= with.batch_events_max);
  bool is_planted = false;
  for (const auto& each : *got) {
    is_planted = check_delivery(*each) || is_planted;
  }
  return is_planted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const settings with = made_settings();
  std::string target;
  auto from = read({reinterpret_cast<const char*>(data), size}, target);
  if (from) {
    planted_overread(run(with, std::move(*from), target), data, size);
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_lines(data, size, most, seed);
}
