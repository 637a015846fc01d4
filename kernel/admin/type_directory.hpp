// What metrics need from places that only a lane may look at: which actor types there are, and how
// much the journals wrote.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace spawn {

struct actor_type;
struct admin_context;
class journal;
class lane_router;

struct type_counts {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
};
struct journal_totals {
  std::uint64_t batches = 0;
  std::uint64_t ops = 0;
  std::uint64_t largest = 0;
};

// Each lane adds the types it has not told of yet; their counters are then read directly, since an
// actor_type lives as long as its lane's router. Types are never taken out, so that a forgotten and
// re-registered one goes on counting upwards. Shared with the lanes' tasks. [any]
class type_directory {
 public:
  // Time series are bounded: what goes beyond this many types is counted under "_other".
  static constexpr std::size_t types_max = 500;
  using key = std::pair<std::string, std::string>;  // system, type

  // Asks every lane to tell what is new; returns at once. [any]
  static void ask_all(const admin_context& from);
  // What one lane tells. [lane]
  void tell(lane_router& router, const std::vector<std::pair<std::string, journal*>>& journals);

  [[nodiscard]] std::map<key, type_counts> types() const;
  [[nodiscard]] std::map<std::string, journal_totals> journals() const;

 private:
  struct known_type {
    key name;
    const actor_type* counts;
  };
  mutable std::mutex mutex_;
  std::vector<known_type> types_;
  std::unordered_set<const actor_type*> seen_;
  std::unordered_set<std::string> names_;
  std::map<const journal*, std::pair<std::string, journal_totals>> journals_;
};

}  // namespace spawn
