// cpp/workflow.hpp: the table it makes, and what becomes of exceptions, limits and optional slots.
#include "spawn/plugin/cpp/workflow.hpp"

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include "spawn/plugin/testing/fake_host.hpp"

namespace {

namespace p = spawn::plugin;

// Does what its action says.
class by_action {
 public:
  static constexpr const char* part_types[] = {"by-action", nullptr};
  static constexpr bool every_event = true;

  explicit by_action(const p::create_args&) {}

  void step(const spawn_wf_step& in, p::step_output& out) const {
    const std::string_view action = p::text(in.action);
    if (action == "throw") {
      throw std::runtime_error("thrown by a step");
    }
    if (action == "no memory") {
      throw std::bad_alloc();
    }
    if (action == "refuse") {
      out.add(SPAWN_WF_DONE);
      out.fail(SPAWN_E_INVALID, "refused");
      return;
    }
    const std::uint32_t n = in.hops;
    for (std::uint32_t i = 0; i < n; ++i) {
      spawn_wf_command& c = out.add(SPAWN_WF_SET_TIMER);
      c.token = i;
      c.bytes = out.copy("copied " + std::to_string(i));
    }
    if (action == "metadata") {
      spawn_wf_command& c = out.add(SPAWN_WF_INVOKE);
      c.n_metadata = SPAWN_WF_METADATA_MAX + 1;
      c.metadata = out.array<spawn_kv>(c.n_metadata).data();
    }
  }

  [[nodiscard]] const char* const* virtual_parents() const {
    static constexpr const char* names[] = {"saga/transfer", nullptr};
    return names;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const { return schema == 3; }
  [[nodiscard]] std::optional<std::string> describe(std::uint32_t, spawn_slice scratch) const {
    if (scratch.len == 0) {
      return std::nullopt;
    }
    return "{\"at\":\"" + std::string(p::text(scratch)) + "\"}";
  }
};

class minimal {
 public:
  static constexpr const char* part_types[] = {"minimal", nullptr};
  explicit minimal(const p::create_args&) {}
  void step(const spawn_wf_step&, p::step_output& out) const { out.add(SPAWN_WF_DONE); }
};

template <class W>
class made {
 public:
  made() {
    spawn_create_info info{};
    info.struct_size = sizeof(info);
    info.config_json = p::slice(std::string_view("{}"));
    spawn_buf error{};
    using table = p::detail::instance_table<W, p::workflow_glue<W>>;
    EXPECT_EQ(table::create(host.table(), &info, &instance, &error), SPAWN_OK);
    flow =
        static_cast<const spawn_workflow*>(instance->vt->get_interface(instance, SPAWN_WORKFLOW));
  }
  ~made() { instance->vt->destroy(instance); }
  made(const made&) = delete;
  made& operator=(const made&) = delete;

  spawn_wf_step run(std::string_view part_type, std::string_view action, std::uint32_t hops = 0,
                    std::uint32_t event = SPAWN_WF_BEGIN) {
    spawn_wf_step step{};
    step.op.struct_size = sizeof(step);
    step.event = event;
    step.part_type = p::slice(part_type);
    step.action = p::slice(action);
    step.hops = hops;
    spawn_op* op = &step.op;
    host.expect(op);
    flow->submit(instance, 0, &op, 1);
    EXPECT_TRUE(host.ended(op));
    return step;
  }

