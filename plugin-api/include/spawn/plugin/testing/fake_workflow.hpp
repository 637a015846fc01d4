// fake_step: a step of a workflow plugin for unit tests: laid out, run once, its commands to be
// looked at. Life: of the test; the commands are good as long as it is there. Thread: the test's.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "spawn/plugin/testing/fake_host.hpp"
#include "spawn/plugin/workflow.h"

namespace spawn::plugin::testing {

class fake_step {
 public:
  // BEGIN: the actor "cart" of system "shop" answered with this part. For other steps change raw().
  fake_step(std::string part_type, std::string part) : made_(std::make_unique<memory>()) {
    made_->part_type = std::move(part_type);
    made_->part = std::move(part);
    spawn_wf_step& s = made_->raw;
    s.op.struct_size = sizeof(s);
    s.event = SPAWN_WF_BEGIN;
    s.attempt = 1;
    s.flow_id = s.call_id = 1;
    s.self = {slice("shop"), {}, slice("cart")};
    s.caller = {slice("shop"), {}, slice("web")};
    s.action = slice("add");
    s.part_type = slice(made_->part_type);
    s.part = slice(made_->part);
    s.now_unix_ms = 1'700'000'000'000;
  }
  fake_step(fake_step&&) = default;
  fake_step& operator=(fake_step&&) = delete;
  ~fake_step() {
    if (made_ != nullptr) {
      release(made_->raw.out_owner);
      release(made_->raw.op.error);
    }
  }

  void response(std::string type_url, std::string value) {
    made_->type_url = std::move(type_url);
    made_->value = std::move(value);
    made_->raw.response = {SPAWN_P_VALUE, 0, slice(made_->type_url), slice(made_->value)};
  }

  // On lane 0. A step that does not end inside the call is a violation.
  void run(fake_host& host, spawn_instance* instance, const spawn_workflow* table) {
    spawn_op* op = &made_->raw.op;
    host.expect(op);
    table->submit(instance, 0, &op, 1);
    if (!host.ended(op)) {
      host.violation("a step did not end inside submit");
    }
  }

  [[nodiscard]] spawn_wf_step& raw() noexcept { return made_->raw; }
  [[nodiscard]] spawn_status status() const noexcept { return made_->raw.op.status; }
  [[nodiscard]] std::string_view error() const noexcept { return text(made_->raw.op.error); }
  [[nodiscard]] std::int64_t now_unix_ms() const noexcept { return made_->raw.now_unix_ms; }
  // Of a plugin that was built with these headers.
  [[nodiscard]] std::span<const spawn_wf_command> commands() const noexcept {
    return {made_->raw.out, made_->raw.n_out};
  }

 private:
  struct memory {  // what the step points to; it does not move
    spawn_wf_step raw{};
    std::string part_type, part, type_url, value;
  };
  std::unique_ptr<memory> made_;
};

}  // namespace spawn::plugin::testing
