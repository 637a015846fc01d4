#include "plugin_new.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <system_error>

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

std::string filled_in(std::string_view text, const project_request& r) {
  std::string ident = r.name;
  std::replace(ident.begin(), ident.end(), '-', '_');
  const std::array<std::pair<std::string_view, std::string_view>, 3> known = {
      {{"@name@", r.name}, {"@kind@", r.kind}, {"@ident@", ident}}};
  std::string out;
  while (!text.empty()) {
    const auto* const found = std::find_if(
        known.begin(), known.end(), [&](const auto& each) { return text.starts_with(each.first); });
    if (found != known.end()) {
      out.append(found->second);
      text.remove_prefix(found->first.size());
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
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
        out[std::string(each.path.substr(layer.size()))] = filled_in(each.text, r);
      }
    }
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
  std::error_code failed;
  if (fs::exists(r.folder, failed) || failed) {
    return fail(errc::invalid, r.folder.string() +
                                   (failed ? ": " + failed.message() : " is there already") +
                                   "; choose another folder with --dir");
  }
  std::vector<std::string> written;
  for (const auto& [path, text] : files_of(r)) {
    SPAWN_CHECK(write_file(r.folder / path, text));
    written.push_back(path);
  }
  return written;
}

}  // namespace spawn::ctl
