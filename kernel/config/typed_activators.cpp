// What the kernel does with what activators bring, and what it publishes.
#include <algorithm>
#include <array>
#include <set>

#include "config/typed.hpp"

namespace spawn::config {
namespace {

// What a template may name: alone, or with a part behind the dot.
bool is_known_field(std::string_view field) {
  static constexpr std::array<std::string_view, 6> alone = {"source", "partition", "key",
                                                            "id",     "attempt",   "body"};
  return std::find(alone.begin(), alone.end(), field) != alone.end() ||
         (field.starts_with("header.") && field.size() > 7) ||
         (field.starts_with("body.") && field.size() > 5);
}

void check_template(const value& said, const std::string& pointer, const std::string& text,
                    reading& in) {
  const auto parsed = text_template::parse(text);
  if (!parsed) {
    in.found.add(said.at, pointer, parsed.error().text);
    return;
  }
  for (const auto field : parsed->fields()) {
    if (!is_known_field(field)) {
      in.found.add(said.at, pointer,
                   "{" + std::string(field) +
                       "} is not known; there are {header.NAME}, {body}, {body.NAME}, {key}, "
                       "{id}, {source}, {partition} and {attempt}");
    }
  }
}

activator_route read_route(const value& from, const std::string& pointer, reading& in) {
  activator_route out;
  if (const value* when = from.find("when")) {
    for (const auto& m : when->members) {
      if (!is_known_field(m.key) || m.key == "body") {
        in.found.add(m.at, pointer_step(pointer + "/when", m.key),
                     "expected source, partition, key, id, header.NAME or body.NAME");
      }
      out.when.emplace_back(m.key, m.is.text);
    }
  }
  const auto text = [&](const char* key, std::string& to) {
    if (const value* said = from.find(key)) {
      take(said, to);
      check_template(*said, pointer_step(pointer, key), to, in);
    }
  };
  text("system", out.system);
  text("actor", out.actor);
  text("parent", out.parent);
  text("register_ref", out.register_ref);
  text("action", out.action);
  text("dedup_id", out.dedup_id);
  text("order_by", out.order_by);
  take(from.find("message"), out.message);
  if (const value* content = from.find("content")) {
    out.content = content->text == "json"          ? content_rule::json
                  : content->text == "text"        ? content_rule::text
                  : content->text == "bytes"       ? content_rule::bytes
                  : content->text == "protobuf"    ? content_rule::protobuf
                  : content->text == "cloudevents" ? content_rule::cloudevents
                                                   : content_rule::automatic;
  }
  if (out.content == content_rule::protobuf && out.message.empty()) {
    in.found.add(from.find("content")->at, pointer + "/content",
                 "protobuf needs the key message: the full name of the message type");
  }
  return out;
}

void read_retry(const value& from, const std::string& pointer, activator_retry& out, reading& in) {
  take(from.find("attempts"), out.attempts);
  take(from.find("first_ms"), out.first_ms);
  take(from.find("max_ms"), out.max_ms);
  take(from.find("unknown_actor_ms"), out.unknown_actor_ms);
  if (out.first_ms > out.max_ms) {
    const value* said = from.find("first_ms") ? from.find("first_ms") : from.find("max_ms");
    in.found.add(said->at, pointer + "/first_ms",
                 "must not be above max_ms, which is " + std::to_string(out.max_ms));
  }
}

}  // namespace

void read_activator_rules(const value& from, const std::string& pointer, activator_rules& out,
                          reading& in) {
  const value* one = from.find("route");
  const value* many = from.find("routes");
  if (one != nullptr && many != nullptr) {
    in.found.add(many->at, pointer + "/routes", "expected either route or routes, and not both");
  }
  if (one != nullptr) {
    out.routes.push_back(read_route(*one, pointer + "/route", in));
  }
  for (std::size_t i = 0; many != nullptr && i < many->items.size(); ++i) {
    out.routes.push_back(
        read_route(many->items[i], pointer_step(pointer + "/routes", std::to_string(i)), in));
  }
  take(from.find("window"), out.window);
  take(from.find("timeout_ms"), out.timeout_ms);
  take(from.find("dedup"), out.dedup);
  if (const value* order = from.find("order")) {
    out.order = order->text == "none"    ? order_rule::none
                : order->text == "actor" ? order_rule::actor
                                         : order_rule::key;
  }
  if (const value* dead = from.find("dead_letters")) {
    out.dead_letters = dead->text == "source" ? dead_letter_rule::source
                       : dead->text == "drop" ? dead_letter_rule::drop
                                              : dead_letter_rule::kernel;
  }
  if (const value* retry = from.find("retry")) {
    read_retry(*retry, pointer + "/retry", out.retry, in);
  }
  if (const value* headers = from.find("headers")) {
    out.all_headers = false;
    for (const auto& name : headers->items) {
      std::string lower = name.text;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      out.headers.push_back(std::move(lower));
    }
  }
}

void read_sinks(const value& root, settings& out, reading& in) {
  const value* list = root.find("sinks");
  if (list == nullptr) {
    return;
  }
  std::vector<std::string> instances{"transport"};
  for (const auto& each : out.activators) {
    instances.push_back(each.plugin.instance);
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const value& from = list->items[i];
    const auto pointer = pointer_step("/sinks", std::to_string(i));
    sink_use sink;
    take(from.find("name"), sink.name);
    take(from.find("via"), sink.via);
    take(from.find("destination"), sink.destination);
    if (!names.insert(sink.name).second) {
      in.found.add(from.find("name")->at, pointer + "/name",
                   "there is another one named '" + sink.name + "'");
    }
    if (std::find(instances.begin(), instances.end(), sink.via) == instances.end()) {
      const auto meant = nearest(sink.via, instances);
      in.found.add(from.find("via")->at, pointer + "/via",
                   "there is no activator named '" + sink.via + "'" +
                       (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
    }
    if (const value* channels = from.find("channels")) {
      for (const auto& channel : channels->items) {
        sink.channels.push_back(channel.text);
      }
    }
    out.sinks.push_back(std::move(sink));
  }
}

}  // namespace spawn::config
