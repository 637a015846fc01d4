// The statestores of this kernel, and what each of them tells of itself.
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "admin/store_calls.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::uint64_t stats_ms = 5'000;

json json_of(const admin_call& call, std::size_t store) {
  const auto& use = call.kernel.settings.statestores[store];
  const statestore_port& port = call.kernel.routers[0]->services().stores[store]->store();
  return {{"name", use.instance},
          {"plugin", use.use},
          {"default", store == 0},
          {"durable", (port.capabilities() & SPAWN_SS_CAP_DURABLE) != 0},
          {"keeps_history", (port.capabilities() & SPAWN_SS_CAP_HISTORY) != 0}};
}

// Counting may take a while: on the helper, one store after another.
boost::asio::awaitable<std::optional<result<std::string>>> stats_of(admin_call& call,
                                                                    const std::string& instance) {
  boost::asio::steady_timer wake(co_await boost::asio::this_coro::executor);
  auto state = std::make_shared<asked<result<std::string>>>();
  state->wake = &wake;
  wake.expires_after(std::chrono::milliseconds(stats_ms + lane_answer_ms));
  lane_answer<result<std::string>> answer(call.loop, state);
  boost::asio::post(*call.kernel.helper, [plugins = &call.kernel.plugins, instance,
                                          answer = std::move(answer)]() mutable {
    const auto of = plugins->find("statestore", instance);
    answer(of->ask_admin(plugin_instance::admin_call::stats, stats_ms));
  });
  co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  state->wake = nullptr;
  co_return std::move(state->value);
}

}  // namespace

admin_answer list_stores(admin_call& call) {
  json stores = json::array();
  for (std::size_t i = 0; i < call.kernel.settings.statestores.size(); ++i) {
    json each = json_of(call, i);
    if (call.request.param("stats") == "false") {
      stores.push_back(std::move(each));
      continue;
    }
    const auto told = co_await stats_of(call, each["name"].get<std::string>());
    if (!told) {
      each["why"] = "the store did not tell in time";
    } else if (!*told) {
      each["why"] = told->error().text;
    } else {
      each["stats"] = json::parse(**told, nullptr, false);
    }
    stores.push_back(std::move(each));
  }
  admin_response out;
  out.body =
      json{{"stores", std::move(stores)}}.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
