#include "reflection.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <set>

#include "wire.hpp"

namespace grpc_source {

namespace {

namespace pb = google::protobuf;

constexpr std::array services{"grpc.reflection.v1.ServerReflection",
                              "grpc.reflection.v1alpha.ServerReflection"};

// Field numbers of a request and of an answer.
enum request : int { by_name = 3, by_symbol = 4, by_extension = 5, extensions_of = 6, list = 7 };
enum response : std::uint32_t { files = 4, extensions = 5, names = 6, error = 7, asked = 2 };

class reflection final : public call_logic {
 public:
  explicit reflection(const service_context& context) : context_(context) {}

  void begin(call& c) override { c.read(); }
  void message(call& c, std::string bytes) override { c.send(answer_to(bytes)); }
  void written(call& c) override { c.read(); }
  void half_closed(call& c) override { c.finish({}); }

 private:
  // The question is the last one that is set, as in a oneof.
  std::string answer_to(const std::string& bytes) const {
    std::string out;
    wire::put(out, response::asked, std::string_view(bytes));
    pb::UnknownFieldSet in;
    const pb::UnknownField* question = nullptr;
    if (in.ParseFromString(bytes)) {
      for (int i = 0; i < in.field_count(); ++i) {
        const auto& field = in.field(i);
        if (field.number() >= request::by_name && field.number() <= request::list &&
            field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED) {
          question = &field;
        }
      }
    }
    if (question == nullptr) {
      put_error(out, code::invalid_argument, "no question of this interface");
      return out;
    }
    switch (question->number()) {
      case request::by_name:
        put_files(out, find([&](const pb::DescriptorPool& in_pool) {
                    return in_pool.FindFileByName(question->length_delimited());
                  }));
        break;
      case request::by_symbol:
        put_files(out, find([&](const pb::DescriptorPool& in_pool) {
                    return in_pool.FindFileContainingSymbol(question->length_delimited());
                  }));
        break;
      case request::by_extension:
        put_files(out, file_of_extension(question->length_delimited()));
        break;
      case request::extensions_of:
        put_extensions(out, question->length_delimited());
        break;
      default:
        put_services(out);
    }
    return out;
  }

  template <class F>
  const pb::FileDescriptor* find(F&& in_pool) const {
    const auto* found = in_pool(context_.configured.pool());
    return found != nullptr ? found : in_pool(context_.built_in.pool());
  }

  const pb::FileDescriptor* file_of_extension(const std::string& bytes) const {
    pb::UnknownFieldSet in;
    std::string type;
    int number = 0;
    if (in.ParseFromString(bytes)) {
      for (int i = 0; i < in.field_count(); ++i) {
        const auto& field = in.field(i);
        if (field.number() == 1 && field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED) {
          type = field.length_delimited();
        } else if (field.number() == 2 && field.type() == pb::UnknownField::TYPE_VARINT) {
          number = static_cast<int>(field.varint());
        }
      }
    }
    return find([&](const pb::DescriptorPool& pool) -> const pb::FileDescriptor* {
      const auto* extended = pool.FindMessageTypeByName(type);
      const auto* extension =
          extended == nullptr ? nullptr : pool.FindExtensionByNumber(extended, number);
      return extension == nullptr ? nullptr : extension->file();
    });
  }

  // The file and all that it imports, each once.
  static void put_files(std::string& out, const pb::FileDescriptor* file) {
    if (file == nullptr) {
      return put_error(out, code::not_found, "not known here");
    }
    std::string list;
    std::set<const pb::FileDescriptor*> seen{file};
    std::vector<const pb::FileDescriptor*> left{file};
    while (!left.empty()) {
      const auto* next = left.back();
      left.pop_back();
      pb::FileDescriptorProto proto;
      next->CopyTo(&proto);
      wire::put(list, 1, std::string_view(proto.SerializeAsString()));
      for (int i = 0; i < next->dependency_count(); ++i) {
        if (seen.insert(next->dependency(i)).second) {
          left.push_back(next->dependency(i));
        }
      }
    }
    wire::put(out, response::files, std::string_view(list));
  }

  void put_extensions(std::string& out, const std::string& type) const {
    bool known = false;
    std::set<int> numbers;
    for (const auto* pool : {&context_.configured.pool(), &context_.built_in.pool()}) {
      const auto* extended = pool->FindMessageTypeByName(type);
      if (extended == nullptr) {
        continue;
      }
      known = true;
      std::vector<const pb::FieldDescriptor*> found;
      pool->FindAllExtensions(extended, &found);
      for (const auto* one : found) {
        numbers.insert(one->number());
      }
    }
    if (!known) {
      return put_error(out, code::not_found, "not known here");
    }
    std::string list;
    wire::put(list, 1, std::string_view(type));
    for (const int number : numbers) {
      wire::put(list, 2, static_cast<std::uint64_t>(number));
    }
    wire::put(out, response::extensions, std::string_view(list));
  }

  void put_services(std::string& out) const {
    std::string list;
    const auto put = [&list](std::string_view name) {
      std::string one;
      wire::put(one, 1, name);
      wire::put(list, 1, std::string_view(one));
    };
    for (const std::string& name : context_.methods.services()) {
      put(name);
    }
    put("grpc.health.v1.Health");
    for (const char* name : services) {
      put(name);
    }
    wire::put(out, response::names, std::string_view(list));
  }

  static void put_error(std::string& out, code what, std::string_view text) {
    std::string one;
    wire::put(one, 1, static_cast<std::uint64_t>(what));
    wire::put(one, 2, text);
    wire::put(out, response::error, std::string_view(one));
  }

  const service_context& context_;
};

}  // namespace

std::unique_ptr<call_logic> reflection_logic(const std::string& path,
                                             const service_context& context) {
  for (const std::string name : services) {
    if (path == "/" + name + "/ServerReflectionInfo") {
      return std::make_unique<reflection>(context);
    }
  }
  return nullptr;
}

}  // namespace grpc_source
