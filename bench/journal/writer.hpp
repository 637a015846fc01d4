// One way to save a group of records in one transaction, behind one face.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spawn::bench {

// What is saved: as many keys as `keys`, each with the same bytes but its own revision. Made once
// and shared, so that no writer pays for making it.
struct rows {
  std::vector<std::string> keys;
  std::string payload;  // a sealed state of 64 bytes
  std::string type_url = "bench.Counter";
  std::string meta;
};

// Life: one file each. Thread: one.
class group_writer {
 public:
  virtual ~group_writer() = default;
  // Saves keys [first, first + count) from `revision` to `revision` + 1 (0: they are new) in one
  // transaction; returns once it is durable. Ends the program when a row is not as expected.
  virtual void save(std::size_t first, std::size_t count, std::uint64_t revision) = 0;
};

enum class raw_kind {
  upsert,  // INSERT ... ON CONFLICT DO UPDATE, which never looks at what was there
  cas,     // UPDATE ... WHERE revision and writer are as expected, as the kernel needs it
};

std::unique_ptr<group_writer> make_raw(const std::filesystem::path& file, const rows& what,
                                       raw_kind kind);
// The statestore/sqlite plugin through the C ABI, with a host that only counts.
std::unique_ptr<group_writer> make_plugin(const std::filesystem::path& file, const rows& what);

[[noreturn]] void give_up(std::string_view why);

}  // namespace spawn::bench
