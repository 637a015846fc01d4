// Plugin instances of every kind: name and range, config and its secrets.
#include <algorithm>
#include <filesystem>
#include <set>

#include "base/semver.hpp"
#include "config/typed.hpp"
#include "trust/key_file.hpp"

namespace spawn::config {
namespace {

bool valid_plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

// "sqlite@^1" -> use and version.
void split_use(const value& use, const value* version, const std::string& pointer, plugin_use& out,
               reading& in) {
  const auto sign = use.text.find('@');
  out.use = use.text.substr(0, sign);
  if (!valid_plugin_name(out.use)) {
    in.found.add(use.at, pointer,
                 "expected a plugin's name (a-z, 0-9, - and _, at most 64) and perhaps @ and a "
                 "version range, got " +
                     to_json(use, false, true));
  }
  if (sign != std::string::npos && version != nullptr) {
    in.found.add(version->at, pointer_step(pointer.substr(0, pointer.rfind('/')), "version"),
                 "the version is part of use already");
    return;
  }
  const value* said_by = sign != std::string::npos ? &use : version;
  if (said_by == nullptr) {
    return;
  }
  out.version = sign != std::string::npos ? use.text.substr(sign + 1) : version->text;
  if (!valid_range(out.version) || (sign != std::string::npos && out.version.empty())) {
    in.found.add(said_by->at,
                 sign != std::string::npos
                     ? pointer
                     : pointer_step(pointer.substr(0, pointer.rfind('/')), "version"),
                 "expected a version range such as 1.2.3, ^1, ~1.2, >=1.2 or 1.x, got \"" +
                     out.version + "\"");
  }
}

void gather(const value& v, const position& key_at, const std::string& pointer, plugin_use& out) {
  out.marks.marks.push_back({pointer, v.at.line, v.at.column, key_at.line, key_at.column});
  if (v.secret) {
    out.secrets.emplace_back(pointer, v.text);
  }
  for (std::size_t i = 0; i < v.items.size(); ++i) {
    gather(v.items[i], v.items[i].at, pointer_step(pointer, std::to_string(i)), out);
  }
  for (const auto& m : v.members) {
    gather(m.is, m.at, pointer_step(pointer, m.key), out);
  }
}

std::string absolute_directory(const std::string& dir, const std::string& file) {
  std::error_code ignored;
  const std::filesystem::path base = std::filesystem::absolute(file, ignored).parent_path();
  std::string out = (base / dir).lexically_normal().string();
  if (out.size() > 1 && out.ends_with('/')) {
    out.pop_back();
  }
  return out;
}

void read_limits(const value* from, const std::string& file, isolation_settings& out) {
  if (from == nullptr) {
    return;
  }
  take(from->find("memory_mb"), out.memory_mb);
  take(from->find("open_files"), out.open_files);
  take(from->find("watchdog_ms"), out.watchdog_ms);
  take(from->find("restart_min_ms"), out.restart_min_ms);
  take(from->find("restart_max_ms"), out.restart_max_ms);
  if (const value* network = from->find("network")) {
    out.network.emplace();
    take(network, *out.network);
  }
  const auto paths = [&](const char* key, std::vector<std::string>& to) {
    const value* list = from->find(key);
    for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
      to.push_back(absolute_directory(list->items[i].text, file));
    }
  };
  paths("read", out.read);
  paths("write", out.write);
}

plugin_use read_use(const value& from, const std::string& pointer, reading& in) {
  plugin_use out;
  if (from.is == value::kind::string) {
    split_use(from, nullptr, pointer, out, in);
    out.instance = out.use;
    return out;
  }
  split_use(*from.find("use"), from.find("version"), pointer + "/use", out, in);
  out.instance = out.use;
  out.marks.file = in.file;
  out.marks.path = pointer + "/config";
  if (const value* config = from.find("config")) {
    out.config_json = to_json(*config, true, true);
    gather(*config, config->at, "", out);
  }
  take(from.find("isolation"), out.isolation);
  read_limits(from.find("isolation_limits"), in.file, out.isolation_limits);
  take(from.find("sha256"), out.sha256);
  std::transform(out.sha256.begin(), out.sha256.end(), out.sha256.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

void check_fresh(std::set<std::string>& names, const value& said_by, const std::string& name,
                 const std::string& pointer, reading& in) {
  if (!names.insert(name).second) {
    in.found.add(said_by.at, pointer, "there is another one named '" + name + "'");
  }
}

void read_policies(const value& root, plugin_settings& out, reading& in) {
  std::error_code ignored;
  const auto base = std::filesystem::absolute(in.file, ignored).parent_path();
  if (const value* keys = at(root, {"plugins", "trusted_keys"})) {
    for (std::size_t i = 0; i < keys->items.size(); ++i) {
      const value& from = keys->items[i];
      const auto key = trust::public_key_from(from.text, base);
      const auto pointer = "/plugins/trusted_keys/" + std::to_string(i);
      const auto same_id = [&](const trust::public_key& other) { return other.id == key->id; };
      if (!key) {
        in.found.add(from.at, pointer, key.error().text);
      } else if (std::any_of(out.trusted_keys.begin(), out.trusted_keys.end(), same_id)) {
        in.found.add(from.at, pointer,
                     "there is another key with the id " + trust::text_of(key->id));
      } else {
        out.trusted_keys.push_back(*key);
      }
    }
  }
  take(at(root, {"plugins", "probation", "failures_percent"}), out.probation.failures_percent);
  take(at(root, {"plugins", "probation", "slower_factor"}), out.probation.slower_factor);
  take(at(root, {"plugins", "probation", "slower_ms"}), out.probation.slower_ms);
  take(at(root, {"plugins", "probation", "operations"}), out.probation.operations);
  const value* required = at(root, {"plugins", "require_signed"});
  take(required, out.require_signed);
  if (out.require_signed && out.trusted_keys.empty()) {
    in.found.add(required->at, "/plugins/require_signed",
                 "needs plugins.trusted_keys, the public keys whose signatures count; `spawnctl "
                 "plugins keygen` makes a pair");
  }
}

// Names of plugins, or instances of them; each once.
void read_list(const value* list, const std::string& at, std::vector<plugin_use>& out,
               reading& in) {
  std::set<std::string> names;
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    const auto pointer = pointer_step(at, std::to_string(i));
    out.push_back(read_use(list->items[i], pointer, in));
    check_fresh(names, list->items[i], out.back().instance, pointer, in);
  }
}

void read_activators(const value& list, settings& out, reading& in) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const value& from = list.items[i];
    const auto pointer = pointer_step("/activators", std::to_string(i));
    activator_use activator;
    activator.plugin = read_use(from, pointer, in);
    take(from.find("name"), activator.plugin.instance);
    check_fresh(names, *from.find("name"), activator.plugin.instance, pointer + "/name", in);
    read_activator_rules(from, pointer, activator.rules, in);
    out.activators.push_back(std::move(activator));
  }
}

}  // namespace

