#include "pull_stream.hpp"

#include <utility>

namespace pubsub {

namespace {

// The server's time to end a stream after half_close().
constexpr std::uint32_t linger_ms = 5'000;

}  // namespace

class pull_stream::note final : public event {
 public:
  note(pull_stream& of, what happened, bool ok) : of_(&of), happened_(happened), ok_(ok) {}
  void handle() override { of_->told(happened_, ok_); }

 private:
  pull_stream* of_;
  what happened_;
  bool ok_;
};

void pull_stream::operation::happened(bool ok) {
  of_->io_->events().push(std::make_unique<note>(*of_, kind_, ok));
}

void* pull_stream::out(operation& one) {
  ++out_;
  return static_cast<tag*>(&one);
}

void pull_stream::start(api::Subscriber::Stub& stub, api::StreamingPullRequest first) {
  first_ = std::move(first);
  empty_.set_stream_ack_deadline_seconds(first_.stream_ack_deadline_seconds());
  proving_.start(proving_ms);
  writing_ = true;  // until the first request has gone
  stream_ = stub.PrepareAsyncStreamingPull(&context_, &io_->queue());
  stream_->StartCall(out(started_));
}

void pull_stream::read_next() {
  response_.Clear();
  stream_->Read(&response_, out(read_));
}

void pull_stream::half_close() {
  if (!closing_) {
    closing_ = true;
    linger_.start(linger_ms);
  }
  if (!writing_ && !closed_ && !finishing_) {
    closed_ = true;
    stream_->WritesDone(out(half_closed_));
  }
}

void pull_stream::ping() {
  if (!writing_ && !closing_ && !finishing_) {
    write(empty_);
  }
}

void pull_stream::write(const api::StreamingPullRequest& one) {
  writing_ = true;
  stream_->Write(one, out(written_));
}

void pull_stream::finish() {
  if (!std::exchange(finishing_, true)) {
    stream_->Finish(&status_, out(finished_));
  }
}

void pull_stream::told(what happened, bool ok) {
  --out_;
  switch (happened) {
    case what::started:
      if (ok) {
        write(first_);
        read_next();
      } else {
        finish();
      }
      break;
    case what::read:
      heard_ = heard_ || ok;
      ok ? owner_->received(*this, response_) : finish();
      break;
    case what::written:
      writing_ = false;
      if (closing_) {
        half_close();
      }
      break;
    case what::half_closed:
      break;
    case what::finished:
      over_ = true;
      break;
  }
  if (over_ && out_ == 0) {
    owner_->ended(*this, status_);
  }
}

}  // namespace pubsub
