// Which parent a spawned name belongs to: (system, name) -> parent, durable (D1, D2).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "base/unique_function.hpp"
#include "state/record_writer.hpp"

namespace spawn {

struct binding {
  std::string system;
  std::string name;
  std::string parent;                  // what is durable; empty: nothing yet
  std::uint64_t restore_revision = 0;  // its next activation begins with this one
  record_version version;
};

// The latest binding wins. Changes to one name are written one after another; whoever asks for what
// is being written, or is written already, waits for no second write. [lane] of the name.
class bindings {
 public:
  using done_fn = unique_function<void(result<void>)>;
  explicit bindings(record_writer& writer) : writer_(writer) {}

  [[nodiscard]] binding* find(std::string_view system, std::string_view name);
  // Binds and calls back once that is durable; at once when it is already so.
  void bind(std::string_view system, std::string_view name, std::string_view parent,
            std::uint64_t restore_revision, done_fn done);
  // Takes the binding back, durably; at once when there is none.
  void unbind(std::string_view system, std::string_view name, done_fn done);
  // The restore it asked for is durable.
  void restored(std::string_view system, std::string_view name);
  // What a record read at start says.
  void recover(binding from) { *slot(from.system, from.name).known = std::move(from); }
  template <class F>
  void for_each(F&& f) {
    for (auto& [key, held] : by_name_) {
      if (!held.known->parent.empty()) {
        f(*held.known);
      }
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

  [[nodiscard]] static std::string encode(std::string_view parent, std::uint64_t restore_revision);
  [[nodiscard]] static result<void> decode(std::string_view bytes, binding& into);

 private:
  struct change {
    std::string parent;  // empty: none any more
    std::uint64_t restore_revision = 0;
    std::vector<done_fn> done;
  };
  struct entry {
    std::unique_ptr<binding> known;
    std::vector<change> changes;  // the first is being written
  };
  entry& slot(std::string_view system, std::string_view name);
  void write_first(entry& of);

  record_writer& writer_;
  std::unordered_map<std::string, entry, text_hash, std::equal_to<>> by_name_;
};

}  // namespace spawn
