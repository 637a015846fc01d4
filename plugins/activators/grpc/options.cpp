#include "options.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

namespace grpc_source {

namespace pb = google::protobuf;

namespace {

constexpr int actor_number = 4890128, actor_id_number = 9999, http_number = 72295728;
constexpr int kind_of_actor = 9;

// Known or not: all fields of the options.
struct option_fields {
  template <class Options>
  explicit option_fields(const Options& options) {
    (void)all.ParseFromString(options.SerializeAsString());
  }
  pb::UnknownFieldSet all;
};

// An option may be said in parts; together they are its message.
std::optional<std::string> message_at(const pb::UnknownFieldSet& in, int number) {
  std::optional<std::string> out;
  for (int i = 0; i < in.field_count(); ++i) {
    const auto& field = in.field(i);
    if (field.number() == number && field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED) {
      out = out.value_or("") + field.length_delimited();
    }
  }
  return out;
}

std::uint64_t number_at(const pb::UnknownFieldSet& in, int number) {
  std::uint64_t out = 0;
  for (int i = 0; i < in.field_count(); ++i) {
    const auto& field = in.field(i);
    if (field.number() == number && field.type() == pb::UnknownField::TYPE_VARINT) {
      out = field.varint();
    }
  }
  return out;
}

void add_rule(const std::string& bytes, std::vector<http_rule>& to) {
  constexpr int first_verb = 2, last_verb = 6, body = 7, custom = 8, more = 11, answer = 12;
  static constexpr const char* verbs[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
  pb::UnknownFieldSet in;
  (void)in.ParseFromString(bytes);
  http_rule out;
  out.body = message_at(in, body).value_or("");
  out.response_body = message_at(in, answer).value_or("");
  for (int number = first_verb; number <= last_verb; ++number) {
    if (auto path = message_at(in, number)) {
      out.verb = verbs[number - first_verb];
      out.path = std::move(*path);
    }
  }
  if (const auto pattern = message_at(in, custom)) {
    pb::UnknownFieldSet inner;
    (void)inner.ParseFromString(*pattern);
    out.verb = message_at(inner, 1).value_or("");
    out.path = message_at(inner, 2).value_or("");
  }
  to.push_back(std::move(out));
  for (int i = 0; i < in.field_count(); ++i) {
    const auto& field = in.field(i);
    if (field.number() == more && field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED) {
      add_rule(field.length_delimited(), to);
    }
  }
}

}  // namespace

std::optional<actor_kind> actor_option(const pb::ServiceDescriptor& service) {
  const auto bytes = message_at(option_fields(service.options()).all, actor_number);
  if (!bytes) {
    return std::nullopt;
  }
  pb::UnknownFieldSet actor;
  (void)actor.ParseFromString(*bytes);
  const auto kind = number_at(actor, kind_of_actor);
  return kind > static_cast<std::uint64_t>(actor_kind::projection) ? actor_kind::unknown
                                                                   : static_cast<actor_kind>(kind);
}

const pb::FieldDescriptor* actor_id_field(const pb::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (number_at(option_fields(message.field(i)->options()).all, actor_id_number) != 0) {
      return message.field(i);
    }
  }
  return nullptr;
}

std::vector<http_rule> http_rules(const pb::MethodDescriptor& method) {
  std::vector<http_rule> out;
  if (const auto bytes = message_at(option_fields(method.options()).all, http_number)) {
    add_rule(*bytes, out);
  }
  return out;
}

}  // namespace grpc_source
