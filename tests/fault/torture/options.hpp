// What a run is made of. The same seed makes the same plan; the interleaving is the machine's.
#pragma once

#include <cstdint>
#include <string>

namespace torture {

inline constexpr int snapshot_ms = 200;

struct options {
  std::string build;            // build folder: bin/spawnd and plugins/
  std::string folder;           // database, configuration, log; empty: a temporary one
  std::string mode = "commit";  // or snapshot
  bool sealed = false;
  // Self-test: snapshot mode judged by the promises of commit. Good when the loss is found.
  bool planted = false;
  std::uint64_t seed = 0;  // 0: from the clock
  std::uint64_t acks = 100'000;
  std::uint32_t kills = 24;
  std::uint32_t actors = 200;
  std::uint32_t slots = 2;         // concurrent requests per actor
  std::uint32_t full_disks = 4;    // episodes in which the store cannot write
  std::uint32_t in_flight = 64;    // at least so many at each kill
  std::uint32_t cache_kib = 8192;  // the store's page cache
  std::string limits = "{}";       // the section of the configuration
  std::uint32_t limit_s = 230;     // gives up after so many seconds
};

}  // namespace torture
