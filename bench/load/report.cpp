#include "report.hpp"

#include <fmt/format.h>

namespace spawn::bench {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

double to_us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1000;
}

}  // namespace

std::string to_json(const run_facts& facts, const load_counts& counts) {
  const auto& latency = counts.latency;
  const auto calls = static_cast<double>(latency.total());
  std::string pids;
  double cpu = 0;
  for (const auto& [pid, seconds] : facts.cpu_of_pids) {
    cpu += seconds;
    pids += fmt::format("{}\"{}\":{:.2f}", pids.empty() ? "" : ",", pid, seconds);
  }
  return fmt::format(
      "{{\"mode\":{},\"connections\":{},\"threads\":{},\"seconds\":{:.3f},\"calls\":{},"
      "\"rps\":{:.1f},\"p50_us\":{:.1f},\"p90_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
      "\"max_us\":{:.1f},\"errors\":{},\"refused\":{},\"first_error\":{},\"cpu_client_s\":{:.2f},"
      "\"cpu_s\":{{{}}},\"cpu_s_per_1000\":{:.5f}}}",
      quoted(facts.mode), facts.connections, facts.threads, facts.seconds, latency.total(),
      calls / facts.seconds, to_us(latency.quantile_ns(0.5)), to_us(latency.quantile_ns(0.9)),
      to_us(latency.quantile_ns(0.99)), to_us(latency.quantile_ns(0.999)), to_us(latency.max_ns()),
      counts.errors, counts.refused, quoted(counts.first_error), facts.cpu_client_s, pids,
      calls == 0 ? 0.0 : cpu * 1000 / calls);
}

}  // namespace spawn::bench
