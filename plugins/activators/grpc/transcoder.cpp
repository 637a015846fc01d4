#include "transcoder.hpp"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <set>

namespace grpc_source {

namespace pb = google::protobuf;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

status bad(std::string why) {
  return {code::invalid_argument, std::move(why)};
}

// Puts the text at its field, as JSON: the message's own reader knows what a text means for a
// number, an enum, bytes or a time. An array for a repeated field.
status put(json& root, const pb::Descriptor& message, const std::string& name,
           const std::string& value, bool append) {
  const auto fields = field_path(message, name);
  if (fields.empty()) {
    return bad(name + " is no field of " + message.full_name());
  }
  json* at = &root;
  for (const auto* field : fields) {
    // A field has two names; what is said here replaces what the body says.
    if (field->name() != field->json_name() && at->contains(field->name())) {
      (*at)[field->json_name()] = std::move((*at)[field->name()]);
      at->erase(field->name());
    }
    at = &(*at)[field->json_name()];
    if (field != fields.back() && !at->is_object()) {
      *at = json::object();
    }
  }
  if (!fields.back()->is_repeated()) {
    *at = value;
  } else if (append) {
    at->push_back(value);
  }
  return {};
}

status put_query(json& root, const http_binding& what, std::string_view query,
                 const std::vector<bound_field>& variables) {
  const auto& message = *what.what->descriptor->input_type();
  std::set<std::string, std::less<>> taken;
  for (const auto& [name, value] : variables) {
    taken.insert(name);
  }
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) {
      continue;
    }
    const auto equals = pair.find('=');
    const auto key = decode(pair.substr(0, equals), false, true);
    const auto value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
               false, true);
    if (!key || !value) {
      return bad("the query is not encoded as it should be");
    }
    const auto first = key->substr(0, key->find('.'));
    if (what.body == "*" || first == what.body || taken.contains(*key)) {
      return bad("the query has " + *key + ", which is said by the body or the path");
    }
    if (status s = put(root, message, *key, *value, true); !s.ok()) {
      return s;
    }
  }
  return {};
}

// Whether arrays and objects are nested deeper than a reader, or the writer here, likes.
bool too_deep(std::string_view text) {
  constexpr int deepest = 100;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && depth <= deepest; ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else {
      quoted = c == '"';
      depth += (c == '[' || c == '{') ? 1 : (c == ']' || c == '}') ? -1 : 0;
    }
  }
  return depth > deepest;
}

// The body's JSON at its place.
status put_body(json& root, const http_binding& what, std::string_view body) {
  if (body.empty()) {
    return {};
  }
  if (what.body.empty()) {
    return bad("this request has no body");
  }
  if (too_deep(body)) {
    return bad("the body is nested too deep");
  }
  auto given = json::parse(body, nullptr, false);
  if (given.is_discarded()) {
    return bad("the body is no JSON");
  }
  if (what.body != "*") {
    root[what.body] = std::move(given);
    return {};
  }
  if (!given.is_object()) {
    return bad("the body is no JSON object");
  }
  root = std::move(given);
  return {};
}

}  // namespace

status transcoder::read(const http_request& from, const http_binding*& what,
                        std::string& message) const {
  const auto mark = from.target.find('?');
  const auto path = from.target.substr(0, mark);
  const auto query =
      mark == std::string_view::npos ? std::string_view() : from.target.substr(mark + 1);
  std::vector<bound_field> variables;
  what = rules_.find(from.verb, path, variables);
  if (what == nullptr) {
    return {code::not_found, "there is no " + std::string(from.verb) + " " + std::string(path)};
  }
  if (what->what->descriptor->client_streaming()) {
    return {code::unimplemented, what->what->full_name +
                                     " takes a stream: it can not be had by "
                                     "HTTP"};
  }
  const auto& input = *what->what->descriptor->input_type();
  std::string text;
  if (what->body == "*" && variables.empty() && query.empty()) {
    text = from.body.empty() ? "{}" : from.body;
  } else {
    json root = json::object();
    if (status s = put_body(root, *what, from.body); !s.ok()) {
      return s;
    }
    for (const auto& [name, value] : variables) {
      if (status s = put(root, input, name, value, false); !s.ok()) {
        return s;
      }
    }
    if (status s = put_query(root, *what, query, variables); !s.ok()) {
      return s;
    }
    try {
      text = root.dump();
    } catch (const json::exception&) {
      return bad("a text of the path or the query is not UTF-8");
    }
  }
  message.clear();
  const auto done = pb::util::JsonToBinaryString(&what->what->known->types(), what->what->input_url,
                                                 text, &message);
  return done.ok() ? status() : bad(done.message().as_string());
}

status transcoder::write(const http_binding& what, const std::string& message,
                         std::string& json_out) {
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = what.answer != nullptr;  // so that it is there
  json_out.clear();
  const auto done = pb::util::BinaryToJsonString(&what.what->known->types(),
                                                 "type.googleapis.com/" + what.what->output(),
                                                 message, &json_out, options);
  if (!done.ok()) {
    return {code::internal, "the answer can not be shown as JSON: " + done.message().as_string()};
  }
  if (what.answer != nullptr) {
    const auto all = ordered_json::parse(json_out, nullptr, false);
    const auto at = all.find(what.answer->json_name());
    json_out = at == all.end() ? (what.answer->is_repeated() ? "[]" : "{}")
                               : at->dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }
  return {};
}

std::string transcoder::error_body(const status& s) {
  ordered_json out;
  out["code"] = static_cast<int>(s.what);
  out["message"] = s.text;
  out["details"] = ordered_json::array();
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace grpc_source
