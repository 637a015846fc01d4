#include "actor_calls.hpp"

#include <atomic>
#include <map>
#include <random>

#include "wire.hpp"

namespace grpc_source {

namespace {

// Names a stream for the kernel's order of keys; never the same again, in this process or another.
std::string stream_name() {
  static const std::uint64_t process =
      (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<std::uint64_t> last{0};
  return "grpc-" + std::to_string(process) + "-" + std::to_string(++last);
}

// One message, one answer, whatever the method says of the answers' number: an actor answers once.
class single final : public call_logic {
 public:
  single(const method& m, const service_context& context) : method_(m), context_(context) {}

  void begin(call& c) override { c.read(); }
  void message(call& c, std::string bytes) override {
    if (method_.is_health) {
      c.send(health_reply(method_, context_.host.unix_ms()));
      return c.finish({});
    }
    if (status s = context_.requests.ask(method_, std::move(bytes), c.make_delivery(),
                                         c.shared_from_this(), 0);
        !s.ok()) {
      c.finish(std::move(s));
    }
  }
  void half_closed(call& c) override {
    c.finish({code::unimplemented, method_.full_name + " takes one message, and none came"});
  }
  void answered(call& c, std::uint64_t, answer&& a) override {
    c.add_trailing(a.headers);
    if (a.how.ok()) {
      c.send(std::move(a.value));
    }
    c.finish(std::move(a.how));
  }

 private:
  const method& method_;
  const service_context& context_;
};

// Many messages: answered one by one in order (bidirectional), or by the answer to the last. At
// most stream_window are at work or unsent; then the next is not read, and the client is held up.
class stream final : public call_logic {
 public:
  stream(const method& m, const service_context& context)
      : method_(m), context_(context), name_(stream_name()) {}

  void begin(call& c) override { c.read(); }
  void message(call& c, std::string bytes) override {
    if (method_.is_health) {
      keep(c, {{}, health_reply(method_, context_.host.unix_ms()), {}});
      reading_ = false;
      return read_more(c);
    }
    auto d = c.make_delivery();
    d->order_key = name_;
    if (status s = context_.requests.ask(method_, std::move(bytes), std::move(d),
                                         c.shared_from_this(), next_++);
        !s.ok()) {
      return c.finish(std::move(s));
    }
    reading_ = false;
    read_more(c);
  }
  void half_closed(call& c) override {
    closed_ = true;
    finish_if_done(c);
  }
  void written(call& c) override { read_more(c); }
  void answered(call& c, std::uint64_t ticket, answer&& a) override {
    early_.emplace(ticket, std::move(a));
    for (auto at = early_.begin(); at != early_.end() && at->first == answered_;
         at = early_.begin()) {
      answer next = std::move(at->second);
      early_.erase(at);
      ++answered_;
      keep(c, std::move(next));
      if (c.finishing()) {
        return;
      }
    }
    finish_if_done(c);
    read_more(c);
  }

 private:
  void keep(call& c, answer&& a) {
    if (!a.how.ok()) {
      c.add_trailing(a.headers);
      return c.finish(std::move(a.how));
    }
    if (method_.descriptor->server_streaming()) {
      c.send(std::move(a.value));
      last_headers_ = std::move(a.headers);
    } else {
      last_ = std::move(a);
    }
  }
  void read_more(call& c) {
    if (!reading_ && !closed_ && !c.finishing() &&
        next_ - answered_ + c.unsent() < context_.config.stream_window) {
      reading_ = true;
      c.read();
    }
  }
  void finish_if_done(call& c) {
    if (!closed_ || answered_ != next_ || c.finishing()) {
      return;
    }
    if (method_.descriptor->server_streaming()) {
      c.add_trailing(last_headers_);
      return c.finish({});
    }
    if (!last_) {
      return c.finish({code::invalid_argument,
                       "the stream of " + method_.full_name + " ended before its first message"});
    }
    c.add_trailing(last_->headers);
    c.send(std::move(last_->value));
    c.finish({});
  }

  const method& method_;
  const service_context& context_;
  const std::string name_;
  std::uint64_t next_ = 0, answered_ = 0;  // tickets
  std::map<std::uint64_t, answer> early_;  // came before an answer that goes first
  std::optional<answer> last_;
  header_list last_headers_;
  bool reading_ = true, closed_ = false;
};

}  // namespace

std::unique_ptr<call_logic> actor_logic(const method& m, const service_context& context) {
  if (m.descriptor->client_streaming()) {
    return std::make_unique<stream>(m, context);
  }
  return std::make_unique<single>(m, context);
}

std::string health_reply(const method& m, std::int64_t unix_ms) {
  std::string time, state, out;
  wire::put(time, 1, static_cast<std::uint64_t>(unix_ms / 1'000));
  wire::put(time, 2, static_cast<std::uint64_t>(unix_ms % 1'000 * 1'000'000));
  wire::put(state, 1, std::string_view("OK"));
  wire::put(state, 2,
            std::string_view(m.action() == "Liveness" ? "I'm still alive!" : "I'm alive!"));
  wire::put(state, 3, std::string_view(time));
  wire::put(out, 1, std::string_view(state));
  return out;
}

}  // namespace grpc_source
