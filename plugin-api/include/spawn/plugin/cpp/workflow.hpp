// workflow.hpp - a workflow plugin in C++ over workflow.h. Compiled into the plugin.
//
//   class forward {
//    public:
//     static constexpr const char* part_types[] = {"forward", nullptr};
//     explicit forward(const create_args& args);
//     void step(const spawn_wf_step& in, step_output& out) const;   // pure; may throw
//   };
//   SPAWN_PLUGIN(forward, SPAWN_PLUGIN_MANIFEST_JSON, workflow_glue<forward>)
//
// Optional members: `virtual_parents()`, `accepts_scratch(schema)`, `describe(schema, scratch)`
// and, for plugins that see more events than BEGIN, `static constexpr bool every_event = true`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/plugin/wire.h"
#include "spawn/plugin/workflow.h"

namespace spawn::plugin {

// Collects what one step gives back: commands and the memory they point to, in one block that goes
// to the host as out / out_owner. Lives for one call of step(), on the lane's thread; nothing is
// allocated before the first command. Slices of the step itself may be used in commands as they
// are (workflow.h, "Memory"); anything else must come from array() or copy().
class step_output {
 public:
  step_output() = default;
  step_output(const step_output&) = delete;
  step_output& operator=(const step_output&) = delete;

  // An empty command of this kind. The reference is good until the next add().
  spawn_wf_command& add(std::uint32_t kind) {
    spawn_wf_command& made = block().commands.emplace_back();
    made.struct_size = sizeof(spawn_wf_command);
    made.kind = kind;
    return made;
  }

  // Zeroed entries that live as long as the commands, e.g. for metadata.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::span<T> array(std::size_t n) {
    T* at = static_cast<T*>(block().arena.allocate(n * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < n; ++i) {
      new (at + i) T{};
    }
    return {at, n};
  }

  [[nodiscard]] spawn_slice copy(std::string_view bytes) {
    std::span<char> to = array<char>(bytes.size());
    if (!bytes.empty()) {
      std::memcpy(to.data(), bytes.data(), bytes.size());
    }
    return {to.data(), to.size()};
  }

  // The step ends with this status and text; commands collected so far are dropped.
  void fail(spawn_status status, std::string why) {
    status_ = status;
    why_ = std::move(why);
  }

  // Writes the outcome into the op, which the caller then completes. [lane]
  void finish(spawn_wf_step& step) noexcept {
    if (status_ == SPAWN_OK) {
      check_limits();
    }
    if (status_ != SPAWN_OK) {
      give_error(step.op);
      return;
    }
    step.op.status = SPAWN_OK;
    step.op.retry_after_ms = 0;
    step.op.error = spawn_buf{};
    step.out_stride = sizeof(spawn_wf_command);
    step.out = nullptr;
    step.n_out = 0;
    step.out_owner = spawn_buf{};
    if (block_ && !block_->commands.empty()) {
      step.out = block_->commands.data();
      step.n_out = static_cast<std::uint32_t>(block_->commands.size());
      step.out_owner = {
          step.out, step.n_out * sizeof(spawn_wf_command),
          [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<memory*>(ctx); },
          block_.release()};
    }
  }

 private:
  // Room for one command and some metadata, so that a usual step costs one allocation.
  struct memory {
    alignas(std::max_align_t) std::byte room[sizeof(spawn_wf_command) + 768];
    std::pmr::monotonic_buffer_resource arena{room, sizeof(room)};
    std::pmr::vector<spawn_wf_command> commands{&arena};
  };

  memory& block() {
    if (!block_) {
      block_ = std::make_unique<memory>();
      block_->commands.reserve(1);
    }
    return *block_;
  }

  void check_limits() noexcept {
    if (!block_) {
      return;
    }
    if (block_->commands.size() > SPAWN_WF_COMMANDS_MAX) {
      status_ = SPAWN_E_TOO_LARGE;
      fixed_why_ = "more than 1024 commands in one step";
    }
    for (const spawn_wf_command& c : block_->commands) {
      if (c.n_metadata > SPAWN_WF_METADATA_MAX) {
        status_ = SPAWN_E_TOO_LARGE;
        fixed_why_ = "more than 128 metadata entries";
      }
    }
  }

  void give_error(spawn_op& op) noexcept {
    op.status = status_;
    op.retry_after_ms = 0;
    op.error = give_static(fixed_why_);
    if (!why_.empty()) {
      try {
        op.error = give(std::move(why_));
      } catch (const std::bad_alloc&) {
        op.error = give_static("out of memory");
      }
    }
  }

