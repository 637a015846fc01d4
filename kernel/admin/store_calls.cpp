#include "admin/store_calls.hpp"

namespace spawn {
namespace {

error busy() {
  return {errc::unavailable, 1'000, "a lane did not answer in time"};
}

// Lanes take turns, by store: nobody asks for two pages at once.
lane_router& desk_of(admin_call& call, std::size_t store) {
  return *call.kernel.routers[store % call.kernel.routers.size()];
}

}  // namespace

std::optional<std::size_t> find_store(const admin_call& call, std::string_view name) {
  const auto& stores = call.kernel.settings.statestores;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i].instance == name) {
      return i;
    }
  }
  return std::nullopt;
}

admin_response no_such_store(std::string_view name) {
  return admin_problem(404, "NOT_FOUND", "there is no statestore " + std::string(name));
}

admin_result<std::vector<stored_page>> read_records(admin_call& call, std::size_t store,
                                                    std::vector<page_order> orders) {
  using told = std::vector<result<stored_page>>;
  lane_router* router = &desk_of(call, store);
  auto work = [router, store, orders = std::move(orders)](lane_answer<told> answer) mutable {
    router->desk().read_all(
        *router->services().stores[store], std::move(orders),
        router->home().now_ns() + upkeep_ms * ns_per_ms,
        [answer = std::move(answer)](told pages) mutable { answer(std::move(pages)); });
  };
  auto pages =
      co_await ask<told>(call.loop, router->home(), upkeep_ms + lane_answer_ms, std::move(work));
  if (!pages) {
    co_return fail(busy());
  }
  std::vector<stored_page> out;
  for (auto& page : *pages) {
    if (!page) {
      co_return fail(std::move(page.error()));
    }
    out.push_back(std::move(*page));
  }
  co_return out;
}

admin_result<stored_page> read_record_page(admin_call& call, std::size_t store, page_order order) {
  std::vector<page_order> one;
  one.push_back(std::move(order));
  auto pages = co_await read_records(call, store, std::move(one));
  if (!pages) {
    co_return fail(std::move(pages.error()));
  }
  co_return std::move(pages->front());
}

admin_result<std::vector<write_outcome>> write_records(admin_call& call, std::size_t store,
                                                       std::vector<write_order> orders) {
  using told = std::vector<write_outcome>;
  lane_router* router = &desk_of(call, store);
  auto work = [router, store, orders = std::move(orders)](lane_answer<told> answer) mutable {
    for (write_order& order : orders) {
      const bool makes_revision = order.code == SPAWN_SS_SAVE || order.code == SPAWN_SS_DELETE;
      if (makes_revision && order.writer == 0) {
        order.writer = router->services().writers.next();
      }
    }
    router->desk().write(
        *router->services().stores[store], std::move(orders),
        router->home().now_ns() + upkeep_ms * ns_per_ms,
        [answer = std::move(answer)](told outcomes) mutable { answer(std::move(outcomes)); });
  };
  auto outcomes =
      co_await ask<told>(call.loop, router->home(), upkeep_ms + lane_answer_ms, std::move(work));
  if (!outcomes) {
    co_return fail(busy());
  }
  co_return std::move(*outcomes);
}

admin_response store_problem(const error& why) {
  switch (why.code) {
    case errc::unavailable:
    case errc::deadline:
    case errc::exhausted:
    case errc::shutdown:
    case errc::conflict: {
      auto out = admin_problem(503, "UNAVAILABLE", why.text);
      out.retry_after_s = 1;
      return out;
    }
    case errc::invalid:
      return admin_problem(400, "INVALID_ARGUMENT", why.text);
    case errc::unsupported:
      return admin_problem(409, "UNSUPPORTED", why.text);
    default:
      return admin_problem(500, name(why.code), why.text);
  }
}

}  // namespace spawn
