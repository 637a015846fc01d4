// The file alone, read with the kernel's own reader: no code of the plugin runs.
#include <elf.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "plugin/config_check.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/lint.hpp"
#include "subject.hpp"
#include "test.hpp"

namespace spawn::check {
namespace {

using contract::failed;
using contract::require;
using nlohmann::json;

void can_be_read(subject& s) {
  (void)s.bytes();
}

void is_elf(subject& s) {
  require(s.bytes().starts_with(ELFMAG), "it does not begin like an ELF file");
}

void is_whole(subject& s) {
  (void)s.image();
}

void is_for_this_machine(subject& s) {
  require(s.image().machine == own_machine(), "it is for another machine");
}

void is_of_this_abi(subject& s) {
  const auto text = manifest_of(s.image());
  require(text || text.error().code != errc::unsupported, text ? "" : text.error().text);
}

void has_a_manifest(subject& s) {
  (void)s.note();
}

void manifest_is_json(subject& s) {
  const json parsed = json::parse(s.note(), nullptr, false);
  require(parsed.is_object(), "its manifest is not a JSON object");
}

void manifest_is_complete(subject& s) {
  (void)s.manifest();
}

void manifest_is_one_line(subject& s) {
  require(s.note().find('\n') == std::string::npos, "its manifest has line breaks");
}

void manifest_has_known_keys(subject& s) {
  const std::set<std::string> known{"abi",     "blocking", "capabilities", "config_schema",
                                    "kind",    "lanes",    "license",      "name",
                                    "version", "protobuf", "unloadable",   "exclusive"};
  std::string strange;
  for (const auto& [key, value] : json::parse(s.note()).items()) {
    strange += known.contains(key) ? "" : (strange.empty() ? "" : ", ") + key;
  }
  if (!strange.empty()) {
    throw warned{"this kernel does not know: " + strange};
  }
}

void manifest_minor_is_known(subject& s) {
  require(s.manifest().abi_minor <= SPAWN_ABI_MINOR,
          "built for ABI minor " + std::to_string(s.manifest().abi_minor) +
              ", this checker knows " + std::to_string(SPAWN_ABI_MINOR));
}

void license_is_told(subject& s) {
  if (s.manifest().license.empty()) {
    throw warned{"the manifest names no license"};
  }
}

void capabilities_are_told_once(subject& s) {
  const auto& all = s.manifest().capabilities;
  for (const std::string& one : all) {
    require(std::count(all.begin(), all.end(), one) == 1, "\"" + one + "\" is listed twice");
  }
}

void schema_is_there(subject& s) {
  if (s.manifest().config_schema.empty()) {
    throw warned{"without config_schema nobody sees a mistake in the configuration"};
  }
}

void schema_finds_typing_errors(subject& s) {
  if (s.manifest().config_schema.empty()) {
    throw contract::skipped{"it has no config_schema"};
  }
  json config = json::parse(s.fresh_config());
  config["no_such_key_of_this_plugin"] = 1;
  if (check_config("checked", s.manifest().config_schema, config.dump(), {})) {
    throw warned{
        "its schema takes keys it does not know: \"additionalProperties\": false is missing"};
  }
}

void config_fits_the_schema(subject& s) {
  if (s.manifest().config_schema.empty()) {
    throw contract::skipped{"it has no config_schema"};
  }
  const auto checked = check_config("checked", s.manifest().config_schema, s.fresh_config(), {});
  require(checked.has_value(), checked ? "" : checked.error().text + "; give --config FILE");
}

void exports_its_entry(subject& s) {
  const auto& all = s.image().exports;
  require(std::any_of(all.begin(), all.end(),
                      [](const elf_symbol& one) { return one.name == SPAWN_ENTRY_SYMBOL; }),
          "it does not export " SPAWN_ENTRY_SYMBOL);
}

// A rule of the kernel's own lint.
std::function<void(subject&)> lint_rule(std::string rule) {
  return [rule = std::move(rule)](subject& s) {
    for (const lint_finding& one : lint(s.image(), s.manifest())) {
      if (one.rule == rule && one.severity == lint_severity::refuse) {
        throw failed{one.text};
      }
      if (one.rule == rule) {
        throw warned{one.text};
      }
    }
  };
}

}  // namespace

test_list file_tests() {
  return {
      {"file.can_be_read", "it is a regular file of at most 1 GiB", can_be_read, true},
      {"file.is_elf", "it begins like an ELF file", is_elf, true},
      {"file.is_whole", "headers, notes and tables lie inside the file", is_whole, true},
      {"file.is_for_this_machine", "it was built for this processor", is_for_this_machine, true},
      {"file.is_of_this_abi", "its note is not of another ABI major", is_of_this_abi, true},
      {"file.has_a_manifest", "there is one manifest, in a .note.spawn", has_a_manifest, true},
      {"file.manifest_is_json", "the manifest is a JSON object", manifest_is_json, true},
      {"file.manifest_is_complete", "kind, name, version, abi and lanes are there and well formed",
       manifest_is_complete, true},
      {"file.manifest_is_one_line", "the manifest is one line", manifest_is_one_line},
      {"file.manifest_has_known_keys", "the manifest has no key that the kernel passes over",
       manifest_has_known_keys},
      {"file.manifest_minor_is_known", "the ABI minor of the manifest is one this checker knows",
       manifest_minor_is_known},
      {"file.license_is_told", "the manifest names a license", license_is_told},
      {"file.capabilities_are_told_once", "no capability is listed twice",
       capabilities_are_told_once},
      {"file.schema_is_there", "the manifest has a JSON Schema for the config", schema_is_there},
      {"file.schema_finds_typing_errors", "the schema refuses a key it does not know",
       schema_finds_typing_errors},
      {"file.config_fits_the_schema", "the config of this run fits the schema",
       config_fits_the_schema, true},
      {"file.exports_its_entry", "it exports " SPAWN_ENTRY_SYMBOL, exports_its_entry, true},
      {"file.exports_nothing_else", "it exports nothing but entry functions", lint_rule("exports")},
      {"file.has_no_unique_symbols", "nothing in it is process-wide in spite of RTLD_LOCAL",
       lint_rule("unique")},
      {"file.has_no_text_relocations", "its code pages are never written", lint_rule("textrel")},
      {"file.has_no_executable_stack", "it asks for no executable stack", lint_rule("stack")},
      {"file.has_no_search_path", "it has neither RPATH nor RUNPATH", lint_rule("rpath")},
      {"file.does_not_share_protobuf", "it is not linked to the full protobuf runtime unannounced",
       lint_rule("protobuf")},
      {"file.does_not_stay_loaded", "it needs no library that can not be unloaded",
       lint_rule("grpc")},
  };
}

}  // namespace spawn::check
