#include "app/kernel.hpp"

#include "app/guards_from.hpp"
#include "app/machine.hpp"
#include "app/natives_from.hpp"
#include "app/policies_from.hpp"
#include "app/swaps_from.hpp"
#include "app/test_switches.hpp"
#include "app/virtual_types_from.hpp"
#include "app/wait_for.hpp"
#include "base/base64.hpp"
#include "base/log.hpp"
#include "plugin/asio_lane_io.hpp"
#include "schedule/time_zone.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t plugin_start_ms = 10'000;
constexpr std::uint64_t recover_ms = 60'000;
constexpr std::uint64_t look_us = 20;

std::string base64_of(const config::key_bytes& key) {
  return base64_encode({reinterpret_cast<const char*>(key.data()), key.size()});
}

}  // namespace

kernel::kernel(config::settings settings, std::string config_path, std::string version,
               std::function<void()> request_stop)
    : settings_(std::move(settings)),
      config_path_(std::move(config_path)),
      version_(std::move(version)),
      request_stop_(std::move(request_stop)),
      budget_(settings_.limits.inflight_bytes) {}

kernel::~kernel() {
  admin_.reset();
  swaps_.reset();  // while the lanes run
  stop_lanes();
  // Stations first: they borrow the ports.
  registrar_.reset();
  retention_.reset();
  unix_.reset();
  intakes_.clear();
  stacks_.clear();
}

result<void> kernel::load_plugins() {
  plugin_manager_options options;
  for (const auto& path : settings_.plugins.path) {
    options.paths.emplace_back(path);
  }
  options.store_dir = plugin_store_dir();
  options.trust = {settings_.plugins.require_signed, settings_.plugins.trusted_keys};
  lane_loops loops;
  loops.lanes = lanes_.get();
  for (auto& thread : threads_) {
    lane_ios_.push_back(make_asio_lane_io(*thread));
    loops.io.push_back(lane_ios_.back().get());
  }
  plugins_ = std::make_unique<plugin_manager>(std::move(options), loops, time_);
  for (const auto& use : settings_.statestores) {
    SPAWN_TRY(auto* instance, plugins_->load(request_of("statestore", use)));
    SPAWN_TRY(auto port, make_statestore_port(*instance));
    stores_.push_back(std::make_unique<swappable_store_port>(std::move(port), lanes_->size()));
  }
  if (!settings_.transport.use.empty()) {
    SPAWN_TRY(auto* instance, plugins_->load(request_of("transport", settings_.transport)));
    SPAWN_TRY(auto port, make_transport_port(*instance));
    transport_ = std::make_unique<swappable_transport_port>(std::move(port), *lanes_);
  }
  if (settings_.cross_system && (!transport_ || !transport_->has_requests())) {
    return fail(errc::invalid,
                "cross_system.enabled needs a transport with requests and queue "
                "groups; transport " +
                    settings_.transport.use + " has none");
  }
  for (const auto& use : settings_.workflows) {
    SPAWN_TRY(auto* instance, plugins_->load(request_of("workflow", use)));
    SPAWN_TRY(auto port, make_workflow_port(*instance));
    workflows_.push_back(
        std::make_unique<swappable_workflow_port>(std::move(port), lanes_->size()));
  }
  for (const auto& use : settings_.native_actors) {
    SPAWN_TRY(auto* instance, plugins_->load(request_of("actors", use)));
    SPAWN_TRY(auto port, make_actors_port(*instance));
    natives_.push_back(std::move(port));
  }
  for (const auto& use : settings_.activators) {
    SPAWN_TRY(auto* instance, plugins_->load(request_of("activator", use.plugin)));
    // In turn, so that no lane has all of them.
    const auto home = static_cast<std::uint32_t>(activators_.size() % threads_.size());
    SPAWN_TRY(auto port, make_activator_port(*instance, home));
    activators_.push_back(std::make_unique<swappable_activator_port>(std::move(port)));
  }
  SPAWN_CHECK(make_sinks());
  return {};
}

result<void> kernel::make_sealer() {
  seal_options options;
  if (settings_.encryption.key) {
    options.key_b64 = base64_of(*settings_.encryption.key);
  }
  for (const auto& old : settings_.encryption.keys) {
    options.old_keys_b64.push_back(base64_of(old));
  }
  options.required = settings_.encryption.required;
  SPAWN_TRY(sealer_, sealer::create(options));
  if (!sealer_->enabled()) {
    SPAWN_LOG(warn, "state is stored in clear: no encryption key is set (SPAWN_STATESTORE_KEY)");
  }
  return {};
}

