#include "config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace spawn::check {
namespace {

using nlohmann::json;

constexpr int depth_max = 64;

json json_of(const YAML::Node& node, int depth) {
  if (depth > depth_max) {
    throw std::runtime_error("is nested too deeply");
  }
  if (node.IsMap()) {
    json out = json::object();
    for (const auto& one : node) {
      out[one.first.as<std::string>()] = json_of(one.second, depth + 1);
    }
    return out;
  }
  if (node.IsSequence()) {
    json out = json::array();
    for (const auto& one : node) {
      out.push_back(json_of(one, depth + 1));
    }
    return out;
  }
  if (!node.IsScalar()) {
    return nullptr;
  }
  const std::string text = node.Scalar();
  if (node.Tag() == "!") {  // quoted
    return text;
  }
  // Numbers and truth values are written as in JSON; all else is text.
  const json plain = json::parse(text, nullptr, false);
  return plain.is_primitive() && !plain.is_discarded() ? plain : json(text);
}

void replace_all(std::string& in, const std::string& what, const std::string& with) {
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at)) {
    in.replace(at, what.size(), with);
    at += with.size();
  }
}

void fill_in(json& value, const std::string& dir, const std::string& n) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    replace_all(text, "{dir}", dir);
    replace_all(text, "{n}", n);
  } else if (value.is_structured()) {
    for (json& one : value) {
      fill_in(one, dir, n);
    }
  }
}

}  // namespace

std::string read_config(const std::string& file) {
  try {
    const YAML::Node root = YAML::LoadFile(file);
    const json out = root.IsNull() ? json::object() : json_of(root, 0);
    if (!out.is_object()) {
      throw std::runtime_error("is not a map of keys");
    }
    return out.dump();
  } catch (const std::exception& e) {
    throw std::runtime_error(file + ": " + e.what());
  }
}

std::string filled_in(const std::string& config_json, const std::string& dir,
                      const std::string& n) {
  json config = json::parse(config_json);
  fill_in(config, dir, n);
  return config.dump();
}

}  // namespace spawn::check
