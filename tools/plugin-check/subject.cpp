#include "subject.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>
#include <span>

#include "config_file.hpp"
#include "plugin/elf_note.hpp"
#include "trace.hpp"

namespace spawn::check {
namespace {

template <class T>
T value_of(result<T> from) {
  if (!from) {
    throw contract::failed{from.error().text};
  }
  return std::move(*from);
}

}  // namespace

std::string subject::fresh_folder() {
  const std::string out = given_.folder + "/" + std::to_string(++made_);
  std::filesystem::create_directories(out);
  return out;
}

std::string subject::fresh_config() {
  const std::string dir = fresh_folder();
  return filled_in(given_.config, dir, std::to_string(::getpid()) + "-" + std::to_string(made_));
}

const std::string& subject::bytes() {
  if (!bytes_) {
    bytes_ = value_of(read_plugin_file(given_.path));
  }
  return *bytes_;
}

const elf_image& subject::image() {
  if (!image_) {
    image_ = value_of(read_elf(std::as_bytes(std::span(bytes()))));
  }
  return *image_;
}

const std::string& subject::note() {
  if (!note_) {
    note_ = value_of(manifest_of(image()));
  }
  return *note_;
}

const plugin_manifest& subject::manifest() {
  if (!manifest_) {
    manifest_ = value_of(parse_manifest(note()));
  }
  return *manifest_;
}

const spawn_plugin_entry* subject::entry() {
  if (!entry_) {
    entry_ = traced(entry_function(open_library(given_.path))());
  }
  return *entry_;
}

contract::target subject::target() {
  contract::target out;
  out.entry = entry();
  out.fresh_config = [this] { return fresh_config(); };
  out.one_lane = one_lane();
  out.seed = seed();
  return out;
}

void* open_library(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw contract::failed{::dlerror()};
  }
  return library;
}

spawn_plugin_entry_fn entry_function(void* library) {
  const auto out = reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL));
  if (out == nullptr) {
    throw contract::failed{"it has no " SPAWN_ENTRY_SYMBOL};
  }
  return out;
}

}  // namespace spawn::check
