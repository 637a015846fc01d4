// Finds the handler of a request and runs it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http_server.hpp"
#include "spawn/sdk/actor.hpp"

namespace spawn::sdk::detail {

// Life cycle: filled before the server starts, then read only.
// Thread: serve() by each worker, with messages of that worker.
// Owns the actors' definitions.
class dispatcher final : public request_sink {
 public:
  using log_fn = std::function<void(std::string_view)>;

  explicit dispatcher(log_fn log) : log_(std::move(log)) {}

  // Throws std::invalid_argument when the name is taken.
  void insert(std::unique_ptr<actor_definition> made);
  [[nodiscard]] const std::vector<std::unique_ptr<actor_definition>>& actors() const {
    return actors_;
  }
  // One set of reused messages for each worker.
  void prepare(unsigned workers);

  reply serve(unsigned worker, const request& request) override;

 private:
  struct name_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct messages;
  struct messages_deleter {
    void operator()(messages* owned) const;
  };

  [[nodiscard]] const actor_definition* find(const turn& turn) const;
  void run(turn& turn) const;

  log_fn log_;
  std::vector<std::unique_ptr<actor_definition>> actors_;
  std::unordered_map<std::string, const actor_definition*, name_hash, std::equal_to<>> by_name_;
  std::vector<std::unique_ptr<messages, messages_deleter>> messages_;
};

}  // namespace spawn::sdk::detail
