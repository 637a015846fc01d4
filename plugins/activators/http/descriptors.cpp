#include "descriptors.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <fstream>
#include <stdexcept>

namespace http_activator {

namespace {

namespace pb = google::protobuf;

// What a set refers to and does not hold, said once instead of on the standard error stream.
class listener final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                ErrorLocation, const std::string& message) override {
    if (first.empty()) {
      first = file + ": " + element + ": " + message;
    }
  }
  std::string first;
};

std::string url_of(std::string_view name) {
  return std::string(type_url_prefix) + "/" + std::string(name);
}

}  // namespace

struct descriptors::pool {
  pb::DescriptorPool all;
  std::unique_ptr<pb::util::TypeResolver> types;
  mutable pb::DynamicMessageFactory messages;
};

descriptors::descriptors(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw std::runtime_error(file + " can not be read");
  }
  pb::FileDescriptorSet set;
  if (!set.ParseFromIstream(&in) || set.file_size() == 0) {
    throw std::runtime_error(file + " is no descriptor set");
  }
  auto made = std::make_unique<pool>();
  for (const auto& one : set.file()) {
    listener faults;
    if (made->all.BuildFileCollectingErrors(one, &faults) == nullptr) {
      throw std::runtime_error(file + ": " + faults.first + " (protoc needs --include_imports)");
    }
  }
  made->types.reset(
      pb::util::NewTypeResolverForDescriptorPool(std::string(type_url_prefix), &made->all));
  pool_ = std::move(made);
}

descriptors::~descriptors() = default;

bool descriptors::knows(std::string_view name) const {
  return pool_->all.FindMessageTypeByName(std::string(name)) != nullptr;
}

bool descriptors::is_message(std::string_view name, std::string_view binary) const {
  const pb::Descriptor* type = pool_->all.FindMessageTypeByName(std::string(name));
  if (type == nullptr) {
    return false;
  }
  const std::unique_ptr<pb::Message> one(pool_->messages.GetPrototype(type)->New());
  return one->ParseFromArray(binary.data(), static_cast<int>(binary.size()));
}

std::optional<std::string> descriptors::to_binary(std::string_view name, std::string_view json,
                                                  std::string& why) const {
  std::string out;
  const auto done = pb::util::JsonToBinaryString(pool_->types.get(), url_of(name),
                                                 {json.data(), json.size()}, &out);
  if (!done.ok()) {
    why = std::string(done.message());
    return std::nullopt;
  }
  return out;
}

std::optional<std::string> descriptors::to_json(std::string_view name,
                                                std::string_view binary) const {
  if (!is_message(name, binary)) {
    return std::nullopt;
  }
  std::string out;
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  const auto done = pb::util::BinaryToJsonString(pool_->types.get(), url_of(name),
                                                 std::string(binary), &out, options);
  return done.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace http_activator
