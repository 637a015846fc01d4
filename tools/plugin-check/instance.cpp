#include "instance.hpp"

#include <exception>

#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::check {

using contract::require;

const char* name(step s) noexcept {
  constexpr const char* names[] = {"start", "quiesce", "drain", "stop"};
  return names[static_cast<int>(s)];
}

std::string described_status(spawn_status s) {
  constexpr const char* names[] = {
      "OK",       "INVALID",   "NOT_FOUND", "CONFLICT",  "4",      "UNAVAILABLE", "UNKNOWN_OUTCOME",
      "DEADLINE", "CANCELLED", "EXHAUSTED", "TOO_LARGE", "DENIED", "UNSUPPORTED", "CORRUPT",
      "SHUTDOWN", "INTERNAL",  "ABORTED"};
  return s >= 0 && s < static_cast<spawn_status>(std::size(names))
             ? std::string(names[s])
             : "an unknown status " + std::to_string(s);
}

instance::instance(subject& of, check_host& host, const std::string& config, std::uint32_t lanes)
    : subject_(of), host_(host), entry_(of.entry()) {
  host_.reopen();
  const spawn_status inited = entry_->init(host_.seen());
  require(inited == SPAWN_OK, "init answered " + described_status(inited));
  inited_ = true;
  const spawn_create_info info{sizeof(info),
                               of.one_lane() ? 1 : lanes,
                               plugin::slice("checked"),
                               plugin::slice(config),
                               nullptr,
                               0,
                               0};
  spawn_buf error{};
  const spawn_status made = entry_->create(host_.seen(), &info, &raw_, &error);
  const std::string why(plugin::text(error));
  plugin::release(error);
  require(made == SPAWN_OK, "create answered " + described_status(made) + ": " + why);
  require(raw_ != nullptr, "create answered OK and made nothing");
}

instance::~instance() {
  if (std::uncaught_exceptions() == 0 && inited_ && !abandoned_) {
    try {
      destroy();
    } catch (const contract::failed& late) {
      host_.violation(late.what);
    }
  }
}

step_end instance::take(step s) {
  using call = void (*)(spawn_instance*, spawn_op*);
  const call calls[] = {raw_->vt->start, raw_->vt->quiesce, raw_->vt->drain, raw_->vt->stop};
  reached_ = static_cast<int>(s) + 1;
  auto op = std::make_unique<spawn_op>();
  op->struct_size = sizeof(spawn_op);
  op->status = SPAWN_E_INTERNAL;
  spawn_op* const raw = op.release();  // for ever: see above
  calls[static_cast<int>(s)](raw_, raw);
  step_end out;
  out.in_time = host_.wait_end(raw, subject_.patience());
  if (out.in_time) {
    out.status = raw->status;
    out.error = plugin::text(raw->error);
    plugin::release(raw->error);
  }
  return out;
}

void instance::must(step s) {
  const step_end got = take(s);
  require(got.in_time, std::string(name(s)) + " did not end in time");
  require(got.status == SPAWN_OK,
          std::string(name(s)) + " ended " + described_status(got.status) + ": " + got.error);
}

void instance::end() {
  for (const step s : {step::quiesce, step::drain, step::stop}) {
    if (reached_ > 0 && reached_ <= static_cast<int>(s)) {
      must(s);
    }
  }
}

void instance::destroy() {
  if (raw_ != nullptr) {
    end();
    raw_->vt->destroy(raw_);
    raw_ = nullptr;
  }
  if (inited_) {
    inited_ = false;
    entry_->deinit();
  }
  host_.close();
}

}  // namespace spawn::check
