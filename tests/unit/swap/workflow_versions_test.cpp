// Which version of a workflow runs which step.
#include <gtest/gtest.h>

#include "plugin/ports/swappable_workflow_port.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

class counting_port final : public workflow_port {
 public:
  explicit counting_port(std::uint32_t reads) : reads_(reads) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "saga"; }
  [[nodiscard]] const std::vector<std::string>& part_types() const noexcept override {
    return parts_;
  }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const noexcept override {
    return none_;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept override {
    return schema == reads_;
  }
  [[nodiscard]] result<std::string> describe(std::uint32_t, std::string_view) const override {
    return std::to_string(reads_);
  }
  void submit(lane&, std::span<spawn_op* const> ops) override { steps += ops.size(); }

  std::size_t steps = 0;

 private:
  const std::uint32_t reads_;
  const std::vector<std::string> parts_{"Saga"}, none_;
};

struct WorkflowVersions : ::testing::Test {
  void SetUp() override {
    auto newer = std::make_unique<counting_port>(2);
    second = newer.get();
    auto all = std::make_shared<swappable_workflow_port::versions>();
    all->push_back(std::make_shared<swappable_workflow_port::version>(std::move(newer)));
    all->push_back(port.now()->front());
    port.set(all);
    port.use(lanes.set[0], all);
  }
  void run(std::uint32_t schema, std::string_view scratch) {
    spawn_wf_step step{};
    step.scratch_schema = schema;
    step.scratch = slice_of(scratch);
    spawn_op* raw = &step.op;
    port.submit(lanes.set[0], {&raw, 1});
  }

  system_clock time;
  test::lanes_of<test::hand_lane> lanes{1, time};
  counting_port* first = new counting_port(1);  // the port's
  counting_port* second = nullptr;
  swappable_workflow_port port{std::unique_ptr<workflow_port>(first), 1};
};

TEST_F(WorkflowVersions, AFlowStaysWithWhatReadsItsScratch) {
  run(1, "begun by the older");
  EXPECT_EQ(first->steps, 1u);
  run(2, "begun by the newer");
  EXPECT_EQ(second->steps, 1u);
}

TEST_F(WorkflowVersions, ANewFlowIsTheNewestOnes) {
  run(1, "");
  EXPECT_EQ(first->steps, 0u);
  EXPECT_EQ(second->steps, 1u);
}

TEST_F(WorkflowVersions, AllThatIsReadByAnyIsAccepted) {
  EXPECT_TRUE(port.accepts_scratch(1));
  EXPECT_TRUE(port.accepts_scratch(2));
  EXPECT_FALSE(port.accepts_scratch(3));
  EXPECT_EQ(port.describe(1, "").value(), "1");
  EXPECT_EQ(port.describe(2, "").value(), "2");
}

}  // namespace
}  // namespace spawn
