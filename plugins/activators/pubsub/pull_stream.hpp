// One StreamingPull.
#pragma once
#include <memory>

#include "calls.hpp"
#include "pubsub.grpc.pb.h"
#include "wait.hpp"

namespace pubsub {

namespace api = google::pubsub::v1;

class pull_stream;

// Who owns streams. All calls come on the session thread.
class stream_owner {
 public:
  // A response, which is the owner's to empty; then it asks for the next with read_next().
  virtual void received(pull_stream& from, api::StreamingPullResponse& response) = 0;
  // The last call about it; the owner deletes it.
  virtual void ended(pull_stream& which, grpc::Status why) = 0;

 protected:
  ~stream_owner() = default;
};

// Life: after cancel() or half_close(), or by itself, it ends once, with stream_owner::ended. One
// read and one write are out at most; the owner hears of the end when nothing is out any more.
// [session thread]
class pull_stream {
 public:
  // How long a stream without messages has to be open to count as good.
  static constexpr std::uint32_t proving_ms = 1'000;

  pull_stream(stream_owner& owner, io_thread& io) : owner_(&owner), io_(&io) {}
  pull_stream(const pull_stream&) = delete;
  pull_stream& operator=(const pull_stream&) = delete;

  void start(api::Subscriber::Stub& stub, api::StreamingPullRequest first);
  // The next response may come. Until then the server is held back by HTTP/2 itself.
  void read_next();
  // Tells the server that no more is wanted; what is under way still comes, then it ends.
  void half_close();
  void cancel() { context_.TryCancel(); }
  // Says that we are there: the server ends streams that are silent for long.
  void ping();

  [[nodiscard]] bool closing() const noexcept { return closing_; }
  [[nodiscard]] bool proved() const { return heard_ || proving_.over(); }
  // While closing: it took too long.
  [[nodiscard]] bool overdue() const { return closing_ && linger_.over(); }

 private:
  enum class what : std::uint8_t { started, read, written, half_closed, finished };
  class note;
  // Of one kind of operation, of which there is one at a time.
  class operation final : public tag {
   public:
    operation(pull_stream& of, what kind) : of_(&of), kind_(kind) {}
    void happened(bool ok) override;

   private:
    pull_stream* of_;
    what kind_;
  };

  void* out(operation& one);
  void told(what happened, bool ok);
  void finish();
  void write(const api::StreamingPullRequest& one);

  stream_owner* owner_;
  io_thread* io_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<api::StreamingPullRequest, api::StreamingPullResponse>>
      stream_;
  operation started_{*this, what::started}, read_{*this, what::read},
      written_{*this, what::written}, half_closed_{*this, what::half_closed},
      finished_{*this, what::finished};
  api::StreamingPullRequest first_, empty_;
  api::StreamingPullResponse response_;
  grpc::Status status_;
  wait proving_, linger_;
  int out_ = 0;  // operations
  bool writing_ = false, closing_ = false, closed_ = false, heard_ = false;
  bool finishing_ = false, over_ = false;
};

}  // namespace pubsub
