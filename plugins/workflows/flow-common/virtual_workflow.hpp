// virtual_workflow: the frame of a workflow plugin whose flows are actors of their own below
// `<prefix><declared name>`: config, dispatch of a step, what a plugin tells of itself.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/config_reader.hpp"
#include "flow-common/start_part.hpp"
#include "flow-common/virtual_parents.hpp"

namespace spawn::plugin::flows {

// Kind says what is special:
//   using declared = ...;                         what the config declares; has a `name`
//   static constexpr const char* noun = "saga";   in errors
//   static constexpr const char* prefix = "saga/";
//   static constexpr const char* part_type = "Saga";  the part that starts one, or nullptr
//   static constexpr std::uint32_t schema;            of the scratches it reads and writes
//   static std::vector<declared> read(const config_reader&);               sorted by name
//   static void run(const declared&, const spawn_wf_step&, step_output&);  one step
//   static std::optional<json> status(spawn_slice scratch, find);  find(name): declared or nullptr
// Constant once made, so any lane may step. Owns what was declared.
template <class Kind>
class virtual_workflow {
 public:
  static constexpr const char* part_types[] = {Kind::part_type, nullptr};
  static constexpr bool every_event = true;

  explicit virtual_workflow(const create_args& args)
      : declared_(declared_in(args)), parents_(Kind::prefix, declared_) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    if constexpr (Kind::part_type != nullptr) {
      if (in.event == SPAWN_WF_BEGIN) {
        start_from_part(in, parents_, Kind::part_type, out);
        return;
      }
    }
    if (const auto* found = find(text(in.self.parent))) {
      Kind::run(*found, in, out);
    } else if (in.event == SPAWN_WF_CALL) {
      out.fail(SPAWN_E_INVALID, "no " + std::string(Kind::noun) + " is declared for \"" +
                                    std::string(text(in.self.parent)) + "\"");
    }
  }

  [[nodiscard]] const char* const* virtual_parents() const { return parents_.c_list(); }

  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const { return schema == Kind::schema; }

  [[nodiscard]] std::optional<std::string> describe(std::uint32_t schema,
                                                    spawn_slice scratch) const {
    if (schema != Kind::schema) {
      return std::nullopt;
    }
    const auto status = Kind::status(
        scratch, [this](const std::string& name) { return find(Kind::prefix + name); });
    return status ? std::optional(write_json(*status)) : std::nullopt;
  }

 private:
  using declared = typename Kind::declared;

  static std::vector<declared> declared_in(const create_args& args) {
    const json config = read_config(args);
    return Kind::read({config, ""});
  }

  // What is declared behind a parent, or nullptr.
  [[nodiscard]] const declared* find(std::string_view parent) const {
    const std::size_t at = parents_.index_of(parent);
    return at < declared_.size() ? &declared_[at] : nullptr;
  }

  std::vector<declared> declared_;
  flows::virtual_parents parents_;
};

}  // namespace spawn::plugin::flows
