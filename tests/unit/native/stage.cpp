#include "unit/native/stage.hpp"

#include <algorithm>

namespace spawn::test {

struct stage_calls {
  static fake_lane& lane_of(spawn_live_lane* lane) { return *reinterpret_cast<fake_lane*>(lane); }

  static spawn_status create(spawn_live_lane* lane, std::uint32_t, spawn_live_ref* self,
                             spawn_live_object** out) {
    fake_lane& on = lane_of(lane);
    if (on.on->create_answers != SPAWN_OK) {
      return on.on->create_answers;
    }
    spawn_actor_ref name;
    on.host->name(on.host->data, self, &name);
    auto* made = new fake_object{on.on, std::string(view_of(name.name)), ++on.on->made, {}};
    *out = reinterpret_cast<spawn_live_object*>(made);
    return SPAWN_OK;
  }
  static void receive(spawn_live_lane* lane, spawn_live_object* object,
                      const spawn_live_message* message) {
    fake_lane& on = lane_of(lane);
    auto& actor = *reinterpret_cast<fake_object*>(object);
    if (on.on->inside_ && actor.name.starts_with("driver")) {
      std::exchange(on.on->inside_, nullptr)(*on.host);
      spawn_payload none{};
      on.host->reply(on.host->data, message->token, SPAWN_OK, &none);
      return;
    }
    on.on->heard_[actor.name].push_back({message->kind, message->action, message->token,
                                         message->status,
                                         std::string(view_of(message->payload.type_url)),
                                         std::string(view_of(message->payload.value))});
    if (on.on->act) {
      on.on->act(*on.host, actor, *message);
    }
  }
  static void destroy(spawn_live_lane* lane, spawn_live_object* object) {
    ++lane_of(lane).on->destroyed;
    delete reinterpret_cast<fake_object*>(object);
  }
};

namespace {

constexpr spawn_live_actors table{.struct_size = sizeof(spawn_live_actors),
                                  .reserved = 0,
                                  .is_live = nullptr,
                                  .lane_open = nullptr,
                                  .create = stage_calls::create,
                                  .receive = stage_calls::receive,
                                  .destroy = stage_calls::destroy,
                                  .lane_close = nullptr};

definition_ptr type_named(const char* name, actor_kind kind, std::uint32_t mailbox_max) {
  auto out = std::make_shared<definition>();
  out->system = "sys";
  out->type = name;
  out->kind = kind;
  out->actions = {"Tell", "Ask"};
  out->deactivate_ms = 1'000;
  out->policy.mailbox_max = mailbox_max;
  return out;
}

}  // namespace

stage::stage(live_options options, std::uint64_t budget_bytes, std::uint32_t mailbox_max)
    : budget(budget_bytes) {
  types.system = "sys";
  types.all.emplace_back(0, type_named("Node", actor_kind::unnamed, mailbox_max));
  types.all.emplace_back(1, type_named("Hub", actor_kind::named, mailbox_max));
  std::vector<lane*> raw;
  for (std::uint32_t i = 0; i < 2; ++i) {
    lanes.push_back(std::make_unique<hand_lane>(i, time));
    raw.push_back(lanes.back().get());
  }
  set = std::make_unique<lane_set>(raw);
  std::vector<live_lane*> all;
  for (std::uint32_t i = 0; i < 2; ++i) {
    live.push_back(std::make_unique<live_lane>(
        live_lane::parts{*lanes[i], *set, *this, types, budget, stats[i], options}));
    all.push_back(live.back().get());
  }
  for (auto& each : live) {
    each->connect(all, out);
  }
}

stage::~stage() {
  faulted = false;
  out.routed.clear();  // each tells its caller
  drive();
  for (auto& each : live) {
    each->close();
  }
  drive();
}

result<actors_port::live_channel> stage::open_live(lane&, const spawn_live_host& host) {
  handles_.push_back(std::make_unique<fake_lane>(fake_lane{this, &host}));
  return live_channel{&table, reinterpret_cast<spawn_live_lane*>(handles_.back().get())};
}

bool stage::call_live(lane&, const char*, void (*f)(void*), void* with) {
  try {
    f(with);
    return true;
  } catch (const std::exception&) {
    faulted = true;
    return false;
  }
}

void stage::inside(std::uint32_t on, std::function<void(const spawn_live_host&)> f) {
  inside_ = std::move(f);
  asked_.push_back(std::make_unique<test_ask>());
  ASSERT_EQ(live[on]->ask_from_outside({"sys", "Node", node_on(on, "driver")}, "Ask", {},
                                       time.now_ns() + 60 * ns_per_s, *asked_.back()),
            SPAWN_OK);
  drive();
  ASSERT_FALSE(inside_);
}

void stage::drive() {
  bool again = true;
  while (again) {
    again = false;
    for (auto& each : lanes) {
      again = each->drive() != 0 || again;
    }
  }
}

void stage::pass_ms(std::uint64_t ms) {
  for (std::uint64_t gone = 0; gone < ms; gone += 10) {
    time.advance_ns(10 * ns_per_ms);
    drive();
  }
}

std::string stage::node_on(std::uint32_t index, const std::string& stem) const {
  for (int i = 0;; ++i) {
    std::string each = stem + std::to_string(i);
    if (set->of(lane_hash("sys", each)).index() == index) {
      return each;
    }
  }
}

std::vector<std::string> stage::values_of(const std::string& name) {
  std::vector<std::string> values;
  for (const heard& each : heard_[name]) {
    values.push_back(each.value);
  }
  return values;
}

spawn_live_ref* node(const spawn_live_host& host, const std::string& name) {
  const spawn_actor_ref id{{}, slice_of("Node"), slice_of(name)};
  return host.ref(host.data, &id);
}

}  // namespace spawn::test
