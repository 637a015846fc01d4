// A workflow whose plugin can be changed while flows are under way.
#pragma once
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/ports/workflow_port.hpp"

namespace spawn {

// Stands before the ports of the plugins that serve. Steps are pure, so nothing has to wait: each
// lane goes over to the new plugin by itself. A flow whose scratch the new plugin does not read
// goes on with the one that does, for as long as the kernel runs (plugin-abi.md C.11). Parts and
// parents are those of the first plugin.
class swappable_workflow_port final : public workflow_port {
 public:
  // Versions of a scratch that are looked at; a flow of a higher one stays where it was begun.
  static constexpr std::uint32_t schemas_max = 256;
  static constexpr std::size_t older_max = 8;

  // One version of the plugin and the scratches it reads. Immutable.
  struct version {
    std::unique_ptr<workflow_port> port;
    std::array<bool, schemas_max> reads{};

    explicit version(std::unique_ptr<workflow_port> of);
    [[nodiscard]] bool accepts(std::uint32_t schema) const noexcept {
      return schema < schemas_max ? reads[schema] : port->accepts_scratch(schema);
    }
  };
  // The newest first; those after it read what no newer one does.
  using versions = std::vector<std::shared_ptr<const version>>;

  swappable_workflow_port(std::unique_ptr<workflow_port> first, std::size_t lanes);

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] const std::vector<std::string>& part_types() const noexcept override {
    return part_types_;
  }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const noexcept override {
    return virtual_parents_;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept override;
  [[nodiscard]] result<std::string> describe(std::uint32_t schema,
                                             std::string_view scratch) const override;
  void submit(lane& from, std::span<spawn_op* const> ops) override;

  [[nodiscard]] std::shared_ptr<const versions> now() const;  // [any]
  void set(std::shared_ptr<const versions> next);             // [control]
  void use(lane& at, std::shared_ptr<const versions> next);   // [lane]

 private:
  [[nodiscard]] static const version& for_step(const versions& all, const spawn_op& op) noexcept;

  const std::string name_;
  const std::vector<std::string> part_types_, virtual_parents_;
  std::vector<std::shared_ptr<const versions>> slots_;  // by lane [lane]
  mutable std::mutex mutex_;                            // guards now_
  std::shared_ptr<const versions> now_;
};

}  // namespace spawn
