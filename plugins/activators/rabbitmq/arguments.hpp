// An AMQP table made from a config's map of plain values.
#pragma once
#include <sys/time.h>

#include <amqp.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "settings.hpp"

namespace rabbitmq {

// Owns what its table points at.
class arguments {
 public:
  explicit arguments(const nlohmann::json& map);
  // What a queue is declared with: its type, its dead letters, and the config's own arguments,
  // which win. None when the queue has to be there already.
  explicit arguments(const queue_declaration& of);
  arguments(const arguments&) = delete;
  arguments& operator=(const arguments&) = delete;

  [[nodiscard]] amqp_table_t table() noexcept {
    return {static_cast<int>(entries_.size()), entries_.data()};
  }

 private:
  void fill(const nlohmann::json& map);

  std::deque<std::string> texts_;  // stay where they are
  std::vector<amqp_table_entry_t> entries_;
};

}  // namespace rabbitmq
