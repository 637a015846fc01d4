#include "fetcher.hpp"

#include <algorithm>

namespace pubsub {

namespace {

// A stream is told once how much it may bring, so another window needs other streams: those are
// opened when it is twice or half of what it was, and for less, not too often.
constexpr std::uint64_t resize_factor = 2;
constexpr std::uint32_t resize_ms = 1'000;
// The server ends streams on which the client says nothing for long.
constexpr std::uint32_t ping_ms = 30'000;
// Streams end now and then and are opened again; so many in a row are a trouble.
constexpr std::uint32_t failures_of_trouble = 3;

// The server's answer will not be another one in a moment.
bool lasting(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return false;
  }
}

}  // namespace

fetcher::fetcher(const settings& s, api::Subscriber::Stub& stub, io_thread& io, receiver& to)
    : settings_(&s), stub_(&stub), io_(&io), to_(&to) {}

std::size_t fetcher::open() const {
  return static_cast<std::size_t>(
      std::count_if(streams_.begin(), streams_.end(), [](const auto& s) { return !s->closing(); }));
}

void fetcher::adjust(std::uint64_t outstanding) {
  for (const auto& one : streams_) {
    if (one->overdue()) {
      one->cancel();
    } else if (!one->closing() && !trouble_.empty() && one->proved()) {
      proved();
    }
  }
  if (outstanding == 0) {
    close_all();
  } else {
    const bool more = outstanding >= wanted_ * resize_factor;
    const bool less = outstanding * resize_factor <= wanted_ && resize_.over();
    if (more || less) {
      close_all();
      wanted_ = outstanding;
      number_ = static_cast<std::size_t>(std::min<std::uint64_t>(settings_->streams, outstanding));
    }
    while (open() < number_ && pause_.over()) {
      open_one();
    }
  }
  if (ping_.over()) {
    ping_.start(ping_ms);
    for (const auto& one : streams_) {
      one->ping();
    }
  }
  while (!waiting_.empty() && !to_->full()) {
    pull_stream* const next = waiting_.back();
    waiting_.pop_back();
    next->read_next();
  }
}

int fetcher::wait_ms() const {
  return wanted_ != 0 && open() < number_ ? pause_.left_ms() : -1;
}

void fetcher::open_one() {
  api::StreamingPullRequest first;
  first.set_subscription(settings_->subscription);
  first.set_stream_ack_deadline_seconds(static_cast<std::int32_t>(settings_->ack_deadline_s));
  first.set_max_outstanding_messages(static_cast<std::int64_t>((wanted_ + number_ - 1) / number_));
  first.set_max_outstanding_bytes(
      static_cast<std::int64_t>(settings_->max_outstanding_bytes / number_));
  resize_.start(resize_ms);
  stream_owner& owner = *this;
  streams_.push_back(std::make_unique<pull_stream>(owner, *io_));
  streams_.back()->start(*stub_, std::move(first));
}

// What waits for room belongs to streams that are to end: it is read, so that they do.
void fetcher::close_all() {
  wanted_ = 0;
  for (const auto& one : streams_) {
    one->half_close();
  }
  for (pull_stream* one : std::exchange(waiting_, {})) {
    one->read_next();
  }
}

void fetcher::cancel_all() {
  for (const auto& one : streams_) {
    one->cancel();
  }
  close_all();
}

void fetcher::proved() {
  failures_ = 0;
  backoff_.reset();
  trouble_.clear();
}

void fetcher::received(pull_stream& from, api::StreamingPullResponse& response) {
  proved();
  to_->take(response);
  if (to_->full() && !from.closing()) {
    waiting_.push_back(&from);
  } else {
    from.read_next();
  }
}

// `why` is no part of the stream, which goes.
void fetcher::ended(pull_stream& which, grpc::Status why) {
  const bool expected = which.closing();
  const bool was_good = which.proved();
  std::erase(waiting_, &which);
  std::erase_if(streams_, [&](const auto& one) { return one.get() == &which; });
  if (expected) {
    return;
  }
  if (was_good && !lasting(why.error_code())) {
    proved();
  }
  ++failures_;
  pause_.start(backoff_.next());
  if (lasting(why.error_code()) || failures_ >= failures_of_trouble) {
    trouble_ = settings_->subscription + ": " +
               (why.error_message().empty() ? "the stream ended" : why.error_message());
  }
}

}  // namespace pubsub
