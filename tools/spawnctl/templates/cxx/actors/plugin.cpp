// The actors as a plugin: one that counts, and one that all of those tell what they added.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spawn/plugin/config.h"
#include "spawn/plugin/cpp/live_actors.hpp"
#include "spawn/plugin/wire.h"
#include "spawn_manifest.h"

namespace {

using namespace spawn::plugin;

constexpr std::string_view int64_url = "type.googleapis.com/google.protobuf.Int64Value";

// The settings, the same for all lanes.
struct settings {
  std::uint64_t amount_max;
};

// The amount in a message: a number of another actor here, or an Int64Value from outside.
std::optional<std::int64_t> amount_in(const live_message& m) {
  std::int64_t amount = 0;
  if (m.type_url().empty()) {
    return m.read(amount) ? std::optional(amount) : std::nullopt;
  }
  if (m.type_url() != int64_url) {
    return std::nullopt;
  }
  spawn_wire_reader r = spawn_wire_read(m.payload().value);
  spawn_wire_field f;
  while (spawn_wire_next(&r, &f) != 0) {
    if (f.number == 1 && f.type == SPAWN_WIRE_VARINT) {
      amount = static_cast<std::int64_t>(f.value);
    }
  }
  return r.failed == 0 ? std::optional(amount) : std::nullopt;
}

// Without overflow: amounts come from anybody.
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Answers as it was asked: from outside with an Int64Value.
void answer(live_context& ctx, const live_message& m, std::int64_t value) {
  if (!m.is_ask()) {
    return;
  }
  if (m.from() != nullptr) {
    ctx.reply(m, payload_of(value));
    return;
  }
  char room[16];
  spawn_wire_writer w = spawn_wire_write(room, sizeof(room));
  spawn_wire_put_int(&w, 1, value);
  ctx.reply(m, payload_of_any(int64_url, {room, static_cast<std::size_t>(w.needed)}));
}

void refuse(live_context& ctx, const live_message& m, spawn_status why, std::string_view text) {
  if (m.is_ask()) {
    ctx.refuse(m.token(), why, text);
  }
}

class total final : public live_actor {
 public:
  enum action : std::uint32_t { add, show };
  static actor_shape shape() {
    return {.name = "@name@-total", .named = true, .actions = {"Add", "Show"}};
  }
  explicit total(live_context&) {}

  void receive(live_context& ctx, const live_message& m) override {
    if (m.is_answer() || m.is_failure()) {
      return;  // it asks nobody
    }
    if (m.action() == add) {
      const auto amount = amount_in(m);
      if (!amount) {
        return refuse(ctx, m, SPAWN_E_INVALID, "@name@-total: the amount can not be read");
      }
      sum_ = plus(sum_, *amount);
    }
    answer(ctx, m, sum_);
  }

 private:
  std::int64_t sum_ = 0;
};

class counter final : public live_actor {
 public:
  enum action : std::uint32_t { add, show };
  static actor_shape shape() { return {.name = "@name@", .actions = {"Add", "Show"}}; }
  counter(live_context& ctx, const settings& with) : settings_(with), total_(ctx, "@name@-total") {}

  void receive(live_context& ctx, const live_message& m) override {
    if (m.is_answer() || m.is_failure()) {
      return;  // it asks nobody
    }
    if (m.action() == add && !added(ctx, m)) {
      return;
    }
    answer(ctx, m, value_);
  }

 private:
  bool added(live_context& ctx, const live_message& m) {
    const auto amount = amount_in(m);
    if (!amount || *amount < 0 || static_cast<std::uint64_t>(*amount) > settings_.amount_max) {
      refuse(ctx, m, SPAWN_E_INVALID, "@name@: the amount is no number from 0 to amount_max");
      return false;
    }
    if (ctx.tell(total_, total::add, payload_of(*amount)) != SPAWN_OK) {
      refuse(ctx, m, SPAWN_E_EXHAUSTED, "@name@: the total has no room, try again");
      return false;
    }
    value_ = plus(value_, *amount);
    return true;
  }

  const settings& settings_;
  live_ref total_;  // found once, held as long as the object is there
  std::int64_t value_ = 0;
};

class instance : public settings {
 public:
  using live_types = live_list<counter, total>;
  explicit instance(const create_args& args)
      : settings{spawn_config_number(slice(args.config_json), "amount_max", 1'000'000'000)} {}
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, live_only_glue<instance>,
             live_actors_glue<instance>)