cell_options kernel::cell_options_from() const {
  cell_options cells;
  cells.request_ms = settings_.timeouts.request_ms;
  cells.request_ms_max = settings_.timeouts.request_max_ms;
  cells.deactivate_jitter_ms = settings_.timeouts.deactivate_jitter_ms;
  cells.doubt_ms = settings_.timeouts.doubt_ms;
  cells.cells_max = std::max<std::uint64_t>(settings_.limits.active_actors / threads_.size(), 1);
  cells.save_turns_max = settings_.limits.save_turns;
  cells.save_bytes_max = settings_.limits.save_bytes;
  cells.hops_max = settings_.limits.hops;
  cells.rows = {.attempts_max = settings_.durability.messages.attempts,
                .backoff_first_ms = settings_.durability.messages.backoff_first_ms,
                .backoff_max_ms = settings_.durability.messages.backoff_max_ms};
  cells.keys_keep_s = settings_.durability.messages.idempotency_keys_keep_s;
  cells.rules = rules_;
  return cells;
}

void kernel::build_lane(std::size_t index, std::uint64_t incarnation,
                        std::unique_ptr<lane_sealer> keys) {
  stacks_.push_back(std::make_unique<lane_stack>());
  lane_stack& stack = *stacks_.back();
  stack.sealer = std::move(keys);
  asio_lane& home = *threads_[index];
  stack.codec = std::make_unique<record_codec>(*stack.sealer);
  stack.writers = std::make_unique<writer_ids>(incarnation, static_cast<std::uint32_t>(index));
  std::vector<journal*> journals;
  for (auto& store : stores_) {
    stack.journals.push_back(std::make_unique<journal>(home, *store));
    journals.push_back(stack.journals.back().get());
  }
  stack.rows = std::make_unique<row_codec>(*stack.sealer);
  stack.keeper = std::make_unique<row_keeper>(
      home, journals, *stack.rows, *stack.writers,
      row_options{.dead_ttl_s = settings_.durability.messages.dead_letters_keep_s});
  host_link_options link;
  link.connections_max = settings_.host.connections;
  link.waiting_max = settings_.limits.host_waiting;
  link.idle_ms = settings_.host.idle_ms;
  link.connect_ms = settings_.host.connect_ms;
  link.retry_ms = settings_.host.retry_ms;
  link.reply_bytes_max = settings_.limits.host_reply_bytes;
  stack.hosts = std::make_unique<http_host_link>(home, link);
  const cell_options cells = cell_options_from();
  host_link* hosts = &add_natives(stack, home, cells);
  if (has_guards_ || breakers_->any()) {
    stack.guarded = std::make_unique<guarded_link>(home, *hosts, *breakers_);
    hosts = stack.guarded.get();
  }
  std::vector<workflow_port*> ports;
  for (auto& port : workflows_) {
    ports.push_back(port.get());
  }
  stack.workflows = std::make_unique<workflow_engine>(home, ports, budget_, &sinks_);
  stack.flows = std::make_unique<flow_runner>(home, budget_);
  stack.records = std::make_unique<record_writer>(*journals[0], *stack.codec, *stack.writers);
  stack.services = std::make_unique<cell_services>(
      cell_services{home, *hosts, *stack.workflows, *stack.flows, *stack.codec, *stack.writers,
                    journals, stack.stats, *stack.rows, *stack.keeper, budget_});
  lane_router::parts parts{*lanes_,
                           *stack.services,
                           cells,
                           *stack.records,
                           budget_,
                           transport_.get(),
                           settings_.cross_system,
                           settings_.timeouts.request_ms,
                           settings_.timers_enabled,
                           incarnation,
                           &policies_->virtuals};
  parts.sinks = &sinks_;
  stack.router = std::make_unique<lane_router>(parts);
}

