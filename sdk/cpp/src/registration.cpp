#include "registration.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "http_client.hpp"
#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

constexpr std::chrono::milliseconds attempt_max{10'000};

wire::actors::Kind to_wire(actor_kind kind) {
  switch (kind) {
    case actor_kind::unnamed:
      return wire::actors::UNNAMED;
    case actor_kind::pooled:
      return wire::actors::POOLED;
    case actor_kind::named:
      break;
  }
  return wire::actors::NAMED;
}

void describe(const std::string& system, const actor_definition& from, wire::actors::Actor& to) {
  to.mutable_id()->set_name(from.name);
  to.mutable_id()->set_system(system);
  // Always present, even when empty: other kernels cannot activate an actor without it.
  auto& state = *to.mutable_state();
  state.mutable_tags()->insert(from.initial_tags.begin(), from.initial_tags.end());
  if (const auto initial = from.initial_bytes()) {
    state.mutable_state()->set_type_url(initial->type_url);
    state.mutable_state()->set_value(initial->value);
  }
  auto& settings = *to.mutable_settings();
  settings.set_kind(to_wire(from.kind));
  settings.set_stateful(from.is_stateful);
  if (from.snapshot) {
    settings.mutable_snapshot_strategy()->mutable_timeout()->set_timeout(from.snapshot->count());
  }
  if (from.idle) {
    settings.mutable_deactivation_strategy()->mutable_timeout()->set_timeout(from.idle->count());
  }
  settings.set_min_pool_size(from.pool_min);
  settings.set_max_pool_size(from.pool_max);
  for (const auto& action : from.actions) {
    if (action.period.count() == 0) {
      to.add_actions()->set_name(action.name);
      continue;
    }
    auto& timer = *to.add_timer_actions();
    timer.set_seconds(static_cast<std::int32_t>(action.period.count()));  // milliseconds, in fact
    timer.mutable_action()->set_name(action.name);
  }
  auto& metadata = *to.mutable_metadata();
  for (const auto& [topic, action] : from.channels) {
    auto& channel = *metadata.add_channel_group();
    channel.set_topic(topic);
    channel.set_action(action);
  }
}

}  // namespace

std::string encode_registration(const std::string& system, const host_options& options,
                                const std::vector<std::unique_ptr<actor_definition>>& actors) {
  wire::RegistrationRequest request;
  auto& service = *request.mutable_service_info();
  service.set_service_name(options.service_name);
  service.set_service_version(options.service_version);
  service.set_service_runtime("c++20");
  service.set_support_library_name("spawn-cpp-sdk");
  service.set_support_library_version("0.1.0");
  service.set_protocol_major_version(1);
  service.set_protocol_minor_version(1);
  request.mutable_actor_system()->set_name(system);
  auto& registry = *request.mutable_actor_system()->mutable_registry()->mutable_actors();
  for (const auto& actor : actors) {
    describe(system, *actor, registry[actor->name]);
  }
  return request.SerializeAsString();
}

registration::registration(const host_options& options, std::string body, std::string advertise)
    : options_(options),
      body_(std::move(body)),
      header_(advertise.empty() ? std::string() : "spawn-host: " + advertise + "\r\n"),
      cancel_event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

registration::~registration() {
  stop();
  join();
  if (cancel_event_ >= 0) {
    ::close(cancel_event_);
  }
}

void registration::start() {
  thread_ = std::thread([this] { run(); });
}

void registration::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  static_cast<void>(::eventfd_write(cancel_event_, 1));
}

void registration::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool registration::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

bool registration::wait_done(std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return done_ || stopping_; });
  return done_;
}

std::string registration::attempt() {
  http_client http(options_.kernel, cancel_event_);
  const auto answer = http.post({"/api/v1/system", body_, header_}, attempt_max);
  if (!answer) {
    return answer.error().text;
  }
  wire::RegistrationResponse response;
  const bool decoded = response.ParseFromString(answer->body);
  if (answer->status == 200 && decoded && response.status().status() == wire::OK) {
    return {};
  }
  std::string reason = "kernel at " + http.place() + " refused the registration: HTTP " +
                       std::to_string(answer->status);
  if (decoded && !response.status().message().empty()) {
    reason += ", " + response.status().message();
  }
  return reason;
}

void registration::run() {
  auto pause = options_.retry_first;
  std::string last;
  while (true) {
    std::string reason = attempt();
    std::unique_lock lock(mutex_);
    if (reason.empty()) {
      done_ = true;
      lock.unlock();
      changed_.notify_all();
      if (options_.on_registered) {
        options_.on_registered();
      }
      return;
    }
    if (stopping_) {
      return;
    }
    // The same reason again and again is said once.
    if (reason != last) {
      lock.unlock();
      options_.log("not registered yet, trying again: " + reason);
      lock.lock();
      last = std::move(reason);
    }
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) {
      return;
    }
    pause = std::min(pause * 2, options_.retry_max);
  }
}

}  // namespace spawn::sdk::detail
