// Policies of calls to hosts, who has which, and circuit breakers.
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(resiliency_settings, every_key_reaches_its_field) {
  const auto s = good(
      "resiliency:\n"
      "  careful:\n"
      "    timeout_ms: 200\n"
      "    retry: {attempts: 4, backoff_first_ms: 5, backoff_max_ms: 60, unsafe: true,\n"
      "            on: [refused, closed, unavailable, timeout, error]}\n"
      "    concurrency: 7\n"
      "    queue: 8\n"
      "    rate_limit: {per_s: 2.5, burst: 9}\n"
      "actors:\n"
      "  Order: {resiliency: careful, actions: {Pay: {concurrency: 1}, Ship: careful}}\n");
  ASSERT_EQ(s.resiliency.size(), 1u);
  const policy_settings& policy = s.resiliency[0].second;
  EXPECT_EQ(policy.timeout_ms, 200u);
  EXPECT_EQ(
      policy.retry,
      (retry_settings{4, 5, 60, {"refused", "closed", "unavailable", "timeout", "error"}, true}));
  EXPECT_EQ(policy.concurrency, 7u);
  EXPECT_EQ(policy.queue, 8u);
  EXPECT_EQ(policy.rate_limit, (rate_settings{2.5, 9}));
  const actor_rule& order = *s.rule_for("Order");
  ASSERT_TRUE(order.resiliency);
  EXPECT_EQ(order.resiliency->name, "careful");
  EXPECT_EQ(order.resiliency->policy, policy);
  ASSERT_EQ(order.actions.size(), 2u);
  EXPECT_EQ(order.actions[0].first, "Pay");
  EXPECT_EQ(order.actions[0].second.policy.concurrency, 1u);
  EXPECT_FALSE(order.actions[0].second.policy.timeout_ms) << "in place of the type's as a whole";
  EXPECT_EQ(order.actions[1].second.policy, policy);
}

TEST(resiliency_settings, what_is_left_out_bounds_nothing_and_repeats_nothing_that_ran) {
  const auto s = good("actors: {A: {resiliency: {retry: {}, rate_limit: {per_s: 2.5}}}}");
  const policy_settings& policy = s.actors[0].resiliency->policy;
  EXPECT_FALSE(policy.timeout_ms || policy.concurrency);
  EXPECT_EQ(policy.retry, retry_settings{});
  EXPECT_EQ(policy.retry->on, std::vector<std::string>{"refused"});
  EXPECT_EQ(policy.rate_limit->burst, 3u) << "per_s, rounded up";
}

TEST(resiliency_settings, an_action_runs_again_only_where_that_is_said) {
  EXPECT_EQ(errors("resiliency:\n  p:\n    retry: {on: [refused, timeout]}\n"),
            "spawn.yaml:3:27: resiliency.p.retry.on.1: a call that ended with 'timeout' may have "
            "run, and would run again; take it away, or say that this is acceptable with unsafe: "
            "true");
}

TEST(resiliency_settings, a_policy_must_exist) {
  EXPECT_EQ(errors("resiliency: {careful: {}}\nactors: {A: {resiliency: carefull}}"),
            "spawn.yaml:2:26: actors.A.resiliency: there is no policy named 'carefull' under "
            "resiliency; did you mean 'careful'?");
  EXPECT_THAT(errors("actors: {A: {actions: {Pay: nobody}}}"),
              HasSubstr("actors.A.actions.Pay: there is no policy named 'nobody'"));
}

TEST(resiliency_settings, wrong_keys_and_values_are_named) {
  EXPECT_THAT(errors("resiliency: {p: {timeout: 5}}"),
              HasSubstr("resiliency.p.timeout: unknown key"));
  EXPECT_THAT(errors("resiliency: {p: {retry: {on: [refusd]}}}"),
              HasSubstr("did you mean 'refused'?"));
  EXPECT_THAT(errors("resiliency: {p: {retry: {attempts: 0}}}"),
              HasSubstr("resiliency.p.retry.attempts: expected an integer from 1 to 100"));
  EXPECT_THAT(errors("resiliency: {p: {rate_limit: {burst: 3}}}"),
              HasSubstr("resiliency.p.rate_limit.per_s: this key is required here"));
  EXPECT_THAT(errors("resiliency: {p: {rate_limit: {per_s: 0}}}"),
              HasSubstr("resiliency.p.rate_limit.per_s"));
  EXPECT_THAT(errors("resiliency: {p: {concurrency: 0}}"), HasSubstr("resiliency.p.concurrency"));
  EXPECT_THAT(errors("resiliency: {p: {retry: {backoff_first_ms: 9, backoff_max_ms: 8}}}"),
              HasSubstr("retry.backoff_first_ms: must not be above backoff_max_ms, which is 8"));
  EXPECT_THAT(errors("resiliency: {p: {timeout_ms: 3600001}}"),
              HasSubstr("resiliency.p.timeout_ms: must not be above timeouts.request_max_ms"));
  EXPECT_THAT(errors("actors: {A: {resiliency: {concurency: 3}}}"),
              HasSubstr("actors.A.resiliency.concurency: unknown key; did you mean"));
}

TEST(resiliency_settings, a_host_has_a_breaker_only_if_one_is_given) {
  EXPECT_FALSE(good("").host.circuit_breaker);
  EXPECT_EQ(good("host: {circuit_breaker: {}}").host.circuit_breaker, breaker_settings{});
  const auto s = good(
      "host: {circuit_breaker: {failures: 0, error_percent: 50, min_calls: 3, window_ms: 400,\n"
      "  open_ms: 50, probes: 6}}\n"
      "hosts: [{name: b, port: 81, actors: [A], circuit_breaker: {failures: 2}}]\n");
  EXPECT_EQ(s.host.circuit_breaker, (breaker_settings{0, 50, 3, 400, 50, 6}));
  EXPECT_EQ(s.hosts[0].circuit_breaker->failures, 2u);
}

TEST(resiliency_settings, a_breaker_that_never_opens_is_a_mistake) {
  EXPECT_THAT(
      errors("host: {circuit_breaker: {failures: 0}}"),
      HasSubstr("host.circuit_breaker: with failures: 0 and no error_percent it would never "
                "open"));
}

}  // namespace
}  // namespace spawn::config
