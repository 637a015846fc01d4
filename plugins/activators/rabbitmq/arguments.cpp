#include "arguments.hpp"

#include "field_text.hpp"

namespace rabbitmq {

namespace {

nlohmann::json map_of(const queue_declaration& of) {
  auto out = nlohmann::json::object();
  if (!of.made) {
    return out;
  }
  if (of.quorum) {
    out["x-queue-type"] = "quorum";
  }
  if (of.dead_letters) {
    out["x-dead-letter-exchange"] = of.dead_letter_exchange;
  }
  if (!of.dead_letter_routing_key.empty()) {
    out["x-dead-letter-routing-key"] = of.dead_letter_routing_key;
  }
  if (of.arguments.is_object()) {
    out.update(of.arguments);
  }
  return out;
}

}  // namespace

arguments::arguments(const nlohmann::json& map) {
  fill(map);
}

arguments::arguments(const queue_declaration& of) {
  fill(map_of(of));
}

void arguments::fill(const nlohmann::json& map) {
  if (!map.is_object()) {
    return;
  }
  for (const auto& [key, value] : map.items()) {
    amqp_table_entry_t one{};
    one.key = bytes_of(texts_.emplace_back(key));
    if (value.is_boolean()) {
      one.value.kind = AMQP_FIELD_KIND_BOOLEAN;
      one.value.value.boolean = value.get<bool>() ? 1 : 0;
    } else if (value.is_number_float()) {
      one.value.kind = AMQP_FIELD_KIND_F64;
      one.value.value.f64 = value.get<double>();
    } else if (value.is_number()) {
      one.value.kind = AMQP_FIELD_KIND_I64;
      one.value.value.i64 = value.get<std::int64_t>();
    } else {
      one.value.kind = AMQP_FIELD_KIND_UTF8;
      one.value.value.bytes = bytes_of(texts_.emplace_back(value.get<std::string>()));
    }
    entries_.push_back(one);
  }
}

}  // namespace rabbitmq
