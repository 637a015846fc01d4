// Activators in a child: the window is kept here, so that an offer is answered at once.
#include <algorithm>
#include <mutex>
#include <set>

#include "plugin/isolate/child_kinds.hpp"
#include "plugin/isolate/event_codec.hpp"
#include "plugin/ports/activator_port.hpp"
#include "plugin/ports/make_ports.hpp"
#include "plugin/ports/sink_port.hpp"
#include "spawn/plugin/sink.h"

namespace spawn::isolate {
namespace {

class activator_server final : public child_server, public activator_listener {
 public:
  activator_server(std::unique_ptr<activator_port> port, std::unique_ptr<sink_port> sink,
                   child_lane& lane, child_link link)
      : port_(std::move(port)), sink_(std::move(sink)), lane_(lane), link_(std::move(link)) {
    port_->listen(this);
  }
  ~activator_server() override { port_->listen(nullptr); }

  void submit(child_lane& from, submit_to, std::span<spawn_op* const> ops) override {
    sink_->submit(from.lane(), ops);
  }

  bool take(child_lane&, frame type, decoder& in) override {
    if (type == frame::set_window) {
      const auto window = in.take<std::uint32_t>();
      const auto pause = in.take<std::uint32_t>();
      {
        const std::lock_guard hold(mutex_);
        window_ = window;
      }
      static_cast<void>(port_->set_window(window, pause != 0));
      return true;
    }
    if (type != frame::settle) {
      return false;
    }
    const spawn_settle* all = nullptr;
    std::uint32_t n = 0;
    in.list(all, n, each_field);
    std::vector<const spawn_settle*> verdicts;
    for (std::uint32_t i = 0; i < n; ++i) {
      verdicts.push_back(&all[i]);
      if (all[i].verdict != SPAWN_EXTEND) {
        const std::lock_guard hold(mutex_);
        --unsettled_;
      }
    }
    port_->settle(verdicts);
    return true;
  }

  std::uint32_t offer(std::span<const spawn_delivery* const> messages) noexcept override {
    encoder out = frame_of(frame::offered);
    encoder body;
    std::uint32_t taken = 0;
    {
      const std::lock_guard hold(mutex_);
      while (taken < messages.size() && unsettled_ < window_) {
        spawn_delivery each{};
        const spawn_delivery& from = *messages[taken++];
        std::memcpy(&each, &from, std::min<std::size_t>(from.struct_size, sizeof each));
        fields(body, each);
        ++unsettled_;
      }
    }
    if (taken == 0) {
      return 0;
    }
    out.value(taken);
    out.out() += body.out();
    lane_.send(out);
    for (std::uint32_t i = 0; i < taken; ++i) {
      spawn_buf owner = messages[i]->owner;
      release(owner);
    }
    return taken;
  }

  void lag(std::string_view source, std::uint64_t messages,
           std::uint64_t oldest) noexcept override {
    encoder out = frame_of(frame::lag);
    out.text(source);
    out.value(messages);
    out.value(oldest);
    link_.send(out);
  }

  errc set_cursor(std::string_view source, std::string_view bytes) noexcept override {
    {
      const std::lock_guard hold(mutex_);
      sources_.emplace(source);
      if (bytes.size() > SPAWN_AC_CURSOR_MAX || sources_.size() > SPAWN_AC_CURSORS_MAX) {
        return errc::invalid;
      }
    }
    encoder out = frame_of(frame::cursor_set);
    out.text(source);
    out.text(bytes);
    link_.send(out);
    return errc::ok;
  }

  std::optional<std::string> cursor(std::string_view source) noexcept override {
    return link_.cursor(source);
  }

 private:
  std::unique_ptr<activator_port> port_;
  std::unique_ptr<sink_port> sink_;
  child_lane& lane_;
  child_link link_;
  std::mutex mutex_;
  std::uint64_t window_ = 0;
  std::uint64_t unsettled_ = 0;
  std::set<std::string, std::less<>> sources_;
};

}  // namespace

result<std::unique_ptr<child_server>> make_activator_server(plugin_instance& instance,
                                                            child_lane& lane, child_link link,
                                                            created_answer& about) {
  SPAWN_TRY(auto port, make_activator_port(instance, 0));
  about.capabilities = port->capabilities();
  std::unique_ptr<sink_port> sink;
  if (const auto* table = static_cast<const spawn_sink*>(instance.find_interface(SPAWN_SINK))) {
    SPAWN_TRY(sink, make_sink_port(instance, 0));
    about.has_sink = true;
    about.sink_capabilities = table->capabilities(instance.core()->raw);
  }
  return std::make_unique<activator_server>(std::move(port), std::move(sink), lane,
                                            std::move(link));
}

}  // namespace spawn::isolate
