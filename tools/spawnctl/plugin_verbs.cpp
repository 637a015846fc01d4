// plugins list (of a kernel), inspect and lint of a file, new: those need no kernel.
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <span>
#include <sstream>

#include "plugin/elf_note.hpp"
#include "plugin/lint.hpp"
#include "plugin/signed_file.hpp"
#include "plugin_new.hpp"
#include "table.hpp"
#include "tool.hpp"
#include "trust_files.hpp"

namespace spawn::ctl {
namespace {

struct plugin_file_facts {
  std::string bytes;
  elf_image image;
  plugin_manifest manifest;
};

result<plugin_file_facts> read_plugin(const std::string& file) {
  plugin_file_facts out;
  SPAWN_TRY(out.bytes, read_plugin_file(file));
  SPAWN_TRY(out.image, read_elf(std::as_bytes(std::span(out.bytes))));
  SPAWN_TRY(const std::string note, manifest_of(out.image));
  SPAWN_TRY(out.manifest, parse_manifest(note));
  return out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& each : texts) {
    out += (out.empty() ? "" : ", ") + each;
  }
  return out;
}

std::string naming(const std::string& file, const error& why) {
  return why.text.find(file) == std::string::npos ? file + ": " + why.text : why.text;
}

json signature_json(const result<file_signature>& from) {
  if (!from) {
    return {{"state", "bad"}, {"why", from.error().text}};
  }
  switch (from->is) {
    case file_signature::state::absent:
      break;
    case file_signature::state::unchecked:
      return {{"state", "unchecked"}, {"key", from->key}};
    case file_signature::state::good:
      return {{"state", "good"}, {"key", from->key}, {"trusted_comment", from->trusted_comment}};
  }
  return nullptr;
}

std::string signature_words(const result<file_signature>& from) {
  if (!from) {
    return "BAD: " + from.error().text;
  }
  switch (from->is) {
    case file_signature::state::absent:
      break;
    case file_signature::state::unchecked:
      return "by " + from->key + ", not checked: give its public key with --key or --config";
    case file_signature::state::good:
      return "good, by " + from->key + ", " + comment_words(from->trusted_comment);
  }
  return "none";
}

void inspect(tool& t, const std::string& file, const trust_options& trust) {
  const auto read = read_plugin(file);
  if (!read) {
    t.fail(exit_failed, naming(file, read.error()));
    return;
  }
  const auto keys = trusted_keys(trust);
  if (!keys) {
    t.fail(exit_failed, keys.error().text);
    return;
  }
  const auto signature = check_signature(file, read->bytes, {false, *keys});
  t.exit_code = signature ? exit_ok : exit_failed;
  const plugin_manifest& m = read->manifest;
  const char* lanes = m.lanes == lane_mode::one ? "one" : "many";
  const std::string abi = std::to_string(m.abi_major) + "." + std::to_string(m.abi_minor);
  if (t.as_json) {
    std::cout << dump({{"file", file},
                       {"kind", m.kind},
                       {"name", m.name},
                       {"version", m.version},
                       {"license", m.license},
                       {"abi", abi},
                       {"lanes", lanes},
                       {"blocking", m.blocking},
                       {"capabilities", m.capabilities},
                       {"needed", read->image.needed},
                       {"signature", signature_json(signature)},
                       {"config_schema", json::parse(m.config_schema, nullptr, false)}})
              << '\n';
    return;
  }
  table out({"plugin", m.label()});
  out.add({"license", m.license});
  out.add({"abi", abi});
  out.add({"lanes", std::string(lanes) + (m.blocking ? ", blocking" : "")});
  out.add({"capabilities", joined(m.capabilities)});
  out.add({"needs", joined(read->image.needed)});
  out.add({"signature", signature_words(signature)});
  out.print(std::cout);
  const json schema = json::parse(m.config_schema, nullptr, false);
  if (!schema.is_discarded()) {
    std::cout << "schema of its config:\n" << dump(schema) << '\n';
  }
}

void run_lint(tool& t, const std::string& file) {
  const auto read = read_plugin(file);
  if (!read) {
    t.fail(exit_failed, naming(file, read.error()));
    return;
  }
  const auto findings = lint(read->image, read->manifest);
  json list = json::array();
  table out({"SEVERITY", "RULE", "FINDING"});
  for (const lint_finding& each : findings) {
    const bool refused = each.severity == lint_severity::refuse;
    t.exit_code = refused ? exit_failed : t.exit_code;
    const char* severity = refused ? "refuse" : "warn";
    list.push_back({{"severity", severity}, {"rule", each.rule}, {"text", each.text}});
    out.add({severity, each.rule, each.text});
  }
  if (t.as_json) {
    std::cout << dump({{"file", file}, {"findings", list}}) << '\n';
  } else if (findings.empty()) {
    std::cout << printable(file) << ": no findings\n";
  } else {
    out.print(std::cout);
  }
}

void make_project(tool& t, const project_request& r) {
  const auto written = write_project(r);
  if (!written) {
    t.fail(written.error().code == errc::invalid ? exit_usage : exit_failed, written.error().text);
    return;
  }
  if (t.as_json) {
    std::cout << dump({{"folder", r.folder.string()}, {"files", *written}}) << '\n';
    return;
  }
  std::cout << "made " << r.folder.string() << ": " << joined(*written)
            << "\nREADME.md says how to build it\n";
}

void add_new(CLI::App* verbs, tool& t) {
  auto* verb = verbs->add_subcommand("new", "writes the project of a new plugin");
  auto made = std::make_shared<project_request>();
  verb->add_option("--kind", made->kind, "what it is")
      ->required()
      ->check(CLI::IsMember({"statestore", "transport", "workflow", "activator", "actors"}));
  verb->add_option("--lang", made->lang, "what it is written in")
      ->check(CLI::IsMember({"c++", "c", "rust"}))
      ->default_val("c++");
  verb->add_option("--dir", made->folder, "folder to make; its name otherwise");
  verb->add_option("name", made->name, "the plugin's name")->required();
  verb->callback([&t, made] {
    if (made->folder.empty()) {
      made->folder = made->name;
    }
    make_project(t, *made);
  });
}

// "main" or "statestore/main".
std::pair<std::string, std::string> kind_and_instance(const std::string& named) {
  const auto slash = named.find('/');
  return slash == named.npos ? std::pair("any", named)
                             : std::pair(named.substr(0, slash), named.substr(slash + 1));
}

struct swap_request {
  std::string instance, to;
  std::string drain_ms, probation_ms;
};

void swap(tool& t, const swap_request& r) {
  const auto [kind, instance] = kind_and_instance(r.instance);
  const bool is_file = r.to.find('/') != std::string::npos;
  const std::string to = is_file ? std::filesystem::absolute(r.to).string() : r.to;
  std::string path =
      "/v1/plugins/" + escape(kind) + "/" + escape(instance) + "/swap?to=" + escape(to);
  if (!r.drain_ms.empty()) {
    path += "&drain_ms=" + escape(r.drain_ms);
  }
  if (!r.probation_ms.empty()) {
    path += "&probation_ms=" + escape(r.probation_ms);
  }
  const auto answer = t.show("POST", path);
  if (!answer) {
    return;
  }
  const auto ms = [&](const char* key) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << answer->value(key, 0.0) / 1'000 << " ms";
    return text.str();
  };
  table out({"swapped", text_of(*answer, "from") + " -> " + text_of(*answer, "to")});
  out.add({"pause", ms("pause_us")});
  out.add({"waited", std::to_string(answer->value("waited", 0U)) + ", p99 " + ms("wait_p99_us")});
  if (const auto older = answer->value("older_kept", 0U); older != 0) {
    out.add({"older versions kept", std::to_string(older)});
  }
  out.print(std::cout);
}

