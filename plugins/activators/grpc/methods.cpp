#include "methods.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cctype>

namespace grpc_source {

namespace pb = google::protobuf;
using pb::internal::WireFormatLite;
using spawn::plugin::refused;
using type = pb::FieldDescriptor::Type;

namespace {

// hello_actor, helloActor and HelloActor are all HelloActor.
std::string camel_case(const std::string& name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c == '_') {
      up = true;
      continue;
    }
    out.push_back(up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    up = false;
  }
  return out;
}

bool names_instances(const pb::FieldDescriptor& field) {
  using cpp = pb::FieldDescriptor::CppType;
  const cpp what = field.cpp_type();
  return !field.is_repeated() &&
         (field.type() == type::TYPE_STRING || what == cpp::CPPTYPE_INT32 ||
          what == cpp::CPPTYPE_INT64 || what == cpp::CPPTYPE_UINT32 || what == cpp::CPPTYPE_UINT64);
}

// The field's value as text, from the wire. False: the field has another wire type.
bool read_value(pb::io::CodedInputStream& in, const pb::FieldDescriptor& field, std::string& out) {
  std::uint64_t wide = 0;
  std::uint32_t narrow = 0;
  switch (field.type()) {
    case type::TYPE_STRING:
      return in.ReadVarint32(&narrow) && in.ReadString(&out, static_cast<int>(narrow));
    case type::TYPE_FIXED32:
    case type::TYPE_SFIXED32:
      if (!in.ReadLittleEndian32(&narrow)) {
        return false;
      }
      out = field.type() == type::TYPE_FIXED32 ? std::to_string(narrow)
                                               : std::to_string(static_cast<std::int32_t>(narrow));
      return true;
    case type::TYPE_FIXED64:
    case type::TYPE_SFIXED64:
      if (!in.ReadLittleEndian64(&wide)) {
        return false;
      }
      out = field.type() == type::TYPE_FIXED64 ? std::to_string(wide)
                                               : std::to_string(static_cast<std::int64_t>(wide));
      return true;
    default:
      break;
  }
  if (!in.ReadVarint64(&wide)) {
    return false;
  }
  switch (field.type()) {
    case type::TYPE_INT32:
      out = std::to_string(static_cast<std::int32_t>(wide));
      return true;
    case type::TYPE_INT64:
      out = std::to_string(static_cast<std::int64_t>(wide));
      return true;
    case type::TYPE_UINT32:
      out = std::to_string(static_cast<std::uint32_t>(wide));
      return true;
    case type::TYPE_SINT32:
      out = std::to_string(WireFormatLite::ZigZagDecode32(static_cast<std::uint32_t>(wide)));
      return true;
    case type::TYPE_SINT64:
      out = std::to_string(WireFormatLite::ZigZagDecode64(wide));
      return true;
    default:
      out = std::to_string(wide);
      return true;
  }
}

// The last occurrence counts, as protobuf has it. False: the bytes are no message.
bool instance_name(const std::string& bytes, const pb::FieldDescriptor& field, std::string& out) {
  out = field.type() == type::TYPE_STRING ? "" : "0";
  const auto wanted = WireFormatLite::MakeTag(
      field.number(),
      WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field.type())));
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag == wanted ? !read_value(in, field, out) : !WireFormatLite::SkipField(&in, tag)) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

status address(const method& m, std::string bytes, spawn::plugin::delivery& out) {
  if (m.kind == actor_kind::pooled || m.kind == actor_kind::proxy) {
    return {code::failed_precondition, "actor " + m.actor + " is of a kind that gRPC can not call"};
  }
  out.name = m.actor;
  if (m.id != nullptr) {
    if (!instance_name(bytes, *m.id, out.name)) {
      return {code::invalid_argument,
              "the request is no " + m.descriptor->input_type()->full_name()};
    }
    if (out.name.empty()) {
      return {code::invalid_argument,
              m.id->full_name() + " is empty: it names the instance of actor " + m.actor};
    }
    out.parent = m.actor;
    out.register_ref = m.actor;
  } else if (m.kind == actor_kind::unnamed) {
    return {code::unknown, m.descriptor->input_type()->full_name() +
                               " has no field with the option actor_id, which names the "
                               "instance of actor " +
                               m.actor};
  }
  out.source = m.full_name;
  out.action = m.action();
  out.type_url = m.input_url;
  out.payload = std::move(bytes);
  return {};
}

method_table::method_table(const proto_pool& configured, const proto_pool& built_in) {
  for (const auto* service : configured.services()) {
    if (actor_option(*service)) {
      add(*service, configured);
    }
  }
  for (const auto* service : built_in.services()) {
    if (actor_option(*service) &&
        std::ranges::find(services_, service->full_name()) == services_.end()) {
      add(*service, built_in);
    }
  }
}

void method_table::add(const pb::ServiceDescriptor& service, const proto_pool& known) {
  services_.push_back(service.full_name());
  for (int i = 0; i < service.method_count(); ++i) {
    auto m = std::make_unique<method>();
    m->descriptor = service.method(i);
    m->known = &known;
    m->full_name = service.full_name() + "/" + m->action();
    m->path = "/" + m->full_name;
    m->actor = camel_case(service.name());
    m->input_url = "type.googleapis.com/" + m->descriptor->input_type()->full_name();
    m->kind = actor_option(service).value_or(actor_kind::unknown);
    m->is_health = m->action() == "Readiness" || m->action() == "Liveness";
    if (m->kind == actor_kind::unknown || m->kind == actor_kind::unnamed) {
      m->id = actor_id_field(*m->descriptor->input_type());
      if (m->id != nullptr && !names_instances(*m->id)) {
        throw refused(SPAWN_E_INVALID, "config: protos: " + m->id->full_name() +
                                           " has the option actor_id, and is neither one string "
                                           "nor one integer");
      }
    }
    by_path_.emplace(m->path, m.get());
    methods_.push_back(std::move(m));
  }
}

const method* method_table::find(const std::string& path) const {
  const auto at = by_path_.find(path);
  return at == by_path_.end() ? nullptr : at->second;
}

}  // namespace grpc_source