  p::testing::fake_host host;
  spawn_instance* instance = nullptr;
  const spawn_workflow* flow = nullptr;
};

std::string error_of(spawn_wf_step& step) {
  std::string error(p::text(step.op.error));
  p::release(step.op.error);
  return error;
}

TEST(workflow_glue, gives_the_commands_and_frees_them_with_their_owner) {
  made<by_action> m;
  for (const std::uint32_t n : {1u, 2u, 5u, unsigned{SPAWN_WF_COMMANDS_MAX}}) {
    spawn_wf_step step = m.run("by-action", "timers", n);
    ASSERT_EQ(step.op.status, SPAWN_OK);
    ASSERT_EQ(step.n_out, n);
    EXPECT_EQ(step.out_stride, sizeof(spawn_wf_command));
    EXPECT_EQ(step.out[n - 1].token, n - 1);
    EXPECT_EQ(step.out[n - 1].struct_size, sizeof(spawn_wf_command));
    EXPECT_EQ(p::text(step.out[n - 1].bytes), "copied " + std::to_string(n - 1));
    p::release(step.out_owner);
  }
}

TEST(workflow_glue, owns_nothing_for_a_step_without_commands) {
  made<by_action> m;
  const spawn_wf_step step = m.run("by-action", "timers", 0);
  EXPECT_EQ(step.op.status, SPAWN_OK);
  EXPECT_EQ(step.n_out, 0u);
  EXPECT_EQ(step.out_owner.release, nullptr);
}

TEST(workflow_glue, ends_a_step_beyond_the_limits_too_large) {
  made<by_action> m;
  spawn_wf_step many = m.run("by-action", "timers", SPAWN_WF_COMMANDS_MAX + 1);
  EXPECT_EQ(many.op.status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(error_of(many), "more than 1024 commands in one step");
  EXPECT_EQ(many.out, nullptr);
  spawn_wf_step wide = m.run("by-action", "metadata");
  EXPECT_EQ(wide.op.status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(error_of(wide), "more than 128 metadata entries");
}

TEST(workflow_glue, turns_exceptions_into_statuses_without_a_fault) {
  made<by_action> m;
  spawn_wf_step thrown = m.run("by-action", "throw");
  EXPECT_EQ(thrown.op.status, SPAWN_E_INTERNAL);
  EXPECT_EQ(error_of(thrown), "thrown by a step");
  spawn_wf_step starved = m.run("by-action", "no memory");
  EXPECT_EQ(starved.op.status, SPAWN_E_EXHAUSTED);
  EXPECT_EQ(error_of(starved), "out of memory");
  EXPECT_TRUE(m.host.violations().empty());
}

TEST(workflow_glue, drops_the_commands_of_a_step_that_fails) {
  made<by_action> m;
  spawn_wf_step step = m.run("by-action", "refuse");
  EXPECT_EQ(step.op.status, SPAWN_E_INVALID);
  EXPECT_EQ(error_of(step), "refused");
  EXPECT_EQ(step.out, nullptr);
  EXPECT_EQ(step.out_owner.release, nullptr);
}

TEST(workflow_glue, names_the_part_it_does_not_know) {
  made<minimal> m;
  spawn_wf_step step = m.run("maximal", "");
  EXPECT_EQ(step.op.status, SPAWN_E_UNSUPPORTED);
  EXPECT_EQ(error_of(step), "unknown part \"maximal\"");
}

TEST(workflow_glue, shows_other_events_only_to_those_that_ask) {
  made<minimal> quiet;
  EXPECT_EQ(quiet.run("minimal", "", 0, SPAWN_WF_TIMER).n_out, 0u);
  made<by_action> all;
  spawn_wf_step step = all.run("", "timers", 1, SPAWN_WF_TIMER);
  EXPECT_EQ(step.n_out, 1u);
  p::release(step.out_owner);
}

TEST(workflow_glue, fills_the_optional_slots_from_the_members_there_are) {
  made<minimal> little;
  EXPECT_EQ(little.flow->virtual_parents, nullptr);
  EXPECT_EQ(little.flow->accepts_scratch, nullptr);
  EXPECT_EQ(little.flow->describe, nullptr);
  made<by_action> full;
  EXPECT_STREQ(full.flow->virtual_parents(full.instance)[0], "saga/transfer");
  EXPECT_EQ(full.flow->accepts_scratch(full.instance, 3), 1u);
  EXPECT_EQ(full.flow->accepts_scratch(full.instance, 4), 0u);
  spawn_buf json{};
  EXPECT_EQ(full.flow->describe(full.instance, 3, {"step 2", 6}, &json), SPAWN_OK);
  EXPECT_EQ(p::text(json), "{\"at\":\"step 2\"}");
  p::release(json);
  EXPECT_EQ(full.flow->describe(full.instance, 3, {nullptr, 0}, &json), SPAWN_E_INVALID);
}

}  // namespace