  std::unique_ptr<memory> block_;
  spawn_status status_ = SPAWN_OK;
  std::string why_;
  std::string_view fixed_why_;
};

template <class W>
concept workflow_steps = requires(W& w, const spawn_wf_step& in, step_output& out) {
  { W::part_types[0] } -> std::convertible_to<const char*>;
  w.step(in, out);
};

// The table of workflow.h over a class W. Instances are shared by all lanes, so step() must be
// const or at least write nothing that another lane reads.
template <class W>
struct workflow_glue {
  static const char* id() noexcept { return SPAWN_WORKFLOW; }

  static const void* table() noexcept {
    static_assert(workflow_steps<W>, "see the head of workflow.hpp");
    static constexpr spawn_workflow made{
        sizeof(spawn_workflow), 0,      part_types,     slot_virtual_parents(),
        slot_accepts_scratch(), submit, slot_describe()};
    return &made;
  }

 private:
  static const char* const* part_types(spawn_instance*) noexcept { return W::part_types; }

  static constexpr auto slot_virtual_parents() noexcept {
    using slot = const char* const* (*)(spawn_instance*);
    if constexpr (requires(W& w) { w.virtual_parents(); }) {
      return slot{[](spawn_instance* self) noexcept -> const char* const* {
        return instance_of<W>(self).virtual_parents();
      }};
    } else {
      return slot{nullptr};
    }
  }

  static constexpr auto slot_accepts_scratch() noexcept {
    using slot = std::uint32_t (*)(spawn_instance*, std::uint32_t);
    if constexpr (requires(W& w) { w.accepts_scratch(1u); }) {
      return slot{[](spawn_instance* self, std::uint32_t schema) noexcept -> std::uint32_t {
        return instance_of<W>(self).accepts_scratch(schema) ? 1 : 0;
      }};
    } else {
      return slot{nullptr};
    }
  }

  // describe() of W: std::optional<std::string>, empty when the scratch can not be read.
  static constexpr auto slot_describe() noexcept {
    using slot = spawn_status (*)(spawn_instance*, std::uint32_t, spawn_slice, spawn_buf*);
    if constexpr (requires(W& w, spawn_slice s) { w.describe(1u, s); }) {
      return slot{[](spawn_instance* self, std::uint32_t schema, spawn_slice scratch,
                     spawn_buf* out) noexcept -> spawn_status {
        try {
          std::optional<std::string> json = instance_of<W>(self).describe(schema, scratch);
          if (!json) {
            return SPAWN_E_INVALID;
          }
          *out = give(std::move(*json));
          return SPAWN_OK;
        } catch (...) {
          return SPAWN_E_INTERNAL;
        }
      }};
    } else {
      return slot{nullptr};
    }
  }

  static bool handles(const spawn_wf_step& in) noexcept {
    for (const char* const* type = W::part_types; *type != nullptr; ++type) {
      if (text(in.part_type) == *type) {
        return true;
      }
    }
    return false;
  }

  static constexpr bool sees_every_event() noexcept {
    if constexpr (requires { W::every_event; }) {
      return W::every_event;
    } else {
      return false;
    }
  }

  static void run(spawn_instance* self, spawn_wf_step& step) noexcept {
    step_output out;
    try {
      if (step.event != SPAWN_WF_BEGIN) {
        if constexpr (sees_every_event()) {
          instance_of<W>(self).step(step, out);
        }
      } else if (handles(step)) {
        instance_of<W>(self).step(step, out);
      } else {
        out.fail(SPAWN_E_UNSUPPORTED, "unknown part \"" + std::string(text(step.part_type)) + "\"");
      }
      out.finish(step);
    } catch (const std::bad_alloc&) {
      end_with(step.op, SPAWN_E_EXHAUSTED, "out of memory");
    } catch (const std::exception& e) {
      set_outcome_or_plain(step.op, e.what());
    } catch (...) {
      end_with(step.op, SPAWN_E_INTERNAL, "unknown exception");
    }
  }

  static void end_with(spawn_op& op, spawn_status status, std::string_view why) noexcept {
    op.status = status;
    op.retry_after_ms = 0;
    op.error = give_static(why);
  }

  static void set_outcome_or_plain(spawn_op& op, const char* why) noexcept {
    try {
      set_outcome(&op, SPAWN_E_INTERNAL, why);
    } catch (...) {
      end_with(op, SPAWN_E_INTERNAL, "an exception, and no memory for its text");
    }
  }

  // Every step ends in this call and all of them are completed at once.
  static void submit(spawn_instance* self, std::uint32_t, spawn_op* const* ops,
                     std::uint32_t n) noexcept {
    for (spawn_op* op : std::span(ops, n)) {
      if (covers<spawn_wf_step>(op)) {
        run(self, *reinterpret_cast<spawn_wf_step*>(op));
      } else {
        end_with(*op, SPAWN_E_UNSUPPORTED, "the host's step is shorter than this plugin needs");
      }
    }
    host_ref(self->host).complete({ops, n});
  }
};

}  // namespace spawn::plugin
