// Loads a plugin file the way the kernel does, without the kernel's lint. The mapping stays.
#pragma once
#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "spawn/plugin/entry.h"

namespace contract {

// Another file in place of all: the environment's SPAWN_CONTRACT_PLUGIN.
inline const spawn_plugin_entry* load_plugin(const std::string& wanted) {
  const char* instead = std::getenv("SPAWN_CONTRACT_PLUGIN");
  const std::string path = instead != nullptr ? instead : wanted;
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    throw std::runtime_error(::dlerror());
  }
  const auto entry = reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL));
  if (entry == nullptr) {
    throw std::runtime_error(path + " has no " SPAWN_ENTRY_SYMBOL);
  }
  return entry();
}

inline bool manifest_says(const spawn_plugin_entry* entry, std::string_view member) {
  return std::string_view(entry->manifest_json).find(member) != std::string_view::npos;
}

}  // namespace contract
