#include "field_text.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

namespace rabbitmq {

namespace {

using nlohmann::json;

constexpr int depth_max = 16;

// value * 10^-decimals.
double decimal(const amqp_decimal_t& value) {
  return static_cast<double>(value.value) * std::pow(10.0, -static_cast<double>(value.decimals));
}

json plain(const amqp_field_value_t& value) {
  switch (value.kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
      return value.value.boolean != 0;
    case AMQP_FIELD_KIND_I8:
      return value.value.i8;
    case AMQP_FIELD_KIND_U8:
      return value.value.u8;
    case AMQP_FIELD_KIND_I16:
      return value.value.i16;
    case AMQP_FIELD_KIND_U16:
      return value.value.u16;
    case AMQP_FIELD_KIND_I32:
      return value.value.i32;
    case AMQP_FIELD_KIND_U32:
      return value.value.u32;
    case AMQP_FIELD_KIND_I64:
      return value.value.i64;
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
      return value.value.u64;
    case AMQP_FIELD_KIND_F32:
      return value.value.f32;
    case AMQP_FIELD_KIND_F64:
      return value.value.f64;
    case AMQP_FIELD_KIND_DECIMAL:
      return decimal(value.value.decimal);
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
      return view(value.value.bytes);
    default:
      return nullptr;
  }
}

json tree(const amqp_field_value_t& value, int depth) {
  if (depth > depth_max) {
    return nullptr;
  }
  if (value.kind == AMQP_FIELD_KIND_ARRAY) {
    json out = json::array();
    const amqp_array_t& all = value.value.array;
    for (const amqp_field_value_t& one :
         std::span(all.entries, static_cast<std::size_t>(all.num_entries))) {
      out.push_back(tree(one, depth + 1));
    }
    return out;
  }
  if (value.kind == AMQP_FIELD_KIND_TABLE) {
    json out = json::object();
    const amqp_table_t& all = value.value.table;
    for (const amqp_table_entry_t& one :
         std::span(all.entries, static_cast<std::size_t>(all.num_entries))) {
      out[std::string(view(one.key))] = tree(one.value, depth + 1);
    }
    return out;
  }
  return plain(value);
}

}  // namespace

std::string field_text(const amqp_field_value_t& value) {
  switch (value.kind) {
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
      return std::string(view(value.value.bytes));
    case AMQP_FIELD_KIND_VOID:
      return {};
    default:
      // What is no UTF-8 inside of a table is replaced, not thrown about.
      return tree(value, 1).dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

}  // namespace rabbitmq