result<void> kernel::start() {
  const auto& http = settings_.gateway.http;
  if (http.enabled) {
    SPAWN_CHECK(check_port_is_free(http.address, http.port));
  }
  time_zone::load_database();  // so that no lane has to, for a reminder
  SPAWN_CHECK(start_parts(true));
  SPAWN_CHECK(listen());
  SPAWN_CHECK(start_activators());
  post(*threads_[0], [this] { retention_->start(); });
  state_.ready = true;
  SPAWN_LOG(info, "ready", {"port", http.enabled ? http.port : 0}, {"lanes", threads_.size()},
            {"system", settings_.system}, {"registrations", registrar_->registrations()},
            {"ms", (time_.now_ns() - started_ns_) / ns_per_ms});
  return {};
}

result<void> kernel::start_maintenance() {
  SPAWN_CHECK(start_parts(false));
  SPAWN_LOG(info, "maintenance: the stores and the admin API are up, nothing is served",
            {"registrations", registrar_->registrations()});
  return {};
}

result<void> kernel::start_parts(bool serves) {
  started_ns_ = time_.now_ns();
  limits::in_force = {.lane_requests = settings_.limits.lane_requests,
                      .metadata_bytes = settings_.limits.metadata_bytes,
                      .metadata_entries = settings_.limits.metadata_entries,
                      .commands_per_turn = settings_.limits.commands_per_turn,
                      .group_ops = settings_.limits.group_ops};
  const std::uint32_t count =
      settings_.runtime.lanes != 0 ? settings_.runtime.lanes : usable_cpus();
  std::vector<lane*> lanes;
  for (std::uint32_t i = 0; i < count; ++i) {
    threads_.push_back(std::make_unique<asio_lane>(i, time_, random_bits()));
    threads_.back()->set_stall_limit_ms(settings_.runtime.lane_stall_ms);
    // Where each lane has a processor, the other one is at work meanwhile.
    threads_.back()->set_look_us(count <= usable_cpus() ? look_us : 0);
    lanes.push_back(threads_.back().get());
  }
  lanes_ = std::make_unique<lane_set>(lanes);
  SPAWN_CHECK(load_plugins());
  SPAWN_CHECK(make_sealer());
  std::vector<statestore_port*> stores;
  for (auto& store : stores_) {
    stores.push_back(store.get());
  }
  SPAWN_TRY(policies_, make_policies(settings_, stores));
  std::vector<workflow_port*> workflows;
  for (auto& workflow : workflows_) {
    workflows.push_back(workflow.get());
  }
  SPAWN_CHECK(add_virtual_types(settings_, stores, workflows, *policies_));
  has_guards_ = attach_guards(settings_, count, *policies_);
  SPAWN_CHECK(add_native_types(settings_, natives_, *policies_, live_types_));
  breakers_ = make_breakers(settings_, *policies_);
  const std::uint64_t incarnation = random_bits();
  rules_ = test_switches();
  std::vector<lane_router*> routers;
  for (std::uint32_t i = 0; i < count; ++i) {
    SPAWN_TRY(auto keys, sealer_->make_lane());
    build_lane(i, incarnation, std::move(keys));
    routers.push_back(stacks_.back()->router.get());
  }
  std::vector<guarded_link*> links;
  for (const auto& stack : stacks_) {
    links.push_back(stack->guarded.get());
  }
  for (guarded_link* link : links) {
    if (link != nullptr) {
      link->connect(links);
    }
  }
  for (auto* router : routers) {
    router->connect(routers);
  }
  connect_natives();
  registrar_ = std::make_unique<registrar>(*lanes_, routers, *policies_, *stacks_[0]->records,
                                           *stacks_[0]->codec, *stacks_[0]->journals[0]);
  retention_ = std::make_unique<retention>(*routers[0], *policies_);
  SPAWN_CHECK(make_intakes());
  for (std::uint32_t i = 0; i < count; ++i) {
    threads_[i]->start(settings_.runtime.pin ? static_cast<int>(i) : -1);
  }
  lanes_running_ = true;
  SPAWN_CHECK(plugins_->start_all(plugin_start_ms, "activator"));
  SPAWN_CHECK(recover(serves));
  return start_admin();
}

result<void> kernel::recover(bool serves) {
  auto done = wait_for<result<void>>(*threads_[0], recover_ms, [this, serves](auto finished) {
    registrar_->recover(serves,
                        [finished](result<void> read) mutable { finished(std::move(read)); });
  });
  if (!done) {
    return fail(errc::deadline, "reading registrations from the default store took too long");
  }
  if (!*done) {
    return fail(std::move(done->error()).within("reading registrations from the default store"));
  }
  return {};
}

}  // namespace spawn
