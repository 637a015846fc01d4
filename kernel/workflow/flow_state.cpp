#include "workflow/flow_state.hpp"

#include <algorithm>

#include "state/rows/flow_fields.hpp"
#include "state/seal/tagged_fields.hpp"

namespace spawn {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::string_view what = "flow";

// Numbers are for ever.
enum class field : std::uint8_t {
  life = 1,
  schema = 2,
  scratch = 3,
  incarnation = 4,
  next_call = 5,
  wait = 6,
  timer = 7,
  caller = 8,
  armed = 9,
};

error cut_off(std::string_view which) {
  return {errc::corrupt, 0, "flow: " + std::string(which) + " is cut off"};
}

std::string pair_of(std::uint64_t token, std::int64_t ms) {
  std::string out;
  append_le(out, token);
  append_le(out, static_cast<std::uint64_t>(ms));
  return out;
}

std::string bytes_of(const flow_caller& caller) {
  std::string out;
  append_le(out, caller.call_id);
  append_le(out, caller.place.incarnation);
  append_le(out, caller.place.id);
  append_le(out, static_cast<std::uint64_t>(caller.until_ms));
  if (caller.awaited) {
    out += encode_awaited(*caller.awaited);
  }
  return out;
}

result<flow_caller> read_caller(std::string_view bytes) {
  byte_reader in(bytes);
  const auto call = in.le<std::uint64_t>();
  const auto incarnation = call ? in.le<std::uint64_t>() : std::nullopt;
  const auto id = incarnation ? in.le<std::uint64_t>() : std::nullopt;
  const auto until = id ? in.le<std::uint64_t>() : std::nullopt;
  if (!until) {
    return fail(cut_off("a caller"));
  }
  flow_caller out{*call, {*incarnation, *id}, nullptr, static_cast<std::int64_t>(*until)};
  if (!in.at_end()) {
    SPAWN_TRY(out.awaited, decode_awaited(in.left()));
  }
  return out;
}

result<void> read_field(std::uint8_t tag, std::string_view value, flow_state& to) {
  const auto number = [&](std::uint64_t& into) -> result<void> {
    SPAWN_TRY(into, number_in(what, value));
    return {};
  };
  const auto pair = [&](std::uint64_t& token, std::int64_t& ms) -> result<void> {
    byte_reader in(value);
    const auto first = in.le<std::uint64_t>();
    const auto second = first ? in.le<std::uint64_t>() : std::nullopt;
    if (!second) {
      return fail(cut_off("a token"));
    }
    token = *first;
    ms = static_cast<std::int64_t>(*second);
    return {};
  };
  std::uint64_t read = 0;
  switch (static_cast<field>(tag)) {
    case field::life:
      return number(to.life);
    case field::schema:
      SPAWN_CHECK(number(read));
      to.schema = static_cast<std::uint32_t>(read);
      return {};
    case field::scratch:
      to.scratch = value;
      return {};
    case field::incarnation:
      return number(to.incarnation);
    case field::next_call:
      return number(to.next_call);
    case field::wait: {
      flow_wait& made = to.waits.emplace_back();
      return pair(made.token, made.until_ms);
    }
    case field::timer: {
      flow_timer& made = to.timers.emplace_back();
      return pair(made.token, made.due_ms);
    }
    case field::caller: {
      SPAWN_TRY(auto caller, read_caller(value));
      to.callers.push_back(std::move(caller));
      return {};
    }
    case field::armed:
      SPAWN_CHECK(number(read));
      to.armed.push_back(static_cast<std::int64_t>(read));
      return {};
  }
  put(to.unknown, static_cast<field>(tag), value);
  return {};
}

}  // namespace

std::int64_t flow_state::next_due() const noexcept {
  std::int64_t next = 0;
  const auto sooner = [&](std::int64_t ms) {
    next = ms != 0 && (next == 0 || ms < next) ? ms : next;
  };
  for (const auto& each : timers) {
    sooner(each.due_ms);
  }
  for (const auto& each : waits) {
    sooner(each.until_ms);
  }
  return next;
}

bool flow_state::end_wait(std::uint64_t token) {
  return std::erase_if(waits, [&](const flow_wait& each) { return each.token == token; }) != 0;
}

void flow_state::drop(std::uint64_t token) {
  static_cast<void>(end_wait(token));
  std::erase_if(timers, [&](const flow_timer& each) { return each.token == token; });
}

std::string encode_flow(const flow_state& from) {
  std::string out;
  out.reserve(64 + from.scratch.size());
  append_le(out, format);
  put_number(out, field::life, from.life);
  put_number(out, field::schema, from.schema);
  put(out, field::scratch, from.scratch);
  put_number(out, field::incarnation, from.incarnation);
  put_number(out, field::next_call, from.next_call);
  for (const auto& each : from.waits) {
    put(out, field::wait, pair_of(each.token, each.until_ms));
  }
  for (const auto& each : from.timers) {
    put(out, field::timer, pair_of(each.token, each.due_ms));
  }
  for (const auto& each : from.callers) {
    put(out, field::caller, bytes_of(each));
  }
  for (const auto each : from.armed) {
    put_number(out, field::armed, static_cast<std::uint64_t>(each));
  }
  out += from.unknown;
  return out;
}

result<flow_state> decode_flow(std::string_view bytes) {
  flow_state out;
  SPAWN_CHECK(each_field(what, format, bytes, [&](std::uint8_t tag, std::string_view value) {
    return read_field(tag, value, out);
  }));
  if (out.life == 0) {
    return fail(errc::corrupt, "flow: it has no life");
  }
  return out;
}

}  // namespace spawn
