// config_reader: one value of an instance's configuration and where it stands, so that every
// refusal names its path ("sagas.transfer.steps[1].timeout: ..."). Borrows the JSON. [control]
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow-common/json_text.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace spawn::plugin::flows {

class config_reader {
 public:
  config_reader(const json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  [[nodiscard]] const json& value() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] config_reader at(std::string_view key) const;  // refuses if it is missing
  [[nodiscard]] std::optional<config_reader> find(std::string_view key) const;

  // Refuses anything but an object whose keys are all among these.
  void only(std::initializer_list<std::string_view> keys) const;
  // The elements of an array of min to max.
  [[nodiscard]] std::vector<config_reader> items(std::size_t min, std::size_t max) const;
  // The members of an object of min to max, in the order of their names; each name is checked.
  [[nodiscard]] std::vector<config_reader> named(std::size_t min, std::size_t max) const;
  [[nodiscard]] const std::string& name() const { return name_; }  // of a member from named()

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t min, std::uint64_t max,
                                     std::uint64_t fallback) const;
  [[nodiscard]] std::uint64_t duration_ms(std::string_view key, std::uint64_t min,
                                          std::uint64_t max, std::uint64_t fallback) const;
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  const json* value_;
  std::string path_, name_;
};

// Letters, digits and _ - only, 1 to 64: a name is part of addresses and of references.
[[nodiscard]] bool is_name(std::string_view text);

// The whole configuration of an instance, secrets in their places. The value must outlive its
// readers.
[[nodiscard]] json read_config(const create_args& args);

}  // namespace spawn::plugin::flows
