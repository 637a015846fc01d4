#include "sample_ops.hpp"

#include <span>
#include <string>

#include "described_actors.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn::check {
namespace {

constexpr std::uint16_t unknown_code = 4'242;

// Saves new keys; every third op loads one.
class store_ops : public sample_ops {
 public:
  explicit store_ops(const instance& on)
      : table_(on.interface<spawn_statestore>(SPAWN_STATESTORE)) {}

  [[nodiscard]] std::uint32_t op_bytes() const override { return sizeof(spawn_ss_save); }
  void fill(void* op, std::uint64_t n, arena& bytes) override {
    const spawn_slice key = bytes.place("check/" + std::to_string(n));
    if (n % 3 == 2) {
      auto* load = static_cast<spawn_ss_load*>(op);
      load->op.struct_size = sizeof(spawn_ss_load);
      load->op.code = SPAWN_SS_LOAD;
      load->key = key;
      return;
    }
    auto* save = static_cast<spawn_ss_save*>(op);
    save->op.struct_size = sizeof(spawn_ss_save);
    save->op.code = SPAWN_SS_SAVE;
    save->key = key;
    save->new_revision = 1;
    save->writer = 7;
    save->type_url = bytes.place("type.example/T");
    save->meta = bytes.place("meta");
    save->payload = bytes.place({bytes.place("one part, "), bytes.place("and another")});
    save->n_payload = 2;
  }
  void submit(void* lane, std::uint32_t, spawn_op* const* ops, std::uint32_t n) override {
    table_->submit(static_cast<spawn_ss_lane*>(lane), ops, n);
  }
  std::uint64_t release(spawn_op* op) override {
    if (op->code != SPAWN_SS_LOAD) {
      return spent(op->error);
    }
    const spawn_ss_record& out = reinterpret_cast<spawn_ss_load*>(op)->out;
    return spent(op->error) + spent(out.type_url) + spent(out.payload) + spent(out.meta);
  }
  void make_unknown(void* op, arena&) override { static_cast<spawn_op*>(op)->code = unknown_code; }
  [[nodiscard]] bool good_end(spawn_status s) const override {
    return s == SPAWN_OK || s == SPAWN_E_NOT_FOUND;
  }
  bool cancel(void* lane, spawn_op* op) override {
    table_->cancel(static_cast<spawn_ss_lane*>(lane), op);
    return true;
  }

 private:
  const spawn_statestore* table_;
};

// Publishes to subjects of its own.
class transport_ops : public sample_ops {
 public:
  explicit transport_ops(const instance& on)
      : table_(on.interface<spawn_transport>(SPAWN_TRANSPORT)) {}

  [[nodiscard]] std::uint32_t op_bytes() const override { return sizeof(spawn_tp_send); }
  void fill(void* op, std::uint64_t n, arena& bytes) override {
    auto* send = static_cast<spawn_tp_send*>(op);
    send->op.struct_size = sizeof(spawn_tp_send);
    send->op.code = SPAWN_TP_PUBLISH;
    send->subject = bytes.place("check.n" + std::to_string(n));
    send->payload = bytes.place({bytes.place("one part, "), bytes.place("and another")});
    send->n_payload = 2;
  }
  void submit(void* lane, std::uint32_t, spawn_op* const* ops, std::uint32_t n) override {
    table_->submit(static_cast<spawn_tp_lane*>(lane), ops, n);
  }
  std::uint64_t release(spawn_op* op) override {
    return spent(op->error) + spent(reinterpret_cast<spawn_tp_send*>(op)->out_reply);
  }
  void make_unknown(void* op, arena&) override { static_cast<spawn_op*>(op)->code = unknown_code; }
  // A link that is not up yet is no fault.
  [[nodiscard]] bool good_end(spawn_status s) const override {
    return s == SPAWN_OK || s == SPAWN_E_UNAVAILABLE;
  }

 private:
  const spawn_transport* table_;
};

// Begins with the first part, or calls an actor of the first virtual parent. What is in a part is
// the plugin's affair, so it may be refused.
class workflow_ops : public sample_ops {
 public:
  explicit workflow_ops(const instance& on)
      : on_(on), table_(on.interface<spawn_workflow>(SPAWN_WORKFLOW)) {
    const char* const* parts = table_->part_types(on.raw());
    part_ = parts != nullptr && *parts != nullptr ? *parts : "";
    const bool serves = SPAWN_KNOWS(table_, virtual_parents) && table_->virtual_parents != nullptr;
    const char* const* parents = serves ? table_->virtual_parents(on.raw()) : nullptr;
    parent_ = parents != nullptr && *parents != nullptr ? *parents : "";
  }

