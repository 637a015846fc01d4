#include "call.hpp"

#include <grpc/grpc.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "worker.hpp"

namespace grpc_source {

namespace {

std::string bytes_of(const grpc::ByteBuffer& from) {
  std::vector<grpc::Slice> parts;
  std::string out;
  out.reserve(from.Length());
  if (from.Dump(&parts).ok()) {
    for (const grpc::Slice& part : parts) {
      out.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return out;
}

std::string_view view(grpc::string_ref from) {
  return {from.data(), from.size()};
}

// gRPC ends the process when it gets a name or value that HTTP/2 can not carry.
bool legal(const std::string& key, const std::string& value) {
  const auto k = grpc_slice_from_static_buffer(key.data(), key.size());
  const auto v = grpc_slice_from_static_buffer(value.data(), value.size());
  return grpc_header_key_is_legal(k) != 0 && !key.starts_with("grpc-") && !key.starts_with(":") &&
         (key.ends_with("-bin") || grpc_header_nonbin_value_is_legal(v) != 0);
}

// As it is on the wire: a text can be carried anywhere.
std::string base64(std::string_view bytes) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) {
      out.push_back(letters[(held >> (bits - 6)) & 63]);
    }
  }
  if (bits > 0) {
    out.push_back(letters[(held << (6 - bits)) & 63]);
  }
  return out;
}

// What is gRPC's own, or said elsewhere in a delivery.
bool is_metadata(std::string_view key) {
  return !key.starts_with("grpc-") && !key.starts_with(":") && key != "te" && key != "content-type";
}

}  // namespace

call::call(worker& owner, grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue)
    : owner_(owner), service_(service), queue_(queue) {}

void call::listen() {
  // The tag comes only for a call that was accepted, which is when it is armed.
  context_.AsyncNotifyWhenDone(static_cast<cq_event*>(&done_));
  service_.RequestCall(&context_, &stream_, &queue_, &queue_, accepted_.arm());
}

void call::event::happened(bool ok) {
  const auto keeps = std::move(keeps_);
  owner_.happened(what_, ok);
}

void call::happened(step what, bool ok) {
  switch (what) {
    case step::accepted:
      if (ok) {
        (void)done_.arm();
        accepted();
      }
      return;
    case step::done:
      over_ = true;
      if (counted_) {
        owner_.left();
      }
      logic_.reset();
      return;
    case step::read:
      reading_ = false;
      if (over_ || end_) {
        return;
      }
      ok ? received() : logic_->half_closed(*this);
      return;
    case step::written:
      writing_ = false;
      out_.pop_front();
      if (!ok) {
        out_.clear();  // the client is gone; `done` follows
        return;
      }
      if (!over_ && !end_) {
        logic_->written(*this);
      }
      write_next();
      return;
    case step::finished:
      return;
  }
}

void call::accepted() {
  counted_ = owner_.entered();
  owner_.listen();
  if (!counted_) {
    return finish({code::resource_exhausted, "too many calls are open: try again later"});
  }
  logic_ = owner_.logic_for(context_.method());
  if (logic_ == nullptr) {
    return finish({code::unimplemented, "there is no method " + context_.method()});
  }
  logic_->begin(*this);
}

void call::received() {
  std::string bytes = bytes_of(in_);
  in_.Clear();
  logic_->message(*this, std::move(bytes));
}

void call::read() {
  if (!reading_ && !over_ && !end_) {
    reading_ = true;
    stream_.Read(&in_, read_.arm());
  }
}

void call::send(std::string bytes) {
  if (over_ || end_) {
    return;
  }
  const grpc::Slice slice(bytes);
  out_.emplace_back(&slice, 1);
  write_next();
}

void call::finish(status s) {
  if (!end_) {
    end_ = std::move(s);
    write_next();
  }
}

void call::write_next() {
  if (writing_ || over_ || finish_sent_) {
    return;
  }
  const grpc::Status end =
      end_ ? grpc::Status(static_cast<grpc::StatusCode>(end_->what), end_->text) : grpc::Status();
  if (!out_.empty()) {
    writing_ = true;
    stream_.Write(out_.front(), written_.arm());
  } else if (end_) {
    finish_sent_ = true;
    stream_.Finish(end, finished_.arm());
  }
}

void call::add_trailing(const header_list& headers) {
  for (const auto& [key, value] : headers) {
    std::string lower = key;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (legal(lower, value)) {
      context_.AddTrailingMetadata(lower, value);
    }
  }
}

std::unique_ptr<spawn::plugin::delivery> call::make_delivery() const {
  auto d = std::make_unique<spawn::plugin::delivery>();
  const auto host = owner_.host();
  const gpr_timespec deadline = context_.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) != 0) {
    // How long is left only gRPC's own clock can say: the deadline was made with it.
    const auto left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    const double left_ms = std::max(gpr_timespec_to_micros(left) / 1e3, 1.0);
    d->deadline_ns = host.now_ns() + static_cast<std::uint64_t>(left_ms * 1e6);
  }
  for (const auto& [key, value] : context_.client_metadata()) {
    if (is_metadata(view(key))) {
      d->headers.emplace_back(
          view(key), view(key).ends_with("-bin") ? base64(view(value)) : std::string(view(value)));
    }
  }
  d->headers.emplace_back("grpc-method", context_.method());
  d->headers.emplace_back("grpc-peer", context_.peer());
  return d;
}

void call::answered(std::uint64_t ticket, answer&& a) {
  owner_.pass_on(shared_from_this(), ticket, std::move(a));
}

void call::take_answer(std::uint64_t ticket, answer&& a) {
  if (!over_ && !end_) {
    logic_->answered(*this, ticket, std::move(a));
  }
}

void call::health_changed() {
  if (!over_ && !end_ && logic_ != nullptr) {
    logic_->health_changed(*this);
  }
}

}  // namespace grpc_source