void add_swap(CLI::App* verbs, tool& t) {
  auto* verb = verbs->add_subcommand("swap", "another version for an instance that is at work");
  auto made = std::make_shared<swap_request>();
  verb->add_option("instance", made->instance, "\"main\", or \"statestore/main\"")->required();
  verb->add_option("to", made->to, "a version (1.2.0, ^1.2, sqlite@^1.2) or a plugin file")
      ->required();
  verb->add_option("--drain-ms", made->drain_ms, "for what is under way in the old one [5000]");
  verb->add_option("--probation-ms", made->probation_ms,
                   "how long the new one is watched; it goes back if it fails [60000]");
  verb->callback([&t, made] { swap(t, *made); });
}

std::string signer_of(const json& plugin) {
  const json signature = plugin.value("signature", json());
  if (!signature.is_object()) {
    return "-";
  }
  return text_of(signature, "key") + (signature.value("trusted", false) ? "" : " (not checked)");
}

// "in kernel", or the process, how often it was started again, and why.
std::string process_of(const json& plugin) {
  const json process = plugin.value("process", json());
  if (!process.is_object()) {
    return "in kernel";
  }
  std::string out = "pid " + text_of(process, "pid");
  if (process.value("restarts", 0) != 0) {
    out += ", restarted " + text_of(process, "restarts") + "x";
  }
  if (const std::string cause = text_of(process, "last_cause"); !cause.empty()) {
    out += ": " + cause;
  }
  return out;
}

void print_list(const json& answer) {
  table out({"KIND", "INSTANCE", "PLUGIN", "VERSION", "STATE", "SERVING", "PROCESS", "SIGNED BY",
             "CALLS", "P99 NS", "IN FLIGHT"});
  for (const json& each : answer.value("plugins", json::array())) {
    const json counters = each.value("counters", json::object());
    std::string serving = each.value("serving", false) ? "yes" : "no";
    if (!text_of(each, "why").empty()) {
      serving += ": " + text_of(each, "why");
    }
    out.add({text_of(each, "kind"), text_of(each, "instance"), text_of(each, "plugin"),
             text_of(each, "version"), text_of(each, "state"), serving, process_of(each),
             signer_of(each), text_of(counters, "calls"), text_of(counters, "call_p99_ns"),
             text_of(counters, "in_flight")});
  }
  out.print(std::cout);
}

}  // namespace

void add_plugin_verbs(CLI::App& app, tool& t) {
  auto* verbs = app.add_subcommand("plugins", "plugin instances and plugin files")->alias("plugin");
  verbs->require_subcommand(1);
  verbs->add_subcommand("list", "what the kernel has loaded")->callback([&t] {
    if (const auto answer = t.show("GET", "/v1/plugins")) {
      print_list(*answer);
    }
  });
  auto file = std::make_shared<std::string>();
  auto trust = std::make_shared<trust_options>();
  auto* shown =
      verbs->add_subcommand("inspect", "what a plugin file says about itself, and who signed it");
  add_trust_options(shown, *trust);
  shown->add_option("file", *file, "a plugin.so")->required();
  shown->callback([&t, file, trust] { inspect(t, *file, *trust); });
  auto* linted = verbs->add_subcommand("lint", "checks a plugin file as the loader does");
  linted->add_option("file", *file, "a plugin.so")->required();
  linted->callback([&t, file] { run_lint(t, *file); });
  add_trust_verbs(verbs, t);
  add_new(verbs, t);
  add_swap(verbs, t);
}

}  // namespace spawn::ctl