  [[nodiscard]] std::uint32_t op_bytes() const override { return sizeof(spawn_wf_step); }
  void fill(void* op, std::uint64_t n, arena& bytes) override {
    auto* step = static_cast<spawn_wf_step*>(op);
    step->op.struct_size = sizeof(spawn_wf_step);
    step->event = part_.empty() ? SPAWN_WF_CALL : SPAWN_WF_BEGIN;
    step->attempt = 1;
    step->flow_id = n + 1;
    step->call_id = n + 1;
    step->self = {bytes.place("shop"), bytes.place(parent_), bytes.place("n" + std::to_string(n))};
    step->caller = {bytes.place("shop"), bytes.place(""), bytes.place("web")};
    step->action = bytes.place("status");
    step->part_type = bytes.place(part_);
    step->part = bytes.place("");
    step->now_unix_ms = 1'700'000'000'000;
  }
  void submit(void*, std::uint32_t number, spawn_op* const* ops, std::uint32_t n) override {
    table_->submit(on_.raw(), number, ops, n);
  }
  std::uint64_t release(spawn_op* op) override {
    auto* step = reinterpret_cast<spawn_wf_step*>(op);
    std::uint64_t sum = spent(op->error);
    if (op->status == SPAWN_OK && step->n_out != 0) {
      sum += step->out->kind;  // readable until its owner is released
    }
    if (op->status == SPAWN_OK) {
      plugin::release(step->out_owner);
    }
    return sum;
  }
  void make_unknown(void* op, arena& bytes) override {
    auto* step = static_cast<spawn_wf_step*>(op);
    step->event = SPAWN_WF_BEGIN;
    step->part_type = bytes.place("a-part-of-nobody");
  }
  [[nodiscard]] bool good_end(spawn_status s) const override {
    return s == SPAWN_OK || s == SPAWN_E_INVALID;
  }

 private:
  const instance& on_;
  const spawn_workflow* table_;
  std::string part_, parent_;
};

// Calls the first action of the first type that is not live, without a payload. What the action
// makes of that is its own affair.
class actors_ops : public sample_ops {
 public:
  explicit actors_ops(const instance& on) {
    const auto* table = on.interface<spawn_actors>(SPAWN_ACTORS);
    if (table->submit != nullptr) {
      all_ = describe_actors(on);
      type_ = all_.first_of_actions();
    }
    if (table->submit == nullptr || type_ == nullptr || type_->actions().empty()) {
      throw contract::skipped{"every type is live, so it is given no ops"};
    }
  }

  [[nodiscard]] std::uint32_t op_bytes() const override { return sizeof(spawn_actors_call); }
  void fill(void* op, std::uint64_t n, arena& bytes) override {
    auto* call = static_cast<spawn_actors_call*>(op);
    call->op.struct_size = sizeof(spawn_actors_call);
    call->request =
        bytes.place(encoded_call(*type_, "n" + std::to_string(n), type_->actions().front()));
  }
  void submit(void* lane, std::uint32_t, spawn_op* const* ops, std::uint32_t n) override {
    all_.table->submit(static_cast<spawn_actors_lane*>(lane), ops, n);
  }
  std::uint64_t release(spawn_op* op) override {
    return spent(op->error) + spent(reinterpret_cast<spawn_actors_call*>(op)->answer);
  }
  void make_unknown(void* op, arena& bytes) override {
    static_cast<spawn_actors_call*>(op)->request = bytes.place("\xff\xff");
  }
  [[nodiscard]] bool has_codes() const override { return false; }
  [[nodiscard]] bool good_end(spawn_status s) const override { return s != SPAWN_E_UNSUPPORTED; }

 private:
  described_actors all_;
  const actor_type* type_ = nullptr;
};

}  // namespace

std::uint64_t spent(spawn_buf buffer) {
  std::uint64_t sum = 0;
  const auto* first = static_cast<const unsigned char*>(buffer.ptr);
  for (std::uint64_t i = 0; first != nullptr && i < buffer.len; ++i) {
    sum += first[i];
  }
  plugin::release(buffer);
  return sum;
}

std::unique_ptr<sample_ops> sample_ops_of(subject& s, const instance& on) {
  const std::string& kind = s.manifest().kind;
  if (kind == "statestore") {
    return std::make_unique<store_ops>(on);
  }
  if (kind == "transport") {
    return std::make_unique<transport_ops>(on);
  }
  if (kind == "workflow") {
    return std::make_unique<workflow_ops>(on);
  }
  if (kind == "actors") {
    return std::make_unique<actors_ops>(on);
  }
  throw contract::skipped{"this checker knows no ops of the kind " + kind};
}

}  // namespace spawn::check
