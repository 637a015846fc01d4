// Fills a broker with messages, or takes them in a loop that does nothing else. One JSON line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "broker.hpp"

namespace {

namespace bench = spawn::bench;
using steady = std::chrono::steady_clock;

struct kind {
  std::string_view name;
  std::unique_ptr<bench::broker> (*make)(const std::string& at);
};
constexpr std::array kinds{
    kind{"rabbitmq", bench::make_rabbitmq}, kind{"kafka", bench::make_kafka},
    kind{"nats", bench::make_nats},         kind{"sqs", bench::make_sqs},
#ifdef SPAWN_BENCH_PUBSUB
    kind{"pubsub", bench::make_pubsub},
#endif
};

struct options {
  std::string broker, at, queue, what;
  std::string host, database;  // of a drain; no host: the messages are not looked at
  std::uint64_t messages = 1, first = 0;
  std::uint32_t actors = 256, window = 256;
  double per_second = 0;  // 0: as fast as it goes
};

constexpr std::size_t chunk_max = 1'000;
constexpr double chunks_per_second = 50;  // of a fill that is paced
constexpr std::size_t body_bytes = 64;

// {"n":17,"pad":"...."} of 64 bytes: `n` says which actor it is for.
bench::letter letter_of(std::uint64_t number, std::uint32_t actors) {
  std::string body = "{\"n\":" + std::to_string(number % actors) + ",\"pad\":\"";
  body.append(body_bytes - 2 - body.size(), '.');
  body += "\"}";
  return {"m" + std::to_string(number), std::to_string(number % actors), std::move(body)};
}

void fill(bench::broker& to, const options& o) {
  const auto began = steady::now();
  const std::size_t paced = static_cast<std::size_t>(o.per_second / chunks_per_second);
  const std::size_t chunk =
      o.per_second > 0 ? std::clamp(paced, std::size_t{1}, chunk_max) : chunk_max;
  std::vector<bench::letter> letters;
  for (std::uint64_t n = 0; n < o.messages;) {
    letters.clear();
    for (; letters.size() < chunk && n < o.messages; ++n) {
      letters.push_back(letter_of(o.first + n, o.actors));
    }
    to.publish(o.queue, letters);
    if (o.per_second > 0) {
      std::this_thread::sleep_until(
          began + std::chrono::duration_cast<steady::duration>(
                      std::chrono::duration<double>(static_cast<double>(n) / o.per_second)));
    }
  }
  const std::chrono::duration<double> took = steady::now() - began;
  std::printf("{\"seconds\":%.6f}\n", took.count());
}

void drain(bench::broker& from, const options& o) {
  const auto work =
      o.host.empty() ? bench::make_bare_handler() : bench::make_hand_written(o.host, o.database);
  bench::stopwatch watch;
  from.consume(o.queue, o.messages, o.window, *work, watch);
  std::printf("{\"seconds\":%.6f,\"cpu_s\":%.6f}\n", watch.seconds(), watch.cpu_seconds());
}

void declare(CLI::App& flags, options& o) {
  std::vector<std::string> names;
  for (const kind& one : kinds) {
    names.emplace_back(one.name);
  }
  flags.add_option("--broker", o.broker)->required()->check(CLI::IsMember(names));
  flags.add_option("--at", o.at, "where it is: see broker.hpp")->required();
  flags.add_option("--queue", o.queue, "queue, topic, stream or subscription")->required();
  flags.add_option("what", o.what)->required()->check(CLI::IsMember({"make", "fill", "drain"}));
  flags.add_option("--messages", o.messages)->check(CLI::Range(1U, 100'000'000U));
  flags.add_option("--first", o.first, "number of the first message: ids go on from it");
  flags.add_option("--actors", o.actors, "messages are for so many in turn")
      ->check(CLI::Range(1U, 1'000'000U));
  flags.add_option("--window", o.window)->check(CLI::Range(1U, 65'535U));
  CLI::Option* const host =
      flags.add_option("--host", o.host, "drain: calls this actor host for each message");
  flags.add_option("--database", o.database, "drain: and stores states and ids there")->needs(host);
  host->needs("--database");
  flags.add_option("--per-second", o.per_second, "pace of a fill")->check(CLI::PositiveNumber);
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App flags{"Publishes to a broker, or consumes from it"};
  declare(flags, o);
  CLI11_PARSE(flags, argc, argv);
  try {
    const auto& chosen = *std::find_if(kinds.begin(), kinds.end(),
                                       [&](const kind& one) { return one.name == o.broker; });
    const auto broker = chosen.make(o.at);
    if (o.what == "make") {
      broker->make(o.queue);
    } else {
      o.what == "fill" ? fill(*broker, o) : drain(*broker, o);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_brokers: %s: %s\n", o.broker.c_str(), error.what());
    return 1;
  }
}
