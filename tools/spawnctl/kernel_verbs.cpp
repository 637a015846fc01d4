// status, health, hosts, drain, metrics.
#include <chrono>
#include <iostream>
#include <thread>

#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

std::string mebibytes(const json& from, const char* key) {
  return std::to_string(from.value(key, std::uint64_t{0}) >> 20) + " MiB";
}

void print_status(const json& s) {
  table facts({"system", text_of(s, "system")});
  facts.add({"state", text_of(s, "state")});
  facts.add({"version", text_of(s, "version") + ", pid " + text_of(s, "pid")});
  facts.add({"uptime", std::to_string(s.value("uptime_ms", std::uint64_t{0}) / 1'000) + " s"});
  facts.add({"configuration", text_of(s, "config").empty() ? "defaults" : text_of(s, "config")});
  facts.add({"encryption", s.value("encryption", false)
                               ? "on"
                               : "OFF: states are stored in clear (encryption.key)"});
  facts.add({"registrations", text_of(s, "registrations")});
  facts.add({"actors active", text_of(s, "actors")});
  facts.add({"messages waiting", text_of(s, "waiting")});
  facts.add({"in flight",
             mebibytes(s, "inflight_bytes") + " of " + mebibytes(s, "inflight_bytes_limit")});
  facts.add({"memory", mebibytes(s, "resident_bytes")});
  facts.print(std::cout);
  std::cout << '\n';
  table lanes({"LANE", "ACTORS", "WAITING", "REQUESTS", "REFUSED", "SAVES", "BUSY MS", "STALLS"});
  for (const json& lane : s.value("lanes", json::array())) {
    lanes.add({text_of(lane, "lane"), text_of(lane, "actors"), text_of(lane, "waiting"),
               text_of(lane, "requests"), text_of(lane, "refused"), text_of(lane, "saves"),
               text_of(lane, "busy_ms"), text_of(lane, "stalls")});
  }
  lanes.print(std::cout);
}

void print_hosts(const json& answer) {
  table out({"SERVICE", "ADDRESS", "LANGUAGE", "LIBRARY", "BREAKER", "ACTORS"});
  for (const json& host : answer.value("hosts", json::array())) {
    std::string actors;
    for (const json& actor : host.value("actors", json::array())) {
      actors += (actors.empty() ? "" : ", ") + text_of(actor, "type");
    }
    const json& breaker = host.value("circuit_breaker", json());
    out.add({text_of(host, "service"), text_of(host, "address") + ":" + text_of(host, "port"),
             text_of(host, "runtime"), text_of(host, "library"),
             breaker.is_object() ? text_of(breaker, "state") : "-", actors});
  }
  out.print(std::cout);
}

// Until nobody answers at the address any more.
void wait_for_end(tool& t, std::uint64_t seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (ask_kernel(t.target, "GET", "/health")) {
    if (std::chrono::steady_clock::now() > until) {
      t.fail(exit_failed, "the kernel is still there after " + std::to_string(seconds) + " s");
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

void add_kernel_verbs(CLI::App& app, tool& t) {
  app.add_subcommand("status", "how the kernel is doing")->callback([&t] {
    if (const auto answer = t.show("GET", "/v1/status")) {
      print_status(*answer);
    }
  });
  app.add_subcommand("health", "whether the kernel is ready: exit code 0, else 1; 4: none answers")
      ->callback([&t] {
        if (t.fetch("GET", "/health/readiness")) {
          std::cout << (t.as_json ? R"({"ready": true})" : "ready") << '\n';
        }
      });
  app.add_subcommand("metrics", "all metrics, as Prometheus text")->callback([&t] {
    if (const auto answer = t.fetch("GET", "/metrics")) {
      std::cout << *answer;
    }
  });

  auto* drain =
      app.add_subcommand("drain", "stops the kernel: finishes and saves what is under way");
  auto wait = std::make_shared<std::uint64_t>(0);
  drain->add_option("--wait", *wait, "seconds to wait for its end");
  drain->callback([&t, wait] {
    if (t.fetch("POST", "/v1/drain")) {
      if (*wait != 0) {
        wait_for_end(t, *wait);
      }
      if (t.exit_code == exit_ok) {
        std::cout << (t.as_json    ? R"({"draining": true})"
                      : *wait != 0 ? "the kernel has stopped"
                                   : "draining")
                  << '\n';
      }
    }
  });

  auto* hosts = app.add_subcommand("hosts", "actor hosts that have registered")->alias("host");
  hosts->require_subcommand(1);
  hosts->add_subcommand("list", "all of them")->callback([&t] {
    if (const auto answer = t.show("GET", "/v1/hosts")) {
      print_hosts(*answer);
    }
  });
  auto* forget = hosts->add_subcommand("forget", "takes back the registrations of a service");
  auto service = std::make_shared<std::string>();
  forget->add_option("service", *service, "as hosts list names it")->required();
  forget->callback([&t, service] {
    if (const auto answer = t.show("DELETE", "/v1/hosts/" + escape(*service))) {
      std::cout << "forgot " << text_of(*answer, "forgotten") << " registrations of "
                << printable(*service) << '\n';
    }
  });
}

}  // namespace spawn::ctl
