#include "plugin_new.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "plugin/manifest.hpp"
#include "templates.hpp"

namespace spawn::ctl {
namespace {

namespace fs = std::filesystem;

// A name becomes part of a target, a crate and a file name.
bool usable_name(std::string_view name) {
  return valid_plugin_name(name) && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         name.find('.') == std::string_view::npos;
}

using word_list = std::vector<std::pair<std::string_view, std::string>>;

std::string filled_in(std::string_view text, const word_list& words) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::find_if(words.begin(), words.end(),
                                    [&](const auto& each) { return text.starts_with(each.first); });
    if (found != words.end()) {
      out.append(found->second);
      text.remove_prefix(found->first.size());
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

// What is compiled into the plugin: all sources but the unit test.
std::string sources_of(const std::map<std::string, std::string>& files, const std::string& ending) {
  std::string out;
  for (const auto& [path, text] : files) {
    if (path.ends_with(ending) && path != "test" + ending) {
      out += (out.empty() ? "" : " ") + path;
    }
  }
  return out;
}

word_list words_of(const project_request& r, const std::map<std::string, std::string>& files) {
  const bool cxx = r.lang == "c++";
  const std::string ending = cxx ? ".cpp" : ".c";
  std::string ident = r.name;
  std::replace(ident.begin(), ident.end(), '-', '_');
  return {{"@name@", r.name},
          {"@kind@", r.kind},
          {"@ident@", ident},
          {"@language@", cxx ? "CXX" : "C"},
          {"@sources@", sources_of(files, ending)},
          {"@test@", "test" + ending}};
}

// Path in the project -> text. A later layer replaces what an earlier one has under that path.
std::map<std::string, std::string> files_of(const project_request& r) {
  const std::string lang = r.lang == "c++" ? "cxx" : r.lang;
  const std::string build = r.lang == "rust" ? "cargo" : "cmake";
  std::map<std::string, std::string> out;
  for (const std::string& layer :
       {build + "/", "kinds/" + r.kind + "/", lang + "/common/", lang + "/" + r.kind + "/"}) {
    for (const template_file& each : template_files()) {
      if (each.path.starts_with(layer)) {
        out[std::string(each.path.substr(layer.size()))] = each.text;
      }
    }
  }
  const word_list words = words_of(r, out);
  for (auto& [path, text] : out) {
    text = filled_in(text, words);
  }
  return out;
}

result<void> write_file(const fs::path& at, const std::string& text) {
  std::error_code failed;
  fs::create_directories(at.parent_path(), failed);
  std::ofstream file(at, std::ios::binary);
  file << text;
  file.close();
  if (!failed && file && text.starts_with("#!")) {
    fs::permissions(at, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, failed);
  }
  if (failed || !file) {
    return fail(errc::unavailable, "can not write " + at.string());
  }
  return {};
}

}  // namespace

result<std::vector<std::string>> write_project(const project_request& r) {
  if (!usable_name(r.name)) {
    return fail(errc::invalid, "\"" + r.name +
                                   "\" is no name for a plugin: a-z first, then a-z, 0-9, '_' and "
                                   "'-', 64 characters at most");
  }
  const std::map<std::string, std::string> files = files_of(r);
  if (!files.contains("schema.json") ||
      (!files.contains("plugin.cpp") && !files.contains("plugin.c") &&
       !files.contains("src/lib.rs"))) {
    return fail(errc::invalid, "there is no template of kind " + r.kind + " in " + r.lang);
  }
  std::error_code failed;
  if (fs::exists(r.folder, failed) || failed) {
    return fail(errc::invalid, r.folder.string() +
                                   (failed ? ": " + failed.message() : " is there already") +
                                   "; choose another folder with --dir");
  }
  std::vector<std::string> written;
  for (const auto& [path, text] : files) {
    SPAWN_CHECK(write_file(r.folder / path, text));
    written.push_back(path);
  }
  return written;
}

}  // namespace spawn::ctl
