#include "admin/message_orders.hpp"

#include "admin/lane_ask.hpp"

namespace spawn {

admin_result<bool> order_message(admin_call& call, std::size_t store, std::string key,
                                 row_order what) {
  // A replayed message goes on from the lane that wrote it; any lane will do.
  lane_router* router = call.kernel.routers[store % call.kernel.routers.size()];
  auto work = [router, at = static_cast<std::uint32_t>(store), key = std::move(key),
               what](lane_answer<result<void>> answer) mutable {
    order_row(*router, at, std::move(key), what,
              [answer = std::move(answer)](result<void> done) mutable { answer(std::move(done)); });
  };
  auto done = co_await ask<result<void>>(call.loop, router->home(), upkeep_ms + lane_answer_ms,
                                         std::move(work));
  if (!done) {
    co_return fail(error{errc::unavailable, 1'000, "a lane did not answer in time"});
  }
  if (!*done) {
    co_return fail(std::move(done->error()));
  }
  co_return true;
}

}  // namespace spawn
