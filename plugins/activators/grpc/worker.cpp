#include "worker.hpp"

#include <pthread.h>

#include <utility>

#include "actor_calls.hpp"
#include "health.hpp"
#include "reflection.hpp"

namespace grpc_source {

worker::worker(const service_context& context, grpc::AsyncGenericService& service,
               std::unique_ptr<grpc::ServerCompletionQueue> queue,
               std::atomic<std::uint32_t>& open_calls)
    : context_(context), service_(service), queue_(std::move(queue)), open_calls_(open_calls) {}

worker::~worker() {
  close();
}

void worker::run(std::string name) {
  thread_ = std::thread([this, name = std::move(name)] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    listen();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
      spawn::plugin::guarded(host(), [&] { static_cast<cq_event*>(tag)->happened(ok); });
    }
  });
}

void worker::close() {
  {
    const std::lock_guard hold(mutex_);
    if (std::exchange(closed_, true)) {
      return;
    }
  }
  queue_->Shutdown();
  if (thread_.joinable()) {
    return thread_.join();
  }
  void* tag = nullptr;  // never run: the queue has to be emptied all the same
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
  }
}

void worker::put(job&& j) {
  const std::lock_guard hold(mutex_);
  if (closed_) {
    return;
  }
  inbox_.push_back(std::move(j));
  if (!std::exchange(waking_, true)) {
    alarm_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_REALTIME), static_cast<cq_event*>(&wake_));
  }
}

void worker::pass_on(std::shared_ptr<call> to, std::uint64_t ticket, answer&& a) {
  put({std::move(to), ticket, std::move(a)});
}

void worker::health_changed() {
  put({});
}

void worker::wake_event::happened(bool) {
  owner_.work_off();
}

void worker::work_off() {
  std::vector<job> jobs;
  {
    const std::lock_guard hold(mutex_);
    jobs.swap(inbox_);
    waking_ = false;
  }
  for (job& j : jobs) {
    if (j.to == nullptr) {
      tell_watchers();
    } else {
      j.to->take_answer(j.ticket, std::move(j.what));
    }
  }
}

void worker::tell_watchers() {
  std::erase_if(watchers_, [](const std::weak_ptr<call>& w) { return w.expired(); });
  for (const auto& w : std::vector(watchers_)) {
    if (const auto c = w.lock()) {
      c->health_changed();
    }
  }
}

void worker::listen() {
  const auto next = std::make_shared<call>(*this, service_, *queue_);
  // gRPC ends the process when a queue that is shut down is asked: not between the two lines.
  const std::lock_guard hold(mutex_);
  if (!closed_) {
    next->listen();
  }
}

bool worker::entered() {
  if (open_calls_.fetch_add(1) < context_.config.max_calls) {
    return true;
  }
  open_calls_.fetch_sub(1);
  return false;
}

void worker::left() {
  open_calls_.fetch_sub(1);
}

std::unique_ptr<call_logic> worker::logic_for(const std::string& path) {
  if (const method* m = context_.methods.find(path)) {
    return actor_logic(*m, context_);
  }
  if (auto out = health_logic(path, context_)) {
    return out;
  }
  return context_.config.reflection ? reflection_logic(path, context_) : nullptr;
}

}  // namespace grpc_source
