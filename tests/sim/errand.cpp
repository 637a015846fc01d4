#include "sim/errand.hpp"

#include "state/seal/tagged_fields.hpp"

namespace sim {
namespace {

using spawn::append_le;
using spawn::byte_reader;
using spawn::put_block;

// Bytes of our own making: what is not there reads as zero, which no checker would take.
std::uint64_t number_in(byte_reader& in) {
  return in.le<std::uint64_t>().value_or(0);
}
template <class Enum>
Enum enum_in(byte_reader& in) {
  return static_cast<Enum>(in.le<std::uint8_t>().value_or(0));
}
std::string text_in(byte_reader& in) {
  return std::string(in.block().value_or(std::string_view()));
}
template <class Enum>
void put_enum(std::string& out, Enum value) {
  append_le(out, static_cast<std::uint8_t>(value));
}

}  // namespace

std::string encode_plan(const errand_plan& from) {
  std::string out;
  append_le(out, from.number);
  put_enum(out, from.scatters);
  put_enum(out, from.ends_at_once);
  append_le(out, from.pause_ms);
  append_le(out, from.patience_ms);
  for (const auto& step : from.steps) {
    put_enum(out, step.what);
    put_block(out, step.to);
    append_le(out, step.id);
    append_le(out, step.undo);
    append_le(out, step.timeout_ms);
    put_block(out, step.plan);
  }
  return out;
}

errand_plan decode_plan(std::string_view bytes) {
  byte_reader in(bytes);
  errand_plan out;
  out.number = number_in(in);
  out.scatters = enum_in<bool>(in);
  out.ends_at_once = enum_in<bool>(in);
  out.pause_ms = number_in(in);
  out.patience_ms = number_in(in);
  while (!in.at_end()) {
    auto& step = out.steps.emplace_back();
    step.what = enum_in<errand_step::kind>(in);
    step.to = text_in(in);
    step.id = number_in(in);
    step.undo = number_in(in);
    step.timeout_ms = number_in(in);
    step.plan = text_in(in);
  }
  return out;
}

std::string encode_errand(const errand_state& from) {
  std::string out;
  put_block(out, encode_plan(from.plan));
  put_enum(out, from.phase);
  put_enum(out, from.end);
  for (const auto each :
       {from.last_token, from.pause, from.patience, from.again, from.farewell, from.strange}) {
    append_le(out, each);
  }
  for (const auto& each : from.steps) {
    put_enum(out, each.step);
    put_enum(out, each.undo);
    append_le(out, each.token);
    append_le(out, each.told);
    append_le(out, each.undo_token);
  }
  for (const auto call : from.callers) {
    append_le(out, call);
  }
  return out;
}

errand_state decode_errand(std::string_view bytes) {
  byte_reader in(bytes);
  errand_state out;
  out.plan = decode_plan(in.block().value_or(std::string_view()));
  out.phase = enum_in<errand_phase>(in);
  out.end = enum_in<errand_end>(in);
  for (auto* each :
       {&out.last_token, &out.pause, &out.patience, &out.again, &out.farewell, &out.strange}) {
    *each = number_in(in);
  }
  out.steps.resize(out.plan.steps.size());
  for (auto& each : out.steps) {
    each.step = enum_in<errand_progress::at>(in);
    each.undo = enum_in<errand_progress::at>(in);
    each.token = number_in(in);
    each.told = number_in(in);
    each.undo_token = number_in(in);
  }
  while (!in.at_end()) {
    out.callers.push_back(number_in(in));
  }
  return out;
}

std::string encode_errand_answer(const errand_answer& from) {
  std::string out;
  append_le(out, from.number);
  put_enum(out, from.end);
  return out;
}

errand_answer decode_errand_answer(std::string_view bytes) {
  byte_reader in(bytes);
  errand_answer out;
  out.number = number_in(in);
  out.end = enum_in<errand_end>(in);
  return out;
}

}  // namespace sim
