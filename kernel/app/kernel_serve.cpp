// Listening, draining, stopping: the two ends of a kernel's service.
#include "app/kernel.hpp"
#include "app/wait_for.hpp"
#include "base/log.hpp"
#include "config/admin_socket.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t listen_ms = 5'000;
constexpr std::uint64_t plugin_stop_ms = 5'000;
constexpr std::uint64_t leave_ms = 1'000;

}  // namespace

result<void> kernel::listen() {
  gateway_options options;
  options.system = settings_.system;
  options.body_max = settings_.limits.body_bytes;
  options.header_max = settings_.limits.header_bytes;
  options.connections_max = std::max<std::uint32_t>(
      settings_.limits.connections / static_cast<std::uint32_t>(threads_.size()), 1);
  options.read_ms = settings_.timeouts.client_read_ms;
  options.idle_ms = settings_.timeouts.client_idle_ms;
  options.request_ms = settings_.timeouts.request_ms;
  options.request_ms_max = settings_.timeouts.request_max_ms;
  options.trusted = settings_.gateway.trusted;
  std::vector<lane_router*> routers;
  for (const auto& stack : stacks_) {
    routers.push_back(stack->router.get());
  }
  std::function<void(reply_slot&)> metrics;
  if (settings_.telemetry.metrics) {
    metrics = admin_->metrics_source();
  }
  std::vector<gateway*> gates;
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    lane_stack& stack = *stacks_[i];
    gates_.emplace_back(new gateway{.home = *threads_[i],
                                    .lanes = *lanes_,
                                    .routers = routers,
                                    .registry = *registrar_,
                                    .budget = budget_,
                                    .stats = stack.stats,
                                    .state = state_,
                                    .options = options,
                                    .metrics = metrics,
                                    .encoder = {},
                                    .refusals = {},
                                    .slow_clients = {},
                                    .date = {}});
    gates.push_back(gates_.back().get());
  }
  const auto& http = settings_.gateway.http;
  for (std::size_t i = 0; http.enabled && i < stacks_.size(); ++i) {
    lane_stack& stack = *stacks_[i];
    auto listening = wait_for<result<void>>(*threads_[i], listen_ms, [&](auto done) {
      stack.listener = std::make_unique<tcp_listener>(*gates_[i]);
      done(stack.listener->listen(http.address, http.port));
    });
    if (!listening) {
      return fail(errc::deadline, "a lane did not begin to listen");
    }
    SPAWN_CHECK(*listening);
  }
  if (settings_.gateway.uds.enabled) {
    auto listening = wait_for<result<void>>(*threads_[0], listen_ms, [&](auto done) {
      unix_ = std::make_unique<unix_listener>(gates);
      done(unix_->listen(settings_.gateway.uds.path));
    });
    if (!listening) {
      return fail(errc::deadline, "lane 0 did not begin to listen on the Unix socket");
    }
    SPAWN_CHECK(*listening);
  }
  return {};
}

