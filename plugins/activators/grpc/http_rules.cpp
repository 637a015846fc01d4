#include "http_rules.hpp"

#include <algorithm>

namespace grpc_source {

namespace pb = google::protobuf;
using spawn::plugin::refused;

namespace {

const pb::FieldDescriptor* field_of(const pb::Descriptor& message, const std::string& name) {
  const auto* found = message.FindFieldByName(name);
  for (int i = 0; found == nullptr && i < message.field_count(); ++i) {
    found = message.field(i)->json_name() == name ? message.field(i) : nullptr;
  }
  return found;
}

http_binding binding_of(const method& m, const http_rule& rule) {
  const auto refuse = [&](const std::string& why) {
    throw refused(SPAWN_E_INVALID,
                  "config: protos: google.api.http of " + m.full_name + ": " + why);
  };
  if (rule.verb.empty()) {
    refuse("there is no path");
  }
  auto path = path_template::parse(rule.path);
  if (!path) {
    refuse("\"" + rule.path + "\" is no path template");
  }
  const auto& input = *m.descriptor->input_type();
  for (const std::string& name : path->variables()) {
    const auto fields = field_path(input, name);
    if (fields.empty() || fields.back()->is_repeated()) {
      refuse("the path's {" + name + "} is no single field of " + input.full_name());
    }
  }
  http_binding out{&m, rule.verb, std::move(*path), rule.body, nullptr};
  if (!rule.body.empty() && rule.body != "*" && field_of(input, rule.body) == nullptr) {
    refuse("the body's field " + rule.body + " is not in " + input.full_name());
  }
  if (!rule.response_body.empty()) {
    out.answer = field_of(*m.descriptor->output_type(), rule.response_body);
    if (out.answer == nullptr) {
      refuse("the field " + rule.response_body + " of response_body is not in " + m.output());
    }
  }
  return out;
}

}  // namespace

std::vector<const pb::FieldDescriptor*> field_path(const pb::Descriptor& message,
                                                   std::string_view dotted) {
  std::vector<const pb::FieldDescriptor*> out;
  const pb::Descriptor* in = &message;
  for (std::string_view left = dotted; in != nullptr;) {
    const auto dot = left.find('.');
    const auto* field = field_of(*in, std::string(left.substr(0, dot)));
    if (field == nullptr || field->is_map()) {
      return {};
    }
    out.push_back(field);
    if (dot == std::string_view::npos) {
      return out;
    }
    in = field->is_repeated() ? nullptr : field->message_type();
    left.remove_prefix(dot + 1);
  }
  return {};
}

http_rule_table::http_rule_table(const method_table& methods) {
  for (const auto& m : methods.all()) {
    for (const http_rule& rule : http_rules(*m->descriptor)) {
      http_binding one = binding_of(*m, rule);
      const auto behind = [](const http_binding& a, const http_binding& b) {
        return a.path.exactness() > b.path.exactness();
      };
      bindings_.insert(std::ranges::upper_bound(bindings_, one, behind), std::move(one));
    }
  }
}

const http_binding* http_rule_table::find(std::string_view verb, std::string_view path,
                                          std::vector<bound_field>& variables) const {
  for (const http_binding& one : bindings_) {
    if (one.verb != verb && one.verb != "*") {
      continue;
    }
    if (auto found = one.path.match(path)) {
      variables = std::move(*found);
      return &one;
    }
  }
  return nullptr;
}

}  // namespace grpc_source
