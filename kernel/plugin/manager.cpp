#include "plugin/manager.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "plugin/load_step.hpp"
#include "plugin/loader.hpp"

namespace spawn {

plugin_manager::plugin_manager(plugin_manager_options options, lane_loops loops, const clock& time)
    : options_(std::move(options)), loops_(std::move(loops)), time_(time) {}

namespace {

void log_signer(const plugin_instance& instance) {
  const file_signature& found = instance.library().from().signature;
  if (found.is == file_signature::state::good) {
    SPAWN_LOG(info, "the plugin is signed", {"plugin", instance.manifest().label()},
              {"key", found.key}, {"comment", found.trusted_comment});
  } else if (found.is == file_signature::state::unchecked) {
    SPAWN_LOG(warn, "the plugin's signature was not checked: its key is not trusted",
              {"plugin", instance.manifest().label()}, {"key", found.key});
  }
}

}  // namespace

// Last loaded, first destroyed.
plugin_manager::~plugin_manager() {
  while (!instances_.empty()) {
    instances_.pop_back();
  }
}

result<std::shared_ptr<plugin_library>> plugin_manager::library_for(const plugin_request& request) {
  plugin_file file{request.path, {}};
  if (request.path.empty()) {
    SPAWN_TRY(file, resolve_plugin(options_.paths, request.kind, request.use, request.version));
  }
  if (!store_) {
    auto store = store_dir::open(options_.store_dir);
    if (!store) {
      return refuse(load_step::copy, file.path.string(), store.error().text, store.error().code);
    }
    store_ = std::move(*store);
  }
  SPAWN_TRY(auto library, load_library(file.path, *store_,
                                       {request.kind, request.use, file.version, request.sha256,
                                        options_.trust, request.process.has_value()}));
  if (library->is_apart()) {
    return library;  // each instance has its own process, so there is nothing to share
  }
  // Loading the same content again gave the same mapping; one library object counts its init.
  auto& known = libraries_[library->from().loaded];
  if (known == nullptr) {
    known = std::move(library);
  }
  return known;
}

result<std::shared_ptr<plugin_instance>> plugin_manager::create(
    std::shared_ptr<plugin_library> library, const plugin_request& request) {
  SPAWN_TRY(std::shared_ptr<plugin_instance> made,
            plugin_instance::create(
                std::move(library), time_,
                {request.instance, request.config_json, request.secrets, loops_,
                 options_.create_limit_ms, request.process.value_or(isolation_limits{})}));
  for (const lint_finding& finding : made->library().from().warnings) {
    SPAWN_LOG(warn, "plugin lint", {"plugin", made->manifest().label()}, {"rule", finding.rule},
              {"what", finding.text});
  }
  log_signer(*made);
  return made;
}

result<loaded_plugin> plugin_manager::load_apart(const plugin_request& request) {
  SPAWN_TRY(auto library, library_for(request));
  return load_apart(std::move(library), request);
}

result<loaded_plugin> plugin_manager::load_apart(std::shared_ptr<plugin_library> library,
                                                 const plugin_request& request) {
  SPAWN_TRY(auto made, create(library, request));
  return loaded_plugin{std::move(library), std::move(made)};
}

std::shared_ptr<plugin_instance> plugin_manager::replace(const plugin_instance& old,
                                                         std::shared_ptr<plugin_instance> by) {
  const std::lock_guard hold(mutex_);
  for (auto& each : instances_) {
    if (each.get() == &old) {
      return std::exchange(each, std::move(by));
    }
  }
  return nullptr;
}

result<plugin_instance*> plugin_manager::load(const plugin_request& request) {
  auto library = library_for(request);
  if (!library) {
    return fail(std::move(library.error()).within("instance " + request.instance));
  }
  return load(std::move(*library), request);
}

result<plugin_instance*> plugin_manager::load(std::shared_ptr<plugin_library> library,
                                              const plugin_request& request) {
  if (find(request.kind, request.instance) != nullptr) {
    return fail(errc::invalid,
                "there are two " + request.kind + " instances named " + request.instance);
  }
  SPAWN_TRY(auto made, create(std::move(library), request));
  plugin_instance* const out = made.get();
  const std::lock_guard hold(mutex_);
  instances_.push_back(std::move(made));
  return out;
}

result<void> plugin_manager::start_all(std::uint64_t limit_ms, std::string_view but_not) {
  for (const auto& instance : instances_) {
    if (instance->now() == plugin_instance::state::created &&
        instance->manifest().kind != but_not) {
      SPAWN_CHECK(instance->start(limit_ms));
    }
  }
  return {};
}

result<void> plugin_manager::stop_all(std::uint64_t limit_ms) {
  result<void> out;
  const auto note = [&](auto&& done) {
    if (!done) {
      SPAWN_LOG(error, "stopping plugins", {"why", done.error().text});
      if (out) {
        out = fail(std::move(done.error()));
      }
    }
  };
  using state = plugin_instance::state;
  for (auto at = instances_.rbegin(); at != instances_.rend(); ++at) {
    if ((*at)->now() == state::started) {
      note((*at)->quiesce(limit_ms));
    }
  }
  for (auto at = instances_.rbegin(); at != instances_.rend(); ++at) {
    if ((*at)->now() == state::quiesced) {
      note((*at)->drain(limit_ms));
    }
  }
  for (auto at = instances_.rbegin(); at != instances_.rend(); ++at) {
    if ((*at)->now() != state::created) {
      note((*at)->stop(limit_ms));
    }
  }
  return out;
}

void plugin_manager::lanes_stopped() noexcept {
  for (const auto& instance : instances_) {
    instance->lanes_stopped();
  }
}

std::shared_ptr<plugin_instance> plugin_manager::find(std::string_view kind,
                                                      std::string_view name) const {
  const std::lock_guard hold(mutex_);
  const auto at = std::find_if(instances_.begin(), instances_.end(), [&](const auto& instance) {
    return instance->manifest().kind == kind && instance->name() == name;
  });
  return at != instances_.end() ? *at : nullptr;
}

std::vector<std::shared_ptr<plugin_instance>> plugin_manager::instances() const {
  const std::lock_guard hold(mutex_);
  return instances_;
}

std::vector<plugin_info> plugin_manager::list() const {
  std::vector<plugin_info> out;
  for (const auto& instance : instances()) {
    const plugin_manifest& manifest = instance->manifest();
    const auto health = instance->health();
    const auto& from = instance->library().from();
    out.push_back({manifest.kind, manifest.name, manifest.version, manifest.license,
                   instance->name(), from.path.string(), from.sha256, from.signature,
                   std::string(name(instance->now())),
                   health.serving && instance->now() == plugin_instance::state::started,
                   instance->faulted(), health.why, from.warnings, instance->counters()});
    if (const isolation_facts* process = instance->process()) {
      plugin_info& info = out.back();
      info.isolated = true;
      info.pid = process->pid;
      info.restarts = process->restarts;
      info.last_cause = process->cause();
      info.sandbox = process->sandbox();
    }
  }
  return out;
}

}  // namespace spawn
