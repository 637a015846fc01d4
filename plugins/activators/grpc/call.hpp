// One gRPC call: an ordered stream of messages each way. A unary call is one with one message each.
#pragma once
#include <grpcpp/generic/async_generic_service.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "intake.hpp"
#include "status.hpp"

namespace grpc_source {

class worker;
class call;

// A completion queue's tag.
class cq_event {
 public:
  virtual ~cq_event() = default;
  virtual void happened(bool ok) = 0;  // [worker thread]
};

// What a call is about: an actor's method, health, reflection. Owned by its call. [worker thread]
class call_logic {
 public:
  virtual ~call_logic() = default;
  virtual void begin(call& c) { (void)c; }
  virtual void message(call& c, std::string bytes) = 0;  // after c.read()
  virtual void half_closed(call& c) = 0;                 // after c.read(): the client has no more
  virtual void written(call& c) { (void)c; }             // a message of c.send() has gone out
  virtual void answered(call& c, std::uint64_t ticket, answer&& a) {
    (void)c, (void)ticket, (void)a;
  }
  virtual void health_changed(call& c) { (void)c; }
};

// Life: made by its worker to wait for a client, kept alive by the events that are still to come,
// gone after the last. Thread: its worker's; answered() is called on a lane.
class call : public caller, public std::enable_shared_from_this<call> {
 public:
  call(worker& owner, grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue);

  // Waits for a client. Once for each call.
  void listen();

  // For the logic. Asks for the next message; one question at a time.
  void read();
  // Sends a message behind those before it.
  void send(std::string bytes);
  // Ends the call behind what was sent. The first one counts; nothing is read after it.
  void finish(status s);
  [[nodiscard]] bool finishing() const noexcept { return end_.has_value(); }
  [[nodiscard]] std::size_t unsent() const noexcept { return out_.size(); }
  // For the end: what a caller should see beside the answer. Leaves out what gRPC has no words for.
  void add_trailing(const header_list& headers);
  // A delivery with the call's metadata, facts and deadline in it.
  [[nodiscard]] std::unique_ptr<spawn::plugin::delivery> make_delivery() const;
  [[nodiscard]] worker& owner() noexcept { return owner_; }

  void answered(std::uint64_t ticket, answer&& a) override;
  // What answered() passes on. [worker thread]
  void take_answer(std::uint64_t ticket, answer&& a);
  void health_changed();

 private:
  enum class step : std::uint8_t { accepted, done, read, written, finished };
  class event final : public cq_event {
   public:
    event(call& owner, step what) : owner_(owner), what_(what) {}
    void happened(bool ok) override;
    // Returns the tag; the call stays until it happened.
    [[nodiscard]] void* arm() {
      keeps_ = owner_.shared_from_this();
      return static_cast<cq_event*>(this);
    }

   private:
    call& owner_;
    const step what_;
    std::shared_ptr<call> keeps_;
  };

  void happened(step what, bool ok);
  void accepted();
  void received();
  void write_next();

  worker& owner_;
  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  event accepted_{*this, step::accepted}, done_{*this, step::done}, read_{*this, step::read},
      written_{*this, step::written}, finished_{*this, step::finished};
  std::unique_ptr<call_logic> logic_;
  grpc::ByteBuffer in_;
  std::deque<grpc::ByteBuffer> out_;
  std::optional<status> end_;
  bool reading_ = false, writing_ = false, finish_sent_ = false, over_ = false, counted_ = false;
};

}  // namespace grpc_source
