// The thread that waits for gRPC, and the calls that are out.
#pragma once
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "events.hpp"

namespace pubsub {

// What gRPC is given for an operation, and hands back when it is over. [io thread]: only to push an
// event.
class tag {
 public:
  tag() = default;
  tag(const tag&) = delete;
  tag& operator=(const tag&) = delete;
  virtual void happened(bool ok) = 0;

 protected:
  ~tag() = default;
};

// gRPC works while somebody waits for it: connections are made and watched, responses are read.
// This thread does nothing else, so it is never late. Life: from start() to stop(), which waits for
// every operation, so all calls have to be cancelled or over by then.
class io_thread {
 public:
  io_thread() = default;
  ~io_thread() { stop(); }
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;

  void start();
  void stop();
  [[nodiscard]] grpc::CompletionQueue& queue() noexcept { return queue_; }
  [[nodiscard]] event_queue& events() noexcept { return events_; }

 private:
  grpc::CompletionQueue queue_;
  event_queue events_;
  std::thread thread_;
};

// The calls with one request and one response that are out. [session thread]
class calls {
 public:
  explicit calls(io_thread& io) : io_(&io) {}

  // Call is a call<...>. It ends within `limit_ms`, and then its ended() runs.
  template <class Call>
  void start(std::unique_ptr<Call> one, std::uint64_t limit_ms) {
    one->context.set_deadline(std::chrono::system_clock::now() +
                              std::chrono::milliseconds(limit_ms));
    out_.insert(&one->context);
    Call* const raw = one.release();  // comes back as an event
    raw->begin(*this, *io_);
  }

  void cancel_all() {
    for (grpc::ClientContext* one : out_) {
      one->TryCancel();
    }
  }
  [[nodiscard]] bool none() const noexcept { return out_.empty(); }
  void ended(grpc::ClientContext* one) { out_.erase(one); }

 private:
  io_thread* io_;
  std::set<grpc::ClientContext*> out_;
};

// One such call, with all that gRPC reads and writes until it ends.
template <class Request, class Response>
class call : public event, private tag {
 public:
  using reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>>;

  grpc::ClientContext context;
  Request request;
  Response response;
  grpc::Status status;

  void begin(calls& among, io_thread& io) {
    among_ = &among;
    events_ = &io.events();
    reader_ = send(&io.queue());
    reader_->Finish(&response, &status, static_cast<tag*>(this));
  }
  void handle() final {
    among_->ended(&context);
    ended();
  }

 private:
  virtual reader send(grpc::CompletionQueue* on) = 0;
  virtual void ended() = 0;
  void happened(bool) final { events_->push(std::unique_ptr<event>(this)); }

  calls* among_ = nullptr;
  event_queue* events_ = nullptr;
  reader reader_;
};

}  // namespace pubsub
