// A plugin that is another plugin (the file that SPAWN_ISOLATED_PLUGIN names) behind the kernel's
// proxy: its code runs in a process of its own, and a suite that loads this does not notice.
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

#include "plugin/elf_note.hpp"
#include "plugin/isolate/proxy.hpp"
#include "plugin/loader.hpp"

namespace {

std::shared_ptr<spawn::plugin_library> library;
std::string manifest_text;

std::string text_of(spawn_slice s) {
  return {static_cast<const char*>(s.ptr), s.len};
}

spawn_status create(const spawn_host* host, const spawn_create_info* info, spawn_instance** out,
                    spawn_buf* error) {
  const spawn::plugin_manifest& manifest = library->manifest();
  spawn::isolate::proxy_options options;
  spawn::isolate::create_order& order = options.order;
  order.file = library->from().loaded;
  order.sha256 = library->from().sha256;
  order.kind = manifest.kind;
  order.name = manifest.name;
  order.version = manifest.version;
  order.instance = text_of(info->name);
  order.config_json = text_of(info->config_json);
  order.limit_ms = 5'000;
  order.network = manifest.kind != "workflow";
  for (std::uint32_t i = 0; i < info->n_secrets; ++i) {
    order.secrets.emplace_back(text_of(info->secrets[i].key), text_of(info->secrets[i].value));
  }
  const auto config = nlohmann::json::parse(order.config_json, nullptr, false);
  if (config.is_object() && config.contains("path") && config["path"].is_string()) {
    const auto folder = std::filesystem::absolute(config["path"].get<std::string>()).parent_path();
    std::error_code ignored;  // what can not be made is for the plugin to complain about
    std::filesystem::create_directories(folder, ignored);
    if (std::filesystem::is_directory(folder, ignored)) {
      order.write_paths.push_back(folder);
    }
  }
  if (config.is_object() && config.contains("folder") && config["folder"].is_string()) {
    // The sample activator's broker makes this folder, and moves it away at times.
    order.write_paths.push_back(
        std::filesystem::path(config["folder"].get<std::string>()).parent_path());
  }
  order.memory_bytes = std::uint64_t{4} << 30;
  order.open_files = 256;
  options.limits.watchdog_ms = 60'000;
  options.one_channel = manifest.blocking || manifest.lanes == spawn::lane_mode::one;
  options.kernel_lanes = info->lanes;
  return spawn::isolate::make_proxy(host, std::move(options), out, error);
}

// The copies go to a folder that ends with this process.
struct folder_of_copies {
  folder_of_copies() {
    std::string name = (std::filesystem::temp_directory_path() / "spawn-isolated-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) {
      path = name;
    }
  }
  ~folder_of_copies() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

std::string plugin_file() {
  const char* named = std::getenv("SPAWN_ISOLATED_PLUGIN");
  return named != nullptr ? named : "";
}

void load() {
  static const folder_of_copies copies;
  auto store = spawn::store_dir::open(copies.path / "store");
  if (!store) {
    throw std::runtime_error(store.error().text);
  }
  spawn::expected_plugin anything;
  anything.apart = true;
  auto loaded = spawn::load_library(plugin_file(), *store, anything);
  if (!loaded) {
    throw std::runtime_error(loaded.error().text);
  }
  library = std::move(*loaded);
  const auto bytes = spawn::read_plugin_file(plugin_file());
  const auto image = spawn::read_elf(std::as_bytes(std::span(*bytes)));
  manifest_text = *spawn::manifest_of(*image);
}

}  // namespace

extern "C" SPAWN_EXPORT const spawn_plugin_entry* spawn_plugin_entry_1(void) {
  static spawn_plugin_entry entry{sizeof(spawn_plugin_entry),
                                  0,
                                  0,
                                  nullptr,
                                  [](const spawn_host*) -> spawn_status { return SPAWN_OK; },
                                  [] {},
                                  create};
  load();
  entry.manifest_json = manifest_text.c_str();
  return &entry;
}
