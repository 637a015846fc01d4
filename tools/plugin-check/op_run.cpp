#include "op_run.hpp"

#include <cstring>
#include <exception>

namespace spawn::check {

using contract::require;

namespace {
constexpr const char* late_touch = "an op is touched after complete()";
constexpr const char* late_input = "what an op points at is used after complete()";
constexpr unsigned char unknown_fields = 0x5a;
}  // namespace

op_run::op_run(subject& s, std::uint32_t wanted_lanes)
    : op_run(s, std::make_unique<check_host>(), wanted_lanes) {}

op_run::op_run(subject& s, std::unique_ptr<check_host> host, std::uint32_t wanted_lanes)
    : subject_(s), host_(std::move(host)), instance_(std::make_unique<instance>(s, *host_)) {
  instance_->must(step::start);
  lanes_ = std::make_unique<lanes>(s, *instance_, wanted_lanes);
  samples_ = sample_ops_of(s, *instance_);
  host_->at_end(at_end, this);
}

op_run::~op_run() {
  if (std::uncaught_exceptions() != 0) {
    leave_all();
  }
}

void op_run::leave_all() {
  host_->at_end(nullptr, nullptr);
  for (auto& [one, how] : all_) {
    (void)one.release();
  }
  all_.clear();
  (void)lanes_.release();
  (void)instance_.release();
  (void)host_.release();
}

// Under the host's lock, inside complete(): the op is the host's again.
void op_run::at_end(void* self, spawn_op* op) {
  auto& run = *static_cast<op_run*>(self);
  const std::lock_guard hold(run.mutex_);
  for (auto& [one, how] : run.all_) {
    if (one->op() == op) {
      const auto* first = one->memory.as<unsigned char>();
      one->at_end.assign(first, first + one->memory.size());
      if (how.forbid_inputs_after_end) {
        one->bytes.forbid(late_input);
      }
      if (how.forbid_after_end) {
        one->memory.forbid(late_touch);
      }
      return;
    }
  }
}

std::vector<flight*> op_run::make(std::uint32_t n, const flight_options& how,
                                  const change& change_one) {
  const std::lock_guard hold(mutex_);
  std::vector<flight*> out;
  for (std::uint32_t i = 0; i < n; ++i) {
    auto made = std::make_unique<flight>(samples_->op_bytes(), samples_->op_bytes() + how.longer_by,
                                         how.inputs_in_pages);
    std::memset(made->memory.data(), 0, made->size);
    std::memset(made->memory.as<char>() + made->size, unknown_fields, how.longer_by);
    samples_->fill(made->memory.data(), ++numbers_, made->bytes);
    made->op()->struct_size += how.longer_by;
    made->op()->op_id = numbers_;
    made->op()->status = SPAWN_E_INTERNAL;
    made->op()->host_private[0] = made.get();
    if (change_one) {
      change_one(*made);
    }
    out.push_back(made.get());
    all_.emplace_back(std::move(made), how);
  }
  return out;
}

void op_run::submit(const std::vector<flight*>& ops, std::uint32_t lane) {
  std::vector<spawn_op*> raw;
  for (flight* one : ops) {
    raw.push_back(one->op());
  }
  samples_->submit(lanes_->at(lane), lane, raw.data(), static_cast<std::uint32_t>(raw.size()));
}

void op_run::wait(const std::vector<flight*>& ops) {
  for (std::size_t i = 0; i < ops.size(); ++i) {
    require(host_->wait_end(ops[i]->op(), subject_.patience()),
            "op " + std::to_string(i + 1) + " of " + std::to_string(ops.size()) +
                " did not end in time");
  }
}

std::vector<flight*> op_run::run(std::uint32_t n, const flight_options& how,
                                 const change& change_one) {
  std::vector<flight*> out = make(n, how, change_one);
  submit(out);
  wait(out);
  return out;
}

spawn_op op_run::ended(const flight& f) {
  spawn_op out{};
  std::memcpy(&out, f.at_end.data(), sizeof(out));
  return out;
}

void op_run::release(const std::vector<flight*>& ops) {
  for (flight* one : ops) {
    (void)samples_->release(reinterpret_cast<spawn_op*>(one->at_end.data()));
  }
}

void op_run::end() {
  lanes_->close();
  instance_->destroy();
}

}  // namespace spawn::check
