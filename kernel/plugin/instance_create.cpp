// Making an instance: config, init, create, and a look at the tables it came with.
#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/instance.hpp"
#include "plugin/isolate/proxy.hpp"
#include "plugin/load_step.hpp"
#include "spawn/plugin/actors.h"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn {
namespace {

// All that create() sees and writes; a late create still has it.
struct making {
  std::shared_ptr<instance_core> core;
  std::string config_json;
  secret_list secrets;
  std::vector<spawn_kv> secret_views;
  spawn_create_info info{};
  spawn_instance* out = nullptr;
  spawn_buf error{};
  spawn_status status = SPAWN_E_INTERNAL;
};

std::shared_ptr<making> prepare(std::shared_ptr<instance_core> core, std::string config_json,
                                secret_list secrets) {
  auto m = std::make_shared<making>();
  m->core = std::move(core);
  m->config_json = std::move(config_json);
  m->secrets = std::move(secrets);
  for (const auto& [pointer, value] : m->secrets) {
    m->secret_views.push_back({slice_of(pointer), slice_of(value)});
  }
  const bool one = m->core->library->manifest().lanes == lane_mode::one;
  m->info.struct_size = sizeof(spawn_create_info);
  m->info.lanes = one ? 1 : m->core->loops.lanes->size();
  m->info.name = slice_of(m->core->name);
  m->info.config_json = slice_of(m->config_json);
  m->info.secrets = m->secret_views.data();
  m->info.n_secrets = static_cast<std::uint32_t>(m->secret_views.size());
  return m;
}

// The folder of a store's file may be made by the store; a process that is kept to its folders can
// not, so it is made for it.
std::string data_folder(const std::string& config_json) {
  const auto config = nlohmann::json::parse(config_json, nullptr, false);
  if (!config.is_object() || !config.contains("path") || !config["path"].is_string()) {
    return {};
  }
  std::error_code ignored;
  const auto folder =
      std::filesystem::absolute(config["path"].get<std::string>(), ignored).parent_path();
  std::filesystem::create_directories(folder, ignored);
  return std::filesystem::is_directory(folder, ignored) ? folder.string() : std::string();
}

spawn_status make_apart(making& m, const isolation_limits& limits, std::uint64_t limit_ms) {
  const plugin_library& library = *m.core->library;
  const plugin_manifest& manifest = library.manifest();
  isolate::proxy_options options;
  isolate::create_order& order = options.order;
  order.file = library.from().loaded.string();
  order.sha256 = library.from().sha256;
  order.kind = manifest.kind;
  order.name = manifest.name;
  order.version = manifest.version;
  order.instance = m.core->name;
  order.config_json = m.config_json;
  order.secrets = m.secrets;
  order.limit_ms = static_cast<std::uint32_t>(limit_ms);
  while (order.log_level > 0 && log::enabled(static_cast<log::level>(order.log_level - 1))) {
    --order.log_level;
  }
  while (order.log_level < 4 && !log::enabled(static_cast<log::level>(order.log_level))) {
    ++order.log_level;
  }
  order.memory_bytes = limits.memory_mb << 20;
  order.open_files = limits.open_files;
  order.network = limits.network.value_or(manifest.kind != "workflow");
  order.read_paths = limits.read_paths;
  order.write_paths = limits.write_paths;
  if (std::string folder = data_folder(m.config_json); !folder.empty()) {
    order.write_paths.push_back(std::move(folder));
  }
  options.limits = limits;
  // What one thread of a plugin serves needs one lane there.
  options.one_channel = manifest.blocking || manifest.lanes == lane_mode::one;
  options.kernel_lanes = m.core->loops.lanes->size();
  options.metrics = &m.core->metrics;
  m.core->process = options.facts;
  return isolate::make_proxy(m.core->host.table(), std::move(options), &m.out, &m.error);
}

result<void> check_instance(const spawn_instance* made, const std::string& subject) {
  const auto bad = [&](const std::string& why) {
    return refuse(load_step::create, subject, "create answered OK but " + why);
  };
  if (made == nullptr) {
    return bad("gave no instance");
  }
  if (made->vt == nullptr) {
    return bad("its instance has no table");
  }
  if (!SPAWN_KNOWS(made->vt, destroy)) {
    return bad("the table of its instance is too short (" + std::to_string(made->vt->struct_size) +
               " bytes)");
  }
  const auto slot = [&](const char* slot_name) {
    return bad(std::string("the slot \"") + slot_name + "\" of its instance is NULL");
  };
  if (made->vt->get_interface == nullptr) {
    return slot("get_interface");
  }
  if (made->vt->start == nullptr) {
    return slot("start");
  }
  if (made->vt->quiesce == nullptr) {
    return slot("quiesce");
  }
  if (made->vt->drain == nullptr) {
    return slot("drain");
  }
  if (made->vt->stop == nullptr) {
    return slot("stop");
  }
  if (made->vt->destroy == nullptr) {
    return slot("destroy");
  }
  return {};
}

// The first slot that has to be there and is not; "" when the table will do.
template <class Table, class... Slots>
std::string missing_slot(const void* table, std::span<const char* const> names, Slots... slots) {
  const auto* t = static_cast<const Table*>(table);
  std::string out;
  std::size_t i = 0;
  const auto look = [&](auto member) {
    const auto offset = static_cast<std::uint32_t>(reinterpret_cast<const char*>(&(t->*member)) -
                                                   reinterpret_cast<const char*>(t));
    if (out.empty() && (t->struct_size < offset + sizeof(t->*member) || t->*member == nullptr)) {
      out = names[i];
    }
    ++i;
  };
  (look(slots), ...);
  return out;
}

std::string missing_slot(const std::string& kind, const void* table) {
  static constexpr std::array<const char*, 4> store = {"capabilities", "lane_open", "submit",
                                                       "lane_close"};
  static constexpr std::array<const char*, 6> transport = {
      "capabilities", "lane_open", "submit", "grant", "settle", "lane_close"};
  static constexpr std::array<const char*, 2> workflow = {"part_types", "submit"};
  static constexpr std::array<const char*, 3> actors = {"describe", "lane_open", "lane_close"};
  if (kind == "statestore") {
    using t = spawn_statestore;
    return missing_slot<t>(table, store, &t::capabilities, &t::lane_open, &t::submit,
                           &t::lane_close);
  }
  if (kind == "transport") {
    using t = spawn_transport;
    return missing_slot<t>(table, transport, &t::capabilities, &t::lane_open, &t::submit, &t::grant,
                           &t::settle, &t::lane_close);
  }
  if (kind == "workflow") {
    using t = spawn_workflow;
    return missing_slot<t>(table, workflow, &t::part_types, &t::submit);
  }
  if (kind == "actors") {
    using t = spawn_actors;
    return missing_slot<t>(table, actors, &t::describe, &t::lane_open, &t::lane_close);
  }
  return {};
}

result<void> check_interface(const plugin_instance& made) {
  const std::string subject = made.library().subject();
  const std::string id = "spawn." + made.manifest().kind + "/1";
  const void* table = made.find_interface(id.c_str());
  if (made.faulted()) {
    return refuse(load_step::interface, subject, made.health().why);
  }
  if (table == nullptr) {
    return refuse(load_step::interface, subject, "its instance does not have " + id);
  }
  const std::string missing = missing_slot(made.manifest().kind, table);
  if (!missing.empty()) {
    return refuse(load_step::interface, subject,
                  "the table " + id + " is too short or has NULL in the slot \"" + missing + "\"");
  }
  return {};
}

}  // namespace

