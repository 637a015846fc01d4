#include "admin/metrics_text.hpp"

#include <algorithm>

#include "admin/metrics_build.hpp"
#include "admin/process_facts.hpp"
#include "admin/resiliency_facts.hpp"
#include "base/log.hpp"
#include "intake/intake.hpp"

namespace spawn {
namespace {

using labels = metrics_builder::labels;

struct lane_counter {
  const char* name;
  const char* help;
  counter lane_stats::* at;
};

constexpr lane_counter totals[] = {
    {"spawn_requests_total", "Requests taken in at ingress", &lane_stats::requests},
    {"spawn_refused_total", "Requests refused because a bound was reached", &lane_stats::refused},
    {"spawn_slow_clients_total", "Clients cut off since a request trickled in",
     &lane_stats::slow_clients},
    {"spawn_activations_total", "Actors activated", &lane_stats::activations},
    {"spawn_passivations_total", "Actors put away", &lane_stats::passivations},
    {"spawn_host_calls_total", "Calls to actor hosts", &lane_stats::host_calls},
    {"spawn_host_failures_total", "Calls to actor hosts that failed", &lane_stats::host_failures},
    {"spawn_saves_total", "Saves handed to a store", &lane_stats::saves},
    {"spawn_save_turns_total", "Turns that those saves carried", &lane_stats::save_turns},
    {"spawn_save_retries_total", "Saves tried again", &lane_stats::save_retries},
    {"spawn_save_conflicts_total", "Saves lost to another owner", &lane_stats::save_conflicts},
    {"spawn_save_unknown_total", "Saves whose outcome was in doubt", &lane_stats::save_unknown},
    {"spawn_reloads_total", "Actors dropped from memory and loaded afresh", &lane_stats::reloads},
    {"spawn_snapshots_lost_total", "Snapshots lost to another owner", &lane_stats::snapshots_lost},
    {"spawn_loads_total", "States asked of a store", &lane_stats::loads},
    {"spawn_load_failures_total", "States that could not be loaded", &lane_stats::load_failures},
    {"spawn_expired_total", "Messages whose deadline passed before they ran", &lane_stats::expired},
    {"spawn_timers_fired_total", "Actor timers fired", &lane_stats::timers_fired},
    {"spawn_broadcasts_total", "Broadcasts sent", &lane_stats::broadcasts},
    {"spawn_broadcasts_heard_total", "Broadcasts of other kernels and clients, over the transport",
     &lane_stats::broadcasts_heard},
    {"spawn_messages_sent_total", "Messages stored with the state that caused them",
     &lane_stats::rows_sent},
    {"spawn_messages_inserted_total", "Async and scheduled requests stored",
     &lane_stats::rows_inserted},
    {"spawn_messages_consumed_total", "Messages deleted with the state they led to",
     &lane_stats::rows_consumed},
    {"spawn_messages_retried_total", "Messages whose turn failed and is tried again",
     &lane_stats::row_retries},
    {"spawn_messages_duplicate_total", "Messages that were gone when their turn was saved",
     &lane_stats::row_duplicates},
    {"spawn_reminder_calls_total", "Calls that reminders made", &lane_stats::reminder_calls},
    {"spawn_messages_dead_total", "Messages that went to the dead letters", &lane_stats::rows_dead},
    {"spawn_fan_out_pages_total", "Pages of subscribers that got rows of a broadcast",
     &lane_stats::fan_out_pages},
    {"spawn_published_total", "Messages that sinks have confirmed", &lane_stats::published},
    {"spawn_fan_out_messages_total", "Messages of broadcasts stored for subscribers",
     &lane_stats::fan_out_rows},
    {"spawn_calls_keyed_total", "Calls stored with their idempotency key",
     &lane_stats::calls_keyed},
    {"spawn_calls_repeated_total", "Calls whose idempotency key was known: they did not run",
     &lane_stats::calls_repeated},
    {"spawn_idempotency_keys_reused_total", "Refused: the key was that of another call",
     &lane_stats::keys_reused},
    {"spawn_message_hints_unused_total", "Deliveries that the store had to be asked about",
     &lane_stats::row_hints_unused},
    {"spawn_message_lists_total", "Pages of waiting messages asked of a store",
     &lane_stats::row_lists},
    {"spawn_live_messages_total", "Messages received by live actors", &lane_stats::live_messages},
    {"spawn_live_dropped_total", "Tells that no live actor received", &lane_stats::live_dropped},
    {"spawn_late_answers_total", "Answers that came after their asker had given up",
     &lane_stats::late_answers},
};

struct lane_durations {
  const char* name;
  const char* help;
  duration_histogram lane_stats::* at;
};

constexpr lane_durations histograms[] = {
    {"spawn_request_duration_seconds", "From ingress to the answer", &lane_stats::request_time},
    {"spawn_mailbox_wait_seconds", "From the mailbox to the turn", &lane_stats::mailbox_time},
    {"spawn_host_call_duration_seconds", "Calls to actor hosts", &lane_stats::host_time},
    {"spawn_commit_duration_seconds", "From submitting a save to its end",
     &lane_stats::commit_time},
    {"spawn_load_duration_seconds", "Loading an actor's state", &lane_stats::load_time},
};

double sum(const admin_context& from, counter lane_stats::* at) {
  std::uint64_t out = 0;
  for (const lane_stats* lane : from.stats) {
    out += (lane->*at).get();
  }
  return static_cast<double>(out);
}

void add_stations(const admin_context& from, metrics_builder& out) {
  for (const lane_counter& each : totals) {
    out.counter(each.name, each.help, sum(from, each.at));
  }
  for (const lane_durations& each : histograms) {
    std::vector<const duration_histogram*> parts;
    for (const lane_stats* lane : from.stats) {
      parts.push_back(&(lane->*each.at));
    }
    out.durations(each.name, each.help, parts);
  }
  for (std::size_t i = 1; i < failures; ++i) {
    std::uint64_t n = 0;
    for (const lane_stats* lane : from.stats) {
      n += lane->answered_with[i].get();
    }
    out.counter("spawn_request_failures_total", "Requests answered with an error",
                static_cast<double>(n),
                {{"code", std::string(facts(static_cast<failure>(i)).code)}});
  }
  const double waiting = sum(from, &lane_stats::messages_waiting);
  out.gauge("spawn_actors_active", "Actors in memory", sum(from, &lane_stats::cells));
  out.gauge("spawn_live_actors", "Objects of live actors in memory",
            sum(from, &lane_stats::live_objects));
  out.gauge("spawn_mailbox_messages", "Messages waiting in mailboxes", waiting);
  // The names that existing dashboards of the protocol use.
  out.gauge("spawn_actor_inflight_messages_messages", "Messages waiting in mailboxes", waiting);
  out.counter("spawn_invoke_stop_duration", "Invocations that ended",
              sum(from, &lane_stats::invocations_ok) + sum(from, &lane_stats::invocations_failed));
  out.gauge("spawn_inflight_bytes", "Bytes that requests hold in memory",
            static_cast<double>(from.budget.used()));
  out.gauge("spawn_inflight_bytes_limit", "limits.inflight_bytes",
            static_cast<double>(from.budget.max()));
}

void add_told(const admin_context& from, metrics_builder& out) {
  constexpr auto invocations = "Invocations that ended, by actor type";
  for (const auto& [key, n] : from.known->types()) {
    const auto of = [&who = key](const char* outcome) {
      return labels{{"system", who.first}, {"type", who.second}, {"outcome", outcome}};
    };
    out.counter("spawn_invocations_total", invocations, static_cast<double>(n.ok), of("ok"));
    out.counter("spawn_invocations_total", invocations, static_cast<double>(n.failed), of("error"));
  }
  for (const auto& [store, n] : from.known->journals()) {
    out.counter("spawn_journal_batches_total", "Batches handed to a store",
                static_cast<double>(n.batches), {{"store", store}});
    out.counter("spawn_journal_ops_total", "Operations in those batches",
                static_cast<double>(n.ops), {{"store", store}});
    out.gauge("spawn_journal_largest_batch", "Operations in the largest batch so far",
              static_cast<double>(n.largest), {{"store", store}});
  }
}

void add_lanes(const admin_context& from, metrics_builder& out) {
  out.counter("spawn_log_lines_dropped_total", "Log lines that nobody read off stderr in time",
              static_cast<double>(log::lines_dropped()), {});
  for (const asio_lane* lane : from.threads) {
    const std::string index = std::to_string(lane->index());
    out.counter("spawn_lane_busy_seconds_total", "Time a lane spent working",
                static_cast<double>(lane->busy_ns()) / 1e9, {{"lane", index}});
    out.counter("spawn_lane_stalls_total",
                "Pieces of a lane's work longer than runtime.lane_stall_ms",
                static_cast<double>(lane->stalls()), {{"lane", index}});
    out.counter("spawn_lane_starved_total",
                "Pieces that long only because the machine gave the lane no processor",
                static_cast<double>(lane->starved()), {{"lane", index}});
  }
}

std::string metric_part(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return text;
}

// "instance" is ours, "le" belongs to histograms: a plugin's own label of that name is renamed.
std::string plugin_label(const std::string& name) {
  return name == "instance" || name == "le" ? "plugin_" + name : name;
}

void add_own(const plugin_instance& from, metrics_builder& out) {
  const std::string prefix = "spawn_plugin_" + metric_part(from.manifest().kind) + "_" +
                             metric_part(from.manifest().name) + "_";
  const std::vector<double> bounds(std::begin(metric_bounds), std::end(metric_bounds));
  for (const metric_family& family : from.metrics()) {
    const std::string name = prefix + family.name;
    for (const metric_series& series : family.series) {
      labels with{{"instance", from.name()}};
      for (std::size_t i = 0; i < family.labels.size() && i < series.labels.size(); ++i) {
        with.emplace_back(plugin_label(family.labels[i]), series.labels[i]);
      }
      switch (family.type) {
        case metric_type::counter:
          out.counter(name, family.help, series.value, std::move(with));
          break;
        case metric_type::gauge:
          out.gauge(name, family.help, series.value, std::move(with));
          break;
        case metric_type::histogram:
          out.histogram(name, family.help, bounds, series.buckets, series.count, series.value,
                        std::move(with));
          break;
      }
    }
  }
}

void add_plugins(const admin_context& from, metrics_builder& out) {
  for (const auto& instance : from.plugins.instances()) {
    const plugin_manifest& manifest = instance->manifest();
    const labels who{
        {"kind", manifest.kind}, {"plugin", manifest.name}, {"instance", instance->name()}};
    const instance_counters n = instance->counters();
    const auto value = [](std::uint64_t v) { return static_cast<double>(v); };
    const bool serving = instance->health().serving && !instance->faulted();
    out.gauge("spawn_plugin_serving", "1: the plugin instance says that it serves", serving ? 1 : 0,
              who);
    if (const isolation_facts* process = instance->process()) {
      out.gauge("spawn_plugin_process_up", "1: the isolated instance has a process",
                process->pid != 0 ? 1 : 0, who);
      out.counter("spawn_plugin_process_restarts_total",
                  "New processes that an isolated instance got", value(process->restarts), who);
    }
    out.counter("spawn_plugin_calls_total", "Calls into a plugin", value(n.calls), who);
    out.gauge("spawn_plugin_call_p50_seconds", "Median time of a call into a plugin",
              value(n.call_p50_ns) / 1e9, who);
    out.gauge("spawn_plugin_call_p99_seconds", "99th percentile of calls into a plugin",
              value(n.call_p99_ns) / 1e9, who);
    out.gauge("spawn_plugin_call_max_seconds", "Longest call into a plugin",
              value(n.call_max_ns) / 1e9, who);
    out.counter("spawn_plugin_slow_calls_total", "Calls longer than a lane can afford",
                value(n.slow_calls), who);
    out.counter("spawn_plugin_ops_submitted_total", "Operations handed to a plugin",
                value(n.submitted), who);
    out.counter("spawn_plugin_ops_completed_total", "Operations a plugin ended", value(n.completed),
                who);
    out.counter("spawn_plugin_double_completions_total", "Operations a plugin ended twice",
                value(n.double_completions), who);
    out.counter("spawn_plugin_failed_publishes_total", "Messages a transport did not take",
                value(n.failed_publishes), who);
    out.gauge("spawn_plugin_ops_in_flight", "Operations a plugin has now", value(n.in_flight), who);
    add_own(*instance, out);
  }
}

void add_activators(const admin_context& from, metrics_builder& out) {
  const auto value = [](std::uint64_t n) { return static_cast<double>(n); };
  for (const intake* each : from.intakes) {
    const labels who{{"activator", std::string(each->port().name())}};
    const intake_counts& n = each->counts();
    out.counter("spawn_activator_offered_total", "Messages taken from a source",
                value(n.offered.get()), who);
    out.counter("spawn_activator_acknowledged_total",
                "Messages whose state is durable and that the source was told are done",
                value(n.acknowledged.get()), who);
    out.counter("spawn_activator_retried_total", "Calls of messages that are tried again",
                value(n.retried.get()), who);
    out.counter("spawn_activator_dead_total", "Messages given up", value(n.dead.get()), who);
    out.counter("spawn_activator_released_total", "Messages given back to the source",
                value(n.released.get()), who);
    out.gauge("spawn_activator_in_flight", "Messages taken and not settled yet",
              value(n.in_flight.get()), who);
    out.gauge("spawn_activator_credit", "Messages that may be in flight at once, now",
              value(each->window()), who);
    for (const auto& [source, lag] : each->lags()) {
      auto of = who;
      of.emplace_back("source", source);
      if (lag.messages != UINT64_MAX) {
        out.gauge("spawn_activator_lag_messages", "Messages that wait at a source",
                  value(lag.messages), of);
      }
      if (lag.oldest_ms != UINT64_MAX) {
        out.gauge("spawn_activator_lag_seconds", "Age of the oldest message that waits",
                  value(lag.oldest_ms) / 1e3, of);
      }
    }
  }
}

void add_process(const admin_context& from, metrics_builder& out) {
  const process_facts process = process_facts::now();
  out.gauge("process_resident_memory_bytes", "Resident memory",
            static_cast<double>(process.resident_bytes));
  out.gauge("process_open_fds", "Open file descriptors", static_cast<double>(process.open_fds));
  out.counter("process_cpu_seconds_total", "User and system CPU time", process.cpu_seconds);
  out.gauge("spawn_uptime_seconds", "Time since the kernel started",
            static_cast<double>(from.time.now_ns() - from.started_ns) / 1e9);
  out.gauge("spawn_ready", "1: registrations are read back and requests are served",
            from.state.ready && !from.state.draining ? 1 : 0);
  out.gauge("spawn_encryption_enabled", "1: states are sealed before they are stored",
            from.settings.encryption.key ? 1 : 0);
  out.gauge("spawn_build_info", "Always 1; the version is in the label", 1,
            {{"version", from.version}});
}

}  // namespace

std::string render_metrics(const admin_context& from) {
  type_directory::ask_all(from);
  metrics_builder out;
  add_stations(from, out);
  add_told(from, out);
  add_resiliency(from, out);
  add_lanes(from, out);
  add_plugins(from, out);
  add_activators(from, out);
  add_process(from, out);
  return out.text();
}

}  // namespace spawn