result<void> kernel::start_admin() {
  std::vector<asio_lane*> threads;
  std::vector<lane_router*> routers;
  std::vector<const lane_stats*> stats;
  std::vector<const guarded_link*> links;
  std::vector<std::pair<std::string, journal*>> journals;
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    threads.push_back(threads_[i].get());
    routers.push_back(stacks_[i]->router.get());
    stats.push_back(&stacks_[i]->stats);
    if (stacks_[i]->guarded) {
      links.push_back(stacks_[i]->guarded.get());
    }
    for (const auto& each : stacks_[i]->journals) {
      journals.emplace_back(std::string(each->store().name()), each.get());
    }
  }
  std::vector<intake*> intakes;
  for (const auto& each : intakes_) {
    intakes.push_back(each.get());
  }
  swaps_ = make_swaps();
  SPAWN_TRY(admin_keys_, sealer_->make_lane());
  admin_codec_ = std::make_unique<record_codec>(*admin_keys_);
  admin_rows_ = std::make_unique<row_codec>(*admin_keys_);
  admin_context_.reset(new admin_context{.lanes = *lanes_,
                                         .threads = std::move(threads),
                                         .routers = std::move(routers),
                                         .stats = std::move(stats),
                                         .links = std::move(links),
                                         .intakes = std::move(intakes),
                                         .breakers = *breakers_,
                                         .registry = *registrar_,
                                         .plugins = *plugins_,
                                         .swaps = swaps_.get(),
                                         .budget = budget_,
                                         .state = state_,
                                         .settings = settings_,
                                         .config_path = config_path_,
                                         .version = version_,
                                         .time = time_,
                                         .virtuals = policies_->virtuals,
                                         .keys = *sealer_,
                                         .codec = *admin_codec_,
                                         .rows = *admin_rows_,
                                         .started_ns = started_ns_,
                                         .request_drain = request_stop_,
                                         .journals = std::move(journals)});
  std::string socket = settings_.admin.address;
  if (socket.empty()) {
    SPAWN_TRY(socket, config::choose_admin_socket(config::environment::from_process()));
  }
  SPAWN_TRY(admin_, admin_server::start(*admin_context_, socket, settings_.admin.tcp_address,
                                        settings_.admin.tcp_port, settings_.admin.tcp_token));
  SPAWN_LOG(info, "admin API", {"socket", socket}, {"tcp_port", settings_.admin.tcp_port});
  return {};
}

// Other kernels take the calls of other systems from here on.
void kernel::leave_groups() {
  for (const auto& stack : stacks_) {
    const auto left =
        wait_for<bool>(stack->router->home(), leave_ms, [router = stack->router.get()](auto done) {
          router->leave_groups([done]() mutable { done(true); });
        });
    if (!left) {
      SPAWN_LOG(warn, "a lane did not leave its queue groups in time");
      return;
    }
  }
}

result<void> kernel::drain_lanes() {
  std::vector<std::future<void>> drained;
  for (const auto& stack : stacks_) {
    auto promise = std::make_shared<std::promise<void>>();
    drained.push_back(promise->get_future());
    lane_stack* on = stack.get();
    post(on->router->home(),
         [on, promise] { on->router->drain([promise] { promise->set_value(); }); });
  }
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.timeouts.drain_ms);
  std::size_t left = 0;
  for (auto& each : drained) {
    left += each.wait_until(until) == std::future_status::ready ? 0 : 1;
  }
  if (left != 0) {
    return fail(errc::deadline, "timeouts.drain_ms passed while actors were still at work on " +
                                    std::to_string(left) + " lanes");
  }
  return {};
}

result<void> kernel::stop() {
  state_.draining = true;
  state_.closed = true;
  if (!lanes_running_) {
    return {};
  }
  for (const auto& stack : stacks_) {
    post(stack->router->home(), [on = stack.get()] {
      if (on->listener) {
        on->listener->close();
      }
    });
  }
  if (unix_) {
    post(*threads_[0], [this] { unix_->close(); });
  }
  post(*threads_[0], [this] { retention_->stop(); });
  leave_groups();
  if (auto quiet = drain_activators(); !quiet) {
    SPAWN_LOG(warn, "not every message of an activator could be finished; the source has it",
              {"why", quiet.error().text});
  }
  auto drained = drain_lanes();
  if (!drained) {
    SPAWN_LOG(error, "not everything could be finished", {"why", drained.error().text});
  }
  for (const auto& stack : stacks_) {
    post(stack->router->home(), [on = stack.get()] { on->router->close_replies(); });
  }
  // Answers that are still on their way out leave with the lanes' last turns.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  admin_.reset();  // and with it what waits for its metrics is answered
  swaps_.reset();
  auto stopped = plugins_->stop_all(plugin_stop_ms);
  if (!stopped) {
    SPAWN_LOG(error, "a plugin did not stop", {"why", stopped.error().text});
  }
  stop_lanes();
  return drained ? std::move(stopped) : std::move(drained);
}

void kernel::stop_lanes() {
  if (!lanes_running_) {
    return;
  }
  lanes_running_ = false;
  for (auto& thread : threads_) {
    thread->stop();
  }
  plugins_->lanes_stopped();
}

}  // namespace spawn
