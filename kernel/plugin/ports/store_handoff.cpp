#include "plugin/ports/store_handoff.hpp"

#include "base/log.hpp"
#include "plugin/contain.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/status.hpp"
#include "spawn/plugin/handoff.h"

namespace spawn {
namespace {

using handoff_op = pinned<spawn_handoff_op>;
using call_fn = void (*)(spawn_instance*, spawn_handoff_op*);

const spawn_handoff* table_of(const plugin_instance& of) {
  const auto* table = static_cast<const spawn_handoff*>(of.find_interface(SPAWN_HANDOFF));
  return table != nullptr && SPAWN_KNOWS(table, import_next) ? table : nullptr;
}

// One call. `op` stays until the process ends if the plugin keeps it.
result<void> run(plugin_instance& on, const char* what, call_fn call,
                 const std::shared_ptr<handoff_op>& op, std::uint64_t limit_ms) {
  const auto& core = on.core();
  const auto failed = [&](errc code, const std::string& cause) {
    return fail(code,
                "instance " + core->name + " (" + core->host.plugin() + "): " + what + " " + cause);
  };
  op->post_on_end = false;
  op->arm(0, 1, core->time.now_ns() + limit_ms * ns_per_ms);
  const timed_call done =
      run_within(core->name, limit_ms, [core, call, op] { call(core->raw, &op->raw); });
  const auto has_ended = [&] {
    return op->now.load(std::memory_order_acquire) == port_op::phase::ended;
  };
  if (!done.late && !done.threw.empty()) {
    core->host.fault(errc::internal, std::string(what) + " " + done.threw);
    return failed(errc::internal, done.threw);
  }
  if (done.late || !core->host.wait_completions(limit_ms, has_ended)) {
    keep_until_exit(op);
    keep_until_exit(core);
    core->host.fault(errc::deadline, std::string(what) + " did not end");
    return failed(errc::deadline, "did not end within " + std::to_string(limit_ms) + " ms");
  }
  const errc status = known_status(op->raw.op.status);
  const std::string text = take_error_text(op->raw.op);
  if (status != errc::ok) {
    release(op->raw.out_chunk);
    return failed(status, "failed: " + (text.empty() ? std::string(name(status)) : text));
  }
  return {};
}

}  // namespace

result<void> can_hand_over(const plugin_instance& from, const plugin_instance& to) {
  const spawn_handoff* const gives = table_of(from);
  const spawn_handoff* const takes = table_of(to);
  if (gives == nullptr || takes == nullptr) {
    return fail(errc::unsupported,
                "instance " + from.name() + " keeps its records in memory, and " +
                    (gives == nullptr ? from : to).manifest().label() +
                    " has no " SPAWN_HANDOFF
                    " to hand them over; another plugin would begin without them");
  }
  bool accepts = false;
  const std::string threw =
      contained([&] { accepts = takes->accepts(to.core()->raw, gives->schema_written) != 0; });
  if (!threw.empty() || !accepts) {
    return fail(errc::unsupported, "instance " + from.name() + ": " + to.manifest().label() +
                                       " does not read the records that " +
                                       from.manifest().label() + " hands over (schema " +
                                       std::to_string(gives->schema_written) + ")");
  }
  return {};
}

result<void> hand_over_memory(plugin_instance& from, plugin_instance& to, std::uint64_t limit_ms) {
  const spawn_handoff* const gives = table_of(from);
  const spawn_handoff* const takes = table_of(to);
  std::uint64_t bytes = 0;
  for (bool is_last = false; !is_last;) {
    const auto out = std::make_shared<handoff_op>();
    SPAWN_CHECK(run(from, "export_next", gives->export_next, out, limit_ms));
    is_last = out->raw.last != 0;
    const std::string_view chunk = view_of(out->raw.out_chunk);
    bytes += chunk.size();
    if (chunk.size() > SPAWN_HANDOFF_CHUNK_MAX) {
      release(out->raw.out_chunk);
      return fail(errc::too_large, "instance " + from.name() + ": a chunk of " +
                                       from.manifest().label() + " is larger than " +
                                       std::to_string(SPAWN_HANDOFF_CHUNK_MAX) + " bytes");
    }
    const auto in = std::make_shared<handoff_op>();
    in->raw.in_chunk = slice_of(chunk);
    in->raw.last = out->raw.last;
    auto taken = run(to, "import_next", takes->import_next, in, limit_ms);
    if (!taken && taken.error().code == errc::deadline) {
      return taken;  // the plugin may still read the chunk
    }
    release(out->raw.out_chunk);
    SPAWN_CHECK(std::move(taken));
  }
  SPAWN_LOG(info, "records in memory were handed over", {"instance", from.name()},
            {"bytes", bytes});
  return {};
}

}  // namespace spawn
