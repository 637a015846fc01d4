// Policies of calls to actor hosts, who has which, and circuit breakers.
#include <algorithm>
#include <cmath>

#include "config/typed.hpp"

namespace spawn::config {
namespace {

double number_of(const value& from) {
  return from.is == value::kind::integer ? static_cast<double>(from.integer) : from.number;
}

retry_settings read_retry(const value& from, const std::string& pointer, reading& in) {
  retry_settings out;
  take(from.find("attempts"), out.attempts);
  take(from.find("backoff_first_ms"), out.backoff_first_ms);
  take(from.find("backoff_max_ms"), out.backoff_max_ms);
  take(from.find("unsafe"), out.unsafe);
  if (out.backoff_first_ms > out.backoff_max_ms) {
    const value* first = from.find("backoff_first_ms");
    const value* blamed = first != nullptr ? first : from.find("backoff_max_ms");
    in.found.add(
        blamed->at, pointer + "/backoff_first_ms",
        "must not be above backoff_max_ms, which is " + std::to_string(out.backoff_max_ms));
  }
  const value* on = from.find("on");
  if (on == nullptr) {
    return out;
  }
  out.on.clear();
  for (std::size_t i = 0; i < on->items.size(); ++i) {
    const value& word = on->items[i];
    out.on.push_back(word.text);
    if (word.text != "refused" && !out.unsafe) {
      in.found.add(word.at, pointer + "/on/" + std::to_string(i),
                   "a call that ended with '" + word.text +
                       "' may have run, and would run again; take it away, or say that this is "
                       "acceptable with unsafe: true");
    }
  }
  return out;
}

policy_settings read_policy(const value& from, const std::string& pointer, reading& in) {
  policy_settings out;
  if (const value* timeout = from.find("timeout_ms")) {
    take(timeout, out.timeout_ms.emplace());
    if (const value* latest = at(in.root, {"timeouts", "request_max_ms"});
        *out.timeout_ms > (latest != nullptr ? static_cast<std::uint64_t>(latest->integer)
                                             : limits::request_timeout_ms_max)) {
      in.found.add(timeout->at, pointer + "/timeout_ms",
                   "must not be above timeouts.request_max_ms");
    }
  }
  if (const value* retry = from.find("retry")) {
    out.retry = read_retry(*retry, pointer + "/retry", in);
  }
  if (const value* concurrency = from.find("concurrency")) {
    take(concurrency, out.concurrency.emplace());
  }
  take(from.find("queue"), out.queue);
  if (const value* rate = from.find("rate_limit")) {
    rate_settings limit;
    limit.per_s = number_of(*rate->find("per_s"));
    limit.burst = static_cast<std::uint32_t>(std::max(1.0, std::ceil(limit.per_s)));
    take(rate->find("burst"), limit.burst);
    out.rate_limit = limit;
  }
  return out;
}

policy_choice read_choice(const value& from, const std::string& pointer, const settings& s,
                          reading& in) {
  policy_choice out;
  if (from.is != value::kind::string) {
    out.policy = read_policy(from, pointer, in);
    return out;
  }
  out.name = from.text;
  std::vector<std::string> names;
  for (const auto& [name, policy] : s.resiliency) {
    if (name == out.name) {
      out.policy = policy;
      return out;
    }
    names.push_back(name);
  }
  const auto meant = nearest(out.name, names);
  in.found.add(from.at, pointer,
               "there is no policy named '" + out.name + "' under resiliency" +
                   (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
  return out;
}

}  // namespace

void read_policies(const value& root, settings& out, reading& in) {
  const value* policies = root.find("resiliency");
  if (policies == nullptr) {
    return;
  }
  for (const auto& m : policies->members) {
    const auto pointer = pointer_step("/resiliency", m.key);
    out.resiliency.emplace_back(m.key, read_policy(m.is, pointer, in));
  }
}

void read_choices(const value& from, const std::string& pointer, actor_rule& rule,
                  const settings& s, reading& in) {
  if (const value* chosen = from.find("resiliency")) {
    rule.resiliency = read_choice(*chosen, pointer + "/resiliency", s, in);
  }
  if (const value* actions = from.find("actions")) {
    for (const auto& m : actions->members) {
      const auto here = pointer_step(pointer + "/actions", m.key);
      rule.actions.emplace_back(m.key, read_choice(m.is, here, s, in));
    }
  }
}

std::optional<breaker_settings> read_breaker(const value* from, const std::string& pointer,
                                             reading& in) {
  if (from == nullptr) {
    return std::nullopt;
  }
  breaker_settings out;
  take(from->find("failures"), out.failures);
  take(from->find("error_percent"), out.error_percent);
  take(from->find("min_calls"), out.min_calls);
  take(from->find("window_ms"), out.window_ms);
  take(from->find("open_ms"), out.open_ms);
  take(from->find("probes"), out.probes);
  if (out.failures == 0 && out.error_percent == 0) {
    in.found.add(from->at, pointer,
                 "with failures: 0 and no error_percent it would never open; give one of them, or "
                 "leave circuit_breaker out");
  }
  return out;
}

}  // namespace spawn::config
