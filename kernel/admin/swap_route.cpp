// Another plugin for an instance that is at work.
#include <charconv>
#include <nlohmann/json.hpp>

#include "admin/lane_ask.hpp"
#include "admin/routes.hpp"
#include "swap/plugin_swaps.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::uint64_t drain_ms_max = 60'000;
constexpr std::uint64_t probation_ms_max = 3'600'000;
// Loading, starting and stopping have limits of their own.
constexpr std::uint64_t answer_ms = 60'000;

// False: the query has the key, and what it says is no number up to `most`.
bool take_ms(const admin_call& call, const char* key, std::uint64_t most, std::uint64_t& out) {
  const auto text = call.request.param(key);
  if (text.empty()) {
    return true;
  }
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), out);
  return why == std::errc() && end == text.data() + text.size() && out <= most;
}

admin_response problem_of(const error& why) {
  switch (why.code) {
    case errc::not_found:
      return admin_problem(404, "NOT_FOUND", why.text);
    case errc::invalid:
    case errc::unsupported:
    case errc::denied:
      return admin_problem(400, "INVALID_ARGUMENT", why.text);
    case errc::internal:
      return admin_problem(500, "INTERNAL", why.text);
    default:
      return admin_problem(503, "UNAVAILABLE", why.text);
  }
}

admin_response answer_of(const swap_report& report) {
  admin_response out;
  out.body = json{{"from", report.from},
                  {"to", report.to},
                  {"pause_us", report.pause_us},
                  {"waited", report.waited},
                  {"wait_p99_us", report.wait_p99_us},
                  {"older_kept", report.older_kept}}
                 .dump();
  return out;
}

}  // namespace

admin_answer swap_plugin(admin_call& call) {
  swap_order order;
  order.kind = call.request.parts[2] == "any" ? std::string() : call.request.parts[2];
  order.instance = call.request.parts[3];
  order.to = call.request.param("to");
  if (order.to.empty()) {
    co_return admin_problem(400, "INVALID_ARGUMENT",
                            "query to is missing: a version, or the path of a plugin file");
  }
  if (!take_ms(call, "drain_ms", drain_ms_max, order.drain_ms)) {
    co_return admin_problem(400, "INVALID_ARGUMENT",
                            "query drain_ms: expected 0 to " + std::to_string(drain_ms_max));
  }
  if (!take_ms(call, "probation_ms", probation_ms_max, order.probation_ms)) {
    co_return admin_problem(
        400, "INVALID_ARGUMENT",
        "query probation_ms: expected 0 to " + std::to_string(probation_ms_max));
  }
  boost::asio::steady_timer wake(co_await boost::asio::this_coro::executor);
  auto state = std::make_shared<asked<result<swap_report>>>();
  state->wake = &wake;
  wake.expires_after(std::chrono::milliseconds(answer_ms + order.drain_ms));
  call.kernel.swaps->begin(std::move(order),
                           [answer = lane_answer<result<swap_report>>(call.loop, state)](
                               result<swap_report> how) mutable { answer(std::move(how)); });
  co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  state->wake = nullptr;
  if (!state->value) {
    co_return admin_problem(503, "UNAVAILABLE", "the swap takes long; the log says how it ends");
  }
  co_return *state->value ? answer_of(**state->value) : problem_of(state->value->error());
}

}  // namespace spawn
