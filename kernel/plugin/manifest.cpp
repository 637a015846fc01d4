#include "plugin/manifest.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/semver.hpp"
#include "plugin/json_text.hpp"
#include "spawn/plugin/abi.h"

namespace spawn {
namespace {

using nlohmann::json;

tl::unexpected<error> bad(std::string_view key, std::string_view why) {
  return fail(errc::invalid, "manifest key \"" + std::string(key) + "\" " + std::string(why));
}

// Takes an optional key; false when it is there with another type.
bool take(const json& from, const char* key, std::string& to) {
  const auto at = from.find(key);
  if (at == from.end()) {
    return true;
  }
  if (!at->is_string()) {
    return false;
  }
  to = at->get<std::string>();
  return true;
}

bool take(const json& from, const char* key, bool& to) {
  const auto at = from.find(key);
  if (at == from.end()) {
    return true;
  }
  if (!at->is_boolean()) {
    return false;
  }
  to = at->get<bool>();
  return true;
}

bool take(const json& from, const char* key, std::uint32_t& to) {
  const auto at = from.find(key);
  if (at == from.end() || !at->is_number_unsigned() || at->get<std::uint64_t>() > 65'535) {
    return false;
  }
  to = at->get<std::uint32_t>();
  return true;
}

result<void> take_identity(const json& from, plugin_manifest& out) {
  static constexpr std::array<std::string_view, 6> kinds = {"statestore", "transport", "activator",
                                                            "workflow",   "sealer",    "actors"};
  if (!take(from, "kind", out.kind) ||
      std::find(kinds.begin(), kinds.end(), out.kind) == kinds.end()) {
    return bad("kind", "is not one of statestore, transport, activator, workflow, sealer, actors");
  }
  if (!take(from, "name", out.name) || !valid_plugin_name(out.name)) {
    return bad("name", "is missing or not made of a-z, 0-9, '.', '_' and '-'");
  }
  if (!take(from, "version", out.version) || !parse_version(out.version)) {
    return bad("version", "is missing or not MAJOR.MINOR.PATCH");
  }
  if (!take(from, "license", out.license)) {
    return bad("license", "is not a string");
  }
  const auto abi = from.find("abi");
  if (abi == from.end() || !abi->is_object()) {
    return bad("abi", "is missing or not an object");
  }
  if (!take(*abi, "major", out.abi_major) || !take(*abi, "minor", out.abi_minor)) {
    return bad("abi", "does not have the numbers major and minor");
  }
  if (out.abi_major != SPAWN_ABI_MAJOR) {
    return bad("abi", "names major " + std::to_string(out.abi_major) + ", this kernel has " +
                          std::to_string(SPAWN_ABI_MAJOR));
  }
  return {};
}

result<void> take_traits(const json& from, plugin_manifest& out) {
  std::string text = "many";
  if (!take(from, "lanes", text) || (text != "one" && text != "many")) {
    return bad("lanes", "is not \"one\" or \"many\"");
  }
  out.lanes = text == "one" ? lane_mode::one : lane_mode::many;
  if (!take(from, "blocking", out.blocking)) {
    return bad("blocking", "is not true or false");
  }
  if (!take(from, "exclusive", out.exclusive)) {
    return bad("exclusive", "is not true or false");
  }
  if (!take(from, "unloadable", out.unloadable)) {
    return bad("unloadable", "is not true or false");
  }
  text.clear();
  if (!take(from, "protobuf", text) || (!text.empty() && text != "full" && text != "lite")) {
    return bad("protobuf", "is not \"full\" or \"lite\"");
  }
  out.protobuf_full = text == "full";
  if (const auto list = from.find("capabilities"); list != from.end()) {
    if (!list->is_array()) {
      return bad("capabilities", "is not a list");
    }
    for (const json& item : *list) {
      if (!item.is_string()) {
        return bad("capabilities", "holds something that is not a string");
      }
      out.capabilities.push_back(item.get<std::string>());
    }
  }
  if (const auto schema = from.find("config_schema"); schema != from.end()) {
    if (!schema->is_object()) {
      return bad("config_schema", "is not an object");
    }
    out.config_schema = schema->dump();
  }
  return {};
}

}  // namespace

bool plugin_manifest::has(std::string_view capability) const noexcept {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

bool valid_plugin_name(std::string_view name) noexcept {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

result<plugin_manifest> parse_manifest(std::string_view text) {
  SPAWN_TRY(const json from, parse_json(text));
  if (!from.is_object()) {
    return fail(errc::invalid, "the manifest is not a JSON object");
  }
  plugin_manifest out;
  SPAWN_CHECK(take_identity(from, out));
  SPAWN_CHECK(take_traits(from, out));
  return out;
}

}  // namespace spawn