void read_plugins(const value& root, settings& out, reading& in) {
  if (const value* path = at(root, {"plugins", "path"})) {
    for (const auto& dir : path->items) {
      out.plugins.path.push_back(absolute_directory(dir.text, in.file));
    }
  }
  read_policies(root, out.plugins, in);
  for (const auto& store : root.find("statestores")->members) {
    plugin_use use = read_use(store.is, pointer_step("/statestores", store.key), in);
    use.instance = store.key;
    out.statestores.push_back(std::move(use));
  }
  out.transport = read_use(*root.find("transport"), "/transport", in);
  read_list(root.find("workflows"), "/workflows", out.workflows, in);
  read_list(root.find("native_actors"), "/native_actors", out.native_actors, in);
  if (const value* activators = root.find("activators")) {
    read_activators(*activators, out, in);
  }
  read_sinks(root, out, in);
}

void read_actors(const value& root, settings& out, reading& in) {
  const value* actors = root.find("actors");
  if (actors == nullptr) {
    return;
  }
  std::vector<std::string> stores;
  for (const auto& store : out.statestores) {
    stores.push_back(store.instance);
  }
  for (const auto& m : actors->members) {
    actor_rule rule;
    rule.type = m.key;
    if (const value* mode = m.is.find("durability")) {
      rule.durability = to_durability(mode->text);
    }
    if (const value* store = m.is.find("statestore")) {
      rule.statestore = store->text;
      if (std::find(stores.begin(), stores.end(), rule.statestore) == stores.end()) {
        const auto meant = nearest(rule.statestore, stores);
        in.found.add(store->at, pointer_step("/actors", m.key) + "/statestore",
                     "there is no statestore named '" + rule.statestore + "'" +
                         (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
      }
    }
    if (const value* tags = m.is.find("tags")) {
      rule.keep_tags = tags->text == "keep";
    }
    take(m.is.find("speculative"), rule.speculative);
    if (const value* on = m.is.find("on_conflict")) {
      rule.on_conflict = on->text == "rerun"   ? conflict_rule::rerun
                         : on->text == "error" ? conflict_rule::error
                                               : conflict_rule::automatic;
    }
    if (const value* on = m.is.find("on_poison")) {
      rule.on_poison = on->text == "block" ? poison_rule::block : poison_rule::skip;
    }
    if (const value* mailbox = m.is.find("mailbox")) {
      rule.mailbox = static_cast<std::uint32_t>(mailbox->integer);
    }
    if (const value* timeout = m.is.find("timeout_ms")) {
      rule.timeout_ms = static_cast<std::uint64_t>(timeout->integer);
    }
    if (const value* history = m.is.find("history")) {
      rule.history = to_history(*history);
    }
    read_choices(m.is, pointer_step("/actors", m.key), rule, out, in);
    read_reminders(m.is, pointer_step("/actors", m.key), rule, out, in);
    out.actors.push_back(std::move(rule));
  }
}

void check_references(const value& root, const settings& s, reading& in) {
  const value* system = root.find("system");
  if (s.system.size() > limits::name_bytes_max) {
    in.found.add(system->at, "/system",
                 "a name has at most 512 bytes, this one has " + std::to_string(s.system.size()));
  }
  const auto latest = s.timeouts.request_max_ms;
  if (s.timeouts.request_ms > latest) {
    const value* said = at(root, {"timeouts", "request_ms"});
    const value* other = at(root, {"timeouts", "request_max_ms"});
    const value* blamed = said != nullptr ? said : other;
    in.found.add(blamed->at, "/timeouts/request_ms",
                 "must not be above request_max_ms, which is " + std::to_string(latest));
  }
  for (const auto& rule : s.actors) {
    if (rule.timeout_ms && *rule.timeout_ms > latest) {
      const auto pointer = pointer_step("/actors", rule.type) + "/timeout_ms";
      in.found.add(at(root, {"actors", rule.type, "timeout_ms"})->at, pointer,
                   "must not be above timeouts.request_max_ms, which is " + std::to_string(latest));
    }
  }
}

}  // namespace spawn::config
