// Loads a plugin file: signature, note, lint, copy, dynamic linker, entry. Nothing is ever loaded
// with a warning that should have been a refusal.
#pragma once
#include <memory>
#include <string>

#include "base/result.hpp"
#include "plugin/library.hpp"
#include "plugin/resolve.hpp"
#include "plugin/signed_file.hpp"
#include "plugin/store_dir.hpp"

namespace spawn {

// What the manifest has to say; empty: anything.
struct expected_plugin {
  std::string kind;
  std::string name;
  std::string version;  // exact
  std::string sha256;   // pin, hex
  trust_policy trust = {};
  bool apart = false;  // everything but loading: a process of its own will do that
};

// Reads the file once: the bytes that were checked, signature included, are the bytes that are
// copied, hashed and loaded. Every refusal names path, step and cause. [control]
[[nodiscard]] result<std::shared_ptr<plugin_library>> load_library(
    const std::filesystem::path& file, const store_dir& store, const expected_plugin& expected);

}  // namespace spawn
