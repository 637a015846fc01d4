#include "message_actors.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace spawn::bench {

namespace {

using namespace std::chrono_literals;
using counter_context = sdk::context<::bench::Counter>;

constexpr std::size_t padding_bytes = 53;

std::atomic<std::uint64_t> sent{0};
std::atomic<std::uint64_t> taken{0};

// The actor of the same number with another letter.
std::string partner(const counter_context& ctx, char letter) {
  std::string name = ctx.self().name;
  name.front() = letter;
  return name;
}

}  // namespace

void count_up(::bench::Counter& state) {
  state.set_count(state.count() + 1);
  if (state.padding().size() != padding_bytes) {
    state.set_padding(std::string(padding_bytes, '.'));
  }
}

sdk::json told_count(counter_context& ctx) {
  return sdk::json{"{\"count\":" + std::to_string(ctx.state().count()) + "}"};
}

void declare_message_actors(sdk::host& app) {
  auto& sender = app.unnamed<::bench::Counter>("Sender").idle_timeout(10min);
  sender.action("Send", [](counter_context& ctx) {
    count_up(ctx.state());
    sdk::effect_options to;
    to.register_ref = "Sink";
    ctx.effect(partner(ctx, 't'), "Take", to);
    sent.fetch_add(1, std::memory_order_relaxed);
  });
  sender.action("Count", told_count);
  auto& sink = app.unnamed<::bench::Counter>("Sink").idle_timeout(10min);
  sink.action("Take", [](counter_context& ctx) {
    count_up(ctx.state());
    taken.fetch_add(1, std::memory_order_relaxed);
  });
  sink.action("Count", told_count);
  auto& chain = app.unnamed<::bench::Counter>("Chain").idle_timeout(10min);
  chain.action("Begin", [](counter_context& ctx) {
    count_up(ctx.state());
    ctx.pipe(partner(ctx, 'q'), "Pass", "Chain");
  });
  chain.action("Pass", [](counter_context& ctx) {
    count_up(ctx.state());
    ctx.pipe(partner(ctx, 'r'), "End", "Chain");
  });
  chain.action("End", [](counter_context& ctx) { count_up(ctx.state()); });
  app.actor("tally").stateless().action("Count", [](sdk::context<>&) {
    return sdk::json{"{\"sent\":" + std::to_string(sent.load(std::memory_order_relaxed)) +
                     ",\"taken\":" + std::to_string(taken.load(std::memory_order_relaxed)) + "}"};
  });
}

}  // namespace spawn::bench
