// virtual_parents: the parents an instance serves, one for each declared name: "saga/transfer".
#pragma once
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace spawn::plugin::flows {

class virtual_parents {
 public:
  // `declared`: a range of things with a `name`, sorted by it.
  template <class Range>
  virtual_parents(std::string_view prefix, const Range& declared) : prefix_(prefix) {
    for (const auto& one : declared) {
      texts_.push_back(prefix_ + one.name);
    }
    for (const std::string& text : texts_) {
      list_.push_back(text.c_str());
    }
    list_.push_back(nullptr);
  }
  virtual_parents(const virtual_parents&) = delete;
  virtual_parents& operator=(const virtual_parents&) = delete;

  // Index of the declared thing behind a parent; npos if there is none.
  [[nodiscard]] std::size_t index_of(std::string_view parent) const;
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] const char* const* c_list() const { return list_.data(); }

 private:
  std::string prefix_;
  std::vector<std::string> texts_;
  std::vector<const char*> list_;
};

}  // namespace spawn::plugin::flows
