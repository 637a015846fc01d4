// One workflow instance, as the stations see it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "plugin/ports/op.hpp"
#include "spawn/plugin/workflow.h"

namespace spawn {

using step_op = pinned<spawn_wf_step>;

class workflow_port {
 public:
  virtual ~workflow_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // The workflow parts this plugin serves: "forward", "pipe", ... [any]
  [[nodiscard]] virtual const std::vector<std::string>& part_types() const noexcept = 0;
  // The parents whose actors it serves itself: their messages are steps of its flows. [any]
  [[nodiscard]] virtual const std::vector<std::string>& virtual_parents() const noexcept = 0;
  // Whether it reads scratches of this version. [any]
  [[nodiscard]] virtual bool accepts_scratch(std::uint32_t schema) const noexcept = 0;
  // A flow as JSON, for people. unsupported: the plugin describes nothing. [any]
  [[nodiscard]] virtual result<std::string> describe(std::uint32_t schema,
                                                     std::string_view scratch) const = 0;
  // Pure steps; they normally end before this returns (port_op::take_inline). [lane]
  virtual void submit(lane& from, std::span<spawn_op* const> ops) = 0;
};

}  // namespace spawn
