// plugin_store: one instance of a statestore plugin, driven over the C ABI as the kernel's journal
// drives it: pinned ops, one submit of a group, the next one when all of it has ended.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "spawn/plugin/entry.h"
#include "spawn/plugin/statestore.h"
#include "workload.hpp"

namespace spawn::bench {

// Life: its lanes before it. Thread: one; each lane may be another's.
class plugin_store {
 public:
  // Ends the program when the instance can not be had.
  plugin_store(const std::filesystem::path& library, const std::string& config_json,
               std::uint32_t lanes);
  ~plugin_store();
  plugin_store(const plugin_store&) = delete;
  plugin_store& operator=(const plugin_store&) = delete;

  [[nodiscard]] std::unique_ptr<store_path> open_lane(std::uint32_t number, const workload& what);
  // A hash over every record whole, in the order of the keys; each has to have the revision.
  [[nodiscard]] std::uint64_t digest(const workload& what,
                                     std::span<const std::uint64_t> revisions);

 private:
  spawn_host host_{};
  spawn_instance* instance_ = nullptr;
  const spawn_statestore* table_ = nullptr;
};

}  // namespace spawn::bench
