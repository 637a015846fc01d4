#include "swap/activator_swap.hpp"

#include <future>

#include "base/log.hpp"
#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"

namespace spawn {

result<activator_swap::made_ports> activator_swap::ports_of(
    std::shared_ptr<plugin_instance> of) const {
  made_ports out;
  SPAWN_TRY(out.port, make_activator_port(*of, port_.home().index()));
  if ((port_.capabilities() & ~out.port->capabilities()) != 0) {
    return fail(errc::unsupported, "instance " + request_.instance + ": " + of->manifest().label() +
                                       " can not do all that what serves can");
  }
  if (sink_ != nullptr) {
    SPAWN_TRY(out.sink, make_sink_port(*of, port_.home().index()));
  }
  out.instance = std::move(of);
  return out;
}

result<void> activator_swap::drain_intake(const swap_limits& limits) {
  auto promise = std::make_shared<std::promise<void>>();
  auto drained = promise->get_future();
  post(intake_->home(),
       [of = intake_.get(), promise] { of->drain([promise] { promise->set_value(); }); });
  if (drained.wait_for(std::chrono::milliseconds(limits.drain_ms)) == std::future_status::ready) {
    return {};
  }
  return fail(errc::deadline, "instance " + request_.instance +
                                  " has messages that were not finished within " +
                                  std::to_string(limits.drain_ms) + " ms; nothing was changed");
}

void activator_swap::go_on(bool paused) {
  post(intake_->home(), [of = intake_.get(), paused] {
    of->open();
    if (paused) {
      of->pause();
    }
  });
}

result<void> activator_swap::start(made_ports& made, const swap_limits& limits) {
  made.port->listen(port_.listener());
  auto started = made.instance->start(limits.start_ms);
  if (!started) {
    made.port->listen(nullptr);
  }
  return started;
}

void activator_swap::take_over(made_ports made, const swap_limits& limits) {
  const auto old = port_.now();  // until the lane has left it
  const std::shared_ptr<plugin_instance> last = serving_;
  enlist(made.instance);
  port_.set(made.port);
  const auto done = on_lanes(limits, [port = &port_, next = made.port](lane& at) {
    if (at.index() == port->home().index()) {
      port->use(*next);
    }
  });
  if (!done) {
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", done.error().text});
  }
  if (sink_ != nullptr) {
    sink_->set(std::move(made.sink));  // its gates are closed: none leads to the old one
    open_sink(limits);
  }
}

void activator_swap::open_sink(const swap_limits& limits) {
  const auto waits = std::make_shared<swap_waits>(lanes_.size());
  const auto done = on_lanes(limits, [sink = sink_, waits](lane& at) {
    sink->gate().open(at, sink->now(), waits->by_lane[at.index()]);
  });
  if (!done) {
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", done.error().text});
  }
}

result<swap_report> activator_swap::change(const loaded_plugin& next, const swap_limits& limits) {
  SPAWN_TRY(made_ports made, ports_of(next.instance));
  const std::uint64_t began = time_.now_ns();
  const bool was = intake_->is_paused();
  if (auto drained = drain_intake(limits); !drained) {
    go_on(was);
    return fail(std::move(drained.error()));
  }
  if (sink_ != nullptr) {
    auto closed = on_lanes(limits, [this](lane& at) { sink_->gate().close(at); });
    if (closed && !serving_->faulted()) {  // a faulted one may never end what it has
      closed = await_idle(*serving_, limits.drain_ms);
    }
    if (!closed) {
      open_sink(limits);
      go_on(was);
      return fail(std::move(closed.error()));
    }
  }
  port_.now()->listen(nullptr);
  retire(*serving_, limits);
  auto started = start(made, limits);
  if (started) {
    take_over(std::move(made), limits);
    go_on(was);
    swap_report out;
    out.pause_us = (time_.now_ns() - began) / 1'000;
    return out;
  }
  const auto down = [&](const error& also) {
    if (sink_ != nullptr) {
      open_sink(limits);  // it has stopped, and says so
    }
    SPAWN_LOG(error, "an activator is down after a swap that failed",
              {"instance", request_.instance}, {"why", also.text});
    return fail(errc::internal, started.error().text +
                                    "; and what served before could not be started again, so "
                                    "instance " +
                                    request_.instance + " is down: " + also.text);
  };
  auto last = again();
  if (!last) {
    return down(last.error());
  }
  auto back = ports_of(last->instance);
  if (!back) {
    return down(back.error());
  }
  if (auto restarted = start(*back, limits); !restarted) {
    return down(restarted.error());
  }
  take_over(std::move(*back), limits);
  go_on(was);
  return fail(std::move(started.error()));
}

}  // namespace spawn