result<std::unique_ptr<plugin_instance>> plugin_instance::create(
    std::shared_ptr<plugin_library> library, const clock& time, instance_options options) {
  const std::string subject = library->subject();
  auto config = check_config(options.name, library->manifest().config_schema, options.config_json,
                             options.secrets);
  if (!config) {
    return refuse(load_step::config, subject, config.error().text, config.error().code);
  }
  SPAWN_CHECK(library->init(time, options.create_limit_ms));

  auto core =
      std::make_shared<instance_core>(library, options.name, std::move(options.loops), time);
  auto m = prepare(core, std::move(*config), std::move(options.secrets));
  const bool apart = library->is_apart();
  const std::uint64_t limit_ms = options.create_limit_ms + (apart ? isolate::launch_ms * 2 : 0);
  const timed_call call = run_within(
      options.name, limit_ms,
      [m, apart, limits = options.process, limit = options.create_limit_ms] {
        const spawn_host* host = m->core->host.table();
        m->status = apart ? make_apart(*m, limits, limit)
                          : m->core->library->entry().create(host, &m->info, &m->out, &m->error);
      },
      [m] {
        // Nobody waits any more; take it down again.
        if (m->status == SPAWN_OK && m->out != nullptr && m->out->vt != nullptr) {
          m->out->vt->destroy(m->out);
        }
        release(m->error);
      });
  if (call.late) {
    library->keep_for_ever();
    keep_until_exit(core);
    return refuse(load_step::create, subject,
                  "create did not return within " + std::to_string(limit_ms) +
                      " ms; long work belongs into start",
                  errc::deadline);
  }
  const std::string who = "instance " + options.name + ": ";
  const std::string text(view_of(m->error));
  release(m->error);
  if (!call.threw.empty()) {
    return refuse(load_step::create, subject, who + "create " + call.threw, errc::internal);
  }
  if (const errc status = known_status(m->status); status != errc::ok) {
    return refuse(load_step::create, subject,
                  who + (text.empty() ? std::string(spawn::name(status)) : text), status);
  }
  SPAWN_CHECK(check_instance(m->out, subject));
  core->raw = m->out;
  std::unique_ptr<plugin_instance> made(new plugin_instance(std::move(core)));
  made->destroy_limit_ms_ = limit_ms;
  if (auto ok = check_interface(*made); !ok) {
    return fail(std::move(ok.error()));
  }
  return made;
}

}  // namespace spawn
