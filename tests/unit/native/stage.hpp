// Live actors on lanes that are driven by hand: a plugin whose actors run what the test says.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "native/native_link.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn::test {

class stage;

// An actor's object, as the fake plugin makes it.
struct fake_object {
  stage* on = nullptr;
  std::string name;
  int number = 0;  // of all objects
  std::vector<std::string> heard;
};

struct fake_lane {
  stage* on = nullptr;
  const spawn_live_host* host = nullptr;
};

// What came, copied.
struct heard {
  std::uint16_t kind = 0;
  std::uint32_t action = 0;
  std::uint64_t token = 0;
  spawn_status status = SPAWN_OK;
  std::string type_url, value;
};

// Everything else of a kernel that live actors send to.
struct fake_out final : outbound {
  void route(invocation_ptr message) override { routed.push_back(std::move(message)); }
  void broadcast(broadcast_order) override {}
  [[nodiscard]] bool is_heard_durably(std::string_view, std::string_view) const override {
    return false;
  }
  void stored_for_later(const message_row&) override {}
  void drop_row(std::uint32_t, std::string) override {}
  [[nodiscard]] bool is_address_of(actor_view, actor_view) override { return false; }
  [[nodiscard]] reply_ref park(reply_slot&, std::uint64_t) override { return {}; }
  [[nodiscard]] bool is_parked(reply_ref) const override { return false; }
  [[nodiscard]] reply_slot* unpark(reply_ref) override { return nullptr; }
  void answer(reply_ref, outcome) override {}
  [[nodiscard]] reply_slot* slot_for(reply_ref) override { return nullptr; }
  void restored(actor_view) override {}

  std::vector<invocation_ptr> routed;
};

// A question of the kernel's, as a test holds it.
struct test_ask final : outside_ask {
  void ended(spawn_status how, const spawn_payload& payload) override {
    ++ends;
    status = how;
    value = view_of(payload.value);
  }
  int ends = 0;
  spawn_status status = -1;
  std::string value;
};

// One plugin with the live types Node (actions Tell, Ask) and Hub (named), on two lanes.
class stage final : public actors_port {
 public:
  static constexpr std::uint32_t tell_action = 0, ask_action = 1;
  explicit stage(live_options options = {}, std::uint64_t budget_bytes = 64 << 20,
                 std::uint32_t mailbox_max = 8);
  ~stage() override;

  // --- actors_port
  [[nodiscard]] std::string_view name() const noexcept override { return "fake"; }
  [[nodiscard]] const std::string& registration() const noexcept override { return nothing_; }
  [[nodiscard]] bool is_live(std::uint32_t) const noexcept override { return true; }
  [[nodiscard]] bool accepts() const noexcept override { return !faulted; }
  void submit(lane&, std::span<spawn_op* const> ops) override {
    submitted.insert(submitted.end(), ops.begin(), ops.end());
  }
  [[nodiscard]] result<live_channel> open_live(lane& at, const spawn_live_host& host) override;
  [[nodiscard]] bool call_live(lane&, const char*, void (*f)(void*), void* with) override;
  void close_live(lane& at) override { closed.push_back(at.index()); }
  void at_close(std::uint32_t, unique_function<void()>) override {}

  // --- the test's side
  using run_fn =
      std::function<void(const spawn_live_host&, fake_object&, const spawn_live_message&)>;
  // What all actors do with a message; what they hear is kept under their names anyway.
  run_fn act;
  // What happens inside a call on that lane: a message to a helper actor whose turn `f` is.
  void inside(std::uint32_t lane, std::function<void(const spawn_live_host&)> f);
  void drive();
  void pass_ms(std::uint64_t ms);
  // A name of a Node that lives on this lane.
  [[nodiscard]] std::string node_on(std::uint32_t lane, const std::string& stem = "n") const;
  [[nodiscard]] const std::vector<heard>& of(const std::string& name) { return heard_[name]; }
  [[nodiscard]] std::vector<std::string> values_of(const std::string& name);

  spawn_status create_answers = SPAWN_OK;
  int made = 0, destroyed = 0;
  bool faulted = false;
  std::vector<spawn_op*> submitted;
  std::vector<std::uint32_t> closed;

  manual_clock time;
  byte_budget budget;
  lane_stats stats[2];
  fake_out out;
  live_types types;
  std::vector<std::unique_ptr<hand_lane>> lanes;
  std::unique_ptr<lane_set> set;
  std::vector<std::unique_ptr<live_lane>> live;

 private:
  friend struct stage_calls;
  std::string nothing_;
  std::vector<std::unique_ptr<fake_lane>> handles_;
  std::map<std::string, std::vector<heard>> heard_;
  std::function<void(const spawn_live_host&)> inside_;
  std::vector<std::unique_ptr<test_ask>> asked_;
};

[[nodiscard]] spawn_live_ref* node(const spawn_live_host& host, const std::string& name);
[[nodiscard]] inline spawn_payload value_of(std::string_view text) noexcept {
  spawn_payload out{};
  out.presence = SPAWN_P_VALUE;
  out.value = {text.data(), text.size()};
  return out;
}
}  // namespace spawn::test
