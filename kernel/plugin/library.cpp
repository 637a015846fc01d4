#include "plugin/library.hpp"

#include "base/log.hpp"
#include "plugin/contain.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/host_table.hpp"
#include "plugin/load_step.hpp"

namespace spawn {
namespace {

std::string built_in(const plugin_manifest& manifest) {
  return "(built in) " + manifest.label();
}

result<void> check_table(const spawn_plugin_entry* entry, const std::string& subject) {
  if (entry == nullptr) {
    return refuse(load_step::entry, subject, SPAWN_ENTRY_SYMBOL " returned NULL");
  }
  if (!SPAWN_KNOWS(entry, create)) {
    return refuse(load_step::entry, subject,
                  "its entry table is too short (" + std::to_string(entry->struct_size) +
                      " bytes, at least " +
                      std::to_string(offsetof(spawn_plugin_entry, create) +
                                     sizeof(spawn_plugin_entry::create)) +
                      ")");
  }
  if (entry->abi_minor_min > SPAWN_ABI_MINOR) {
    return refuse(load_step::entry, subject,
                  "built for a newer kernel: it needs plugin ABI " +
                      std::to_string(SPAWN_ABI_MAJOR) + "." + std::to_string(entry->abi_minor_min) +
                      ", this kernel has " + std::to_string(SPAWN_ABI_MAJOR) + "." +
                      std::to_string(SPAWN_ABI_MINOR),
                  errc::unsupported);
  }
  const auto missing = [&](const char* slot) {
    return refuse(load_step::entry, subject,
                  std::string("the slot \"") + slot + "\" of its entry table is NULL");
  };
  if (entry->manifest_json == nullptr) {
    return missing("manifest_json");
  }
  if (entry->init == nullptr) {
    return missing("init");
  }
  if (entry->deinit == nullptr) {
    return missing("deinit");
  }
  if (entry->create == nullptr) {
    return missing("create");
  }
  return {};
}

}  // namespace

plugin_library::plugin_library(const spawn_plugin_entry* entry, plugin_manifest manifest,
                               origin from)
    : entry_(entry), manifest_(std::move(manifest)), from_(std::move(from)) {}

result<std::shared_ptr<plugin_library>> plugin_library::adopt(const spawn_plugin_entry* entry,
                                                              plugin_manifest manifest,
                                                              std::string manifest_json,
                                                              origin from) {
  const std::string subject = from.path.empty() ? built_in(manifest) : from.path.string();
  SPAWN_CHECK(check_table(entry, subject));
  if (manifest_json != entry->manifest_json) {
    return refuse(load_step::manifest, subject,
                  "the manifest of its entry is not the one of its note");
  }
  return std::shared_ptr<plugin_library>(
      new plugin_library(entry, std::move(manifest), std::move(from)));
}

result<std::shared_ptr<plugin_library>> plugin_library::from_entry(
    const spawn_plugin_entry* entry) {
  SPAWN_CHECK(check_table(entry, "(built in)"));
  auto manifest = parse_manifest(entry->manifest_json);
  if (!manifest) {
    return refuse(load_step::manifest, "(built in)", manifest.error().text);
  }
  return adopt(entry, std::move(*manifest), entry->manifest_json, {});
}

std::shared_ptr<plugin_library> plugin_library::apart(plugin_manifest manifest, origin from) {
  return std::shared_ptr<plugin_library>(
      new plugin_library(nullptr, std::move(manifest), std::move(from)));
}

plugin_library::~plugin_library() {
  if (kept_) {
    // Something of it may still run: neither the mapping nor the host table may go.
    keep_until_exit(std::shared_ptr<mapping>(std::move(from_.mapped)));
    keep_until_exit(std::shared_ptr<host_table>(std::move(host_)));
    return;
  }
  if (inited_) {
    const std::string threw = contained([&] { entry_->deinit(); });
    if (!threw.empty()) {
      SPAWN_LOG(error, "plugin deinit failed", {"plugin", manifest_.label()}, {"why", threw});
    }
  }
}

std::string plugin_library::subject() const {
  return from_.path.empty() ? built_in(manifest_) : from_.path.string();
}

result<void> plugin_library::init(const clock& time, std::uint64_t limit_ms) {
  if (inited_ || is_apart()) {
    return {};  // each process of it does that
  }
  if (host_ == nullptr) {
    host_ = std::make_unique<host_table>(manifest_.label(), "", time);
  }
  auto status = std::make_shared<spawn_status>(SPAWN_E_INTERNAL);
  const timed_call call =
      run_within(manifest_.name, limit_ms,
                 [status, entry = entry_, host = host_->table()] { *status = entry->init(host); });
  if (call.late) {
    keep_for_ever();
    return refuse(load_step::init, subject(),
                  "init did not return within " + std::to_string(limit_ms) + " ms", errc::deadline);
  }
  if (!call.threw.empty()) {
    return refuse(load_step::init, subject(), "init " + call.threw, errc::internal);
  }
  if (*status != SPAWN_OK) {
    return refuse(load_step::init, subject(),
                  "init answered " + std::string(name(known_status(*status))),
                  known_status(*status));
  }
  inited_ = true;
  return {};
}

}  // namespace spawn
