// The streams of an instance: opened when there is a window, closed when there is none, opened
// anew when they end or when the window has become another one.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pull_stream.hpp"
#include "session-common/backoff.hpp"
#include "settings.hpp"
#include "wait.hpp"

namespace pubsub {

// Who takes the messages. [session thread]
class receiver {
 public:
  virtual void take(api::StreamingPullResponse& response) = 0;
  // No room for another response; the streams wait.
  [[nodiscard]] virtual bool full() const = 0;

 protected:
  ~receiver() = default;
};

// Life: the session's; before its end all streams have to be over (none()). [session thread]
class fetcher final : private stream_owner {
 public:
  fetcher(const settings& s, api::Subscriber::Stub& stub, io_thread& io, receiver& to);
  ~fetcher() = default;
  fetcher(const fetcher&) = delete;
  fetcher& operator=(const fetcher&) = delete;

  // Opens and closes streams so that the server may send `outstanding` messages beyond those that
  // are settled; 0 is none at all. Goes on with streams that waited for room. Called often.
  void adjust(std::uint64_t outstanding);
  // Until adjust() can do more by itself; -1: only when something happens.
  [[nodiscard]] int wait_ms() const;

  void cancel_all();
  [[nodiscard]] bool none() const noexcept { return streams_.empty(); }
  // Why nothing can be fetched; empty while it can, as far as is known.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  void received(pull_stream& from, api::StreamingPullResponse& response) override;
  void ended(pull_stream& which, grpc::Status why) override;

  [[nodiscard]] std::size_t open() const;
  void open_one();
  void close_all();
  void proved();

  const settings* settings_;
  api::Subscriber::Stub* stub_;
  io_thread* io_;
  receiver* to_;
  std::vector<std::unique_ptr<pull_stream>> streams_;
  std::vector<pull_stream*> waiting_;  // for room
  std::uint64_t wanted_ = 0;           // what the open streams were told, all together
  std::size_t number_ = 1;             // of streams for that
  spawn::plugin::backoff backoff_{100, 10'000};
  wait pause_, resize_, ping_;
  std::uint32_t failures_ = 0;  // one after the other
  std::string trouble_;
};

}  // namespace pubsub
