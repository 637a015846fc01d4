#include <limits>
#include <string>

#include "actors.hpp"
#include "counter.pb.h"
#include "json_text.hpp"

namespace example {

namespace sdk = spawn::sdk;

namespace {

using counter_context = sdk::context<counter::CounterState>;

const counter::CounterState& add(counter_context& ctx, std::int64_t amount, std::int64_t most) {
  if (amount > most) {
    throw sdk::action_error("at most " + std::to_string(most) + " at once");
  }
  auto& state = ctx.state();
  state.set_value(state.value() + amount);
  return state;
}

}  // namespace

void declare_counter(sdk::actor_set& app) {
  using namespace std::chrono_literals;
  const std::int64_t most =
      setting_of(app.config(), "add_max", std::numeric_limits<std::int64_t>::max());
  auto& counter = app.actor<counter::CounterState>("counter");
  counter.stateful().idle_timeout(30s).snapshot_every(10s);

  // Two handlers, one for each type of payload: SDKs send the message, people send JSON.
  counter.action<counter::AddRequest>("Add", [most](counter_context& ctx, const auto& request) {
    return add(ctx, request.amount(), most);
  });
  counter.action<sdk::json>("Add", [most](counter_context& ctx, const sdk::json& request) {
    return to_json("value", add(ctx, number_of(request, "amount"), most).value());
  });
  counter.action("Show", [](counter_context& ctx) { return to_json("value", ctx.view().value()); });
}

}  // namespace example
