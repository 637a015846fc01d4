#include "plugin/loader.hpp"

#define BOOST_DLL_USE_STD_FS
#include <dlfcn.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string_view>
#include <thread>

#include "plugin/contain.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/load_step.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;

struct dll_mapping final : plugin_library::mapping {
  boost::dll::shared_library library;
};

std::size_t thread_count() {
  constexpr std::string_view key = "Threads:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) {
      return std::strtoul(line.c_str() + key.size(), nullptr, 10);
    }
  }
  return 0;
}

// Linux ends the list of a process's threads early at one that ends meanwhile, such as the one that
// has just called another plugin: a list is complete when it has as many as there are.
std::set<std::string> own_threads() {
  for (int attempt = 0;; ++attempt) {
    const std::size_t before = thread_count();
    std::set<std::string> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/task", ignored)) {
      out.insert(entry.path().filename().string());
    }
    if ((out.size() == before && before == thread_count()) || attempt == 100) {
      return out;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

result<void> check_expected(const plugin_manifest& manifest, const expected_plugin& expected,
                            const std::string& subject) {
  const auto differs = [&](const char* key, const std::string& is, const std::string& wanted) {
    return refuse(load_step::note, subject,
                  std::string("its manifest says ") + key + " \"" + is + "\", its place says \"" +
                      wanted + "\"");
  };
  if (!expected.kind.empty() && manifest.kind != expected.kind) {
    return differs("kind", manifest.kind, expected.kind);
  }
  if (!expected.name.empty() && manifest.name != expected.name) {
    return differs("name", manifest.name, expected.name);
  }
  if (!expected.version.empty() && manifest.version != expected.version) {
    return differs("version", manifest.version, expected.version);
  }
  return {};
}

// The dynamic linker would find out as well, but only after it ran the file's constructors.
result<void> check_entry_symbol(const elf_image& image, const std::string& subject) {
  std::string other;
  for (const elf_symbol& symbol : image.exports) {
    if (symbol.name == SPAWN_ENTRY_SYMBOL) {
      return {};
    }
    if (is_entry_symbol(symbol.name)) {
      other = symbol.name;
    }
  }
  if (!other.empty()) {
    return refuse(load_step::entry, subject,
                  "built for a newer kernel: it has " + other + " but not " SPAWN_ENTRY_SYMBOL,
                  errc::unsupported);
  }
  return refuse(load_step::entry, subject, "it does not export " SPAWN_ENTRY_SYMBOL);
}

result<std::unique_ptr<dll_mapping>> map_file(const fs::path& copy, bool unloadable,
                                              const std::string& subject) {
  namespace dll = boost::dll;
  auto mode = dll::load_mode::rtld_now | dll::load_mode::rtld_local;
  if (!unloadable) {
    // Boost.DLL has no name for this flag but hands it on.
    mode |= static_cast<dll::load_mode::type>(RTLD_NODELETE);
  }
  auto out = std::make_unique<dll_mapping>();
  const std::set<std::string> before = own_threads();
  static_cast<void>(::dlerror());
  std::error_code why;
  const std::string threw = contained([&] { out->library.load(copy, why, mode); });
  if (!threw.empty()) {
    return refuse(load_step::dlopen, subject, "a constructor " + threw);
  }
  if (why) {
    // The error code is always "bad file descriptor"; the linker's own text tells the reason.
    const char* text = ::dlerror();
    return refuse(load_step::dlopen, subject, text != nullptr ? text : why.message());
  }
  const std::set<std::string> after = own_threads();
  if (!std::includes(before.begin(), before.end(), after.begin(), after.end())) {
    // The thread runs the file's code, so the mapping has to stay.
    keep_until_exit(std::shared_ptr<dll_mapping>(std::move(out)));
    return refuse(load_step::dlopen, subject,
                  "a constructor started a thread; threads are made in start");
  }
  return out;
}

}  // namespace

result<std::shared_ptr<plugin_library>> load_library(const fs::path& file, const store_dir& store,
                                                     const expected_plugin& expected) {
  const std::string subject = file.string();
  const auto at = [&](load_step step, const error& why) {
    return refuse(step, subject, why.text, why.code);
  };
  const auto bytes = read_plugin_file(file);
  if (!bytes) {
    return at(load_step::resolve, bytes.error());
  }
  auto signature = check_signature(file, *bytes, expected.trust);
  if (!signature) {
    return at(load_step::signature, signature.error());
  }
  const auto image = read_elf(std::as_bytes(std::span(*bytes)));
  if (!image) {
    return at(load_step::note, image.error());
  }
  if (image->machine != own_machine()) {
    return refuse(load_step::note, subject, "built for another machine", errc::unsupported);
  }
  const auto json = manifest_of(*image);
  if (!json) {
    return at(load_step::note, json.error());
  }
  auto manifest = parse_manifest(*json);
  if (!manifest) {
    return at(load_step::note, manifest.error());
  }
  SPAWN_CHECK(check_expected(*manifest, expected, subject));
  SPAWN_CHECK(check_entry_symbol(*image, subject));

  plugin_library::origin from;
  from.path = file;
  from.signature = std::move(*signature);
  from.warnings = lint(*image, *manifest);
  if (!from.warnings.empty() && from.warnings.front().severity == lint_severity::refuse) {
    return refuse(load_step::lint, subject,
                  "[" + from.warnings.front().rule + "] " + from.warnings.front().text);
  }
  from.sha256 = sha256_hex(*bytes);
  if (!expected.sha256.empty() && from.sha256 != expected.sha256) {
    return refuse(load_step::copy, subject,
                  "its sha256 is " + from.sha256 + ", the configuration pins " + expected.sha256,
                  errc::denied);
  }
  auto copy = store.put(*bytes, from.sha256);
  if (!copy) {
    return at(load_step::copy, copy.error());
  }
  from.loaded = std::move(*copy);
  if (expected.apart) {
    return plugin_library::apart(std::move(*manifest), std::move(from));
  }
  SPAWN_TRY(auto mapped, map_file(from.loaded, manifest->unloadable, subject));
  auto* find = reinterpret_cast<spawn_plugin_entry_fn>(
      ::dlsym(mapped->library.native(), SPAWN_ENTRY_SYMBOL));
  if (find == nullptr) {
    const char* text = ::dlerror();
    return refuse(load_step::entry, subject,
                  text != nullptr ? text : SPAWN_ENTRY_SYMBOL " is NULL");
  }
  const spawn_plugin_entry* entry = nullptr;
  const std::string threw = contained([&] { entry = find(); });
  from.mapped = std::move(mapped);
  if (!threw.empty()) {
    return refuse(load_step::entry, subject, SPAWN_ENTRY_SYMBOL " " + threw);
  }
  return plugin_library::adopt(entry, std::move(*manifest), *json, std::move(from));
}

}  // namespace spawn
