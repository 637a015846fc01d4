#include "proto_pool.hpp"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>

namespace grpc_source {

namespace pb = google::protobuf;
namespace fs = std::filesystem;
using spawn::plugin::refused;

namespace {

struct embedded_text {
  std::string_view name, text;
};
constexpr std::array embedded = std::to_array<embedded_text>({
#include "embedded_texts.inc"
});

constexpr std::array built_in_files{"spawn/actors/healthcheck.proto", "grpc/health/v1/health.proto",
                                    "grpc/reflection/v1/reflection.proto",
                                    "grpc/reflection/v1alpha/reflection.proto"};
constexpr std::string_view well_known = "google/protobuf/";

// What is on disk first, then what the plugin brings along. Never google/protobuf/: those come from
// the library, whose parser knows its own.
class source_tree : public pb::compiler::SourceTree {
 public:
  void map(const std::string& folder) { disk_.MapPath("", folder); }
  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    if (name.starts_with(well_known)) {
      return nullptr;
    }
    if (auto* found = disk_.Open(name); found != nullptr) {
      return found;
    }
    const auto* at = std::ranges::find(embedded, name, &embedded_text::name);
    return at == embedded.end()
               ? nullptr
               : new pb::io::ArrayInputStream(at->text.data(), static_cast<int>(at->text.size()));
  }
  std::string GetLastErrorMessage() override { return disk_.GetLastErrorMessage(); }

 private:
  pb::compiler::DiskSourceTree disk_;
};

class library_files : public pb::DescriptorDatabase {
 public:
  bool FindFileByName(const std::string& name, pb::FileDescriptorProto* out) override {
    const auto* found = name.starts_with(well_known)
                            ? pb::DescriptorPool::generated_pool()->FindFileByName(name)
                            : nullptr;
    if (found == nullptr) {
      return false;
    }
    found->CopyTo(out);
    return true;
  }
  bool FindFileContainingSymbol(const std::string&, pb::FileDescriptorProto*) override {
    return false;
  }
  bool FindFileContainingExtension(const std::string&, int, pb::FileDescriptorProto*) override {
    return false;
  }
};

// For which runtime code would be generated does not matter here, and must not: a contract that is
// for the small one could not be imported by one that is not.
class any_runtime : public pb::DescriptorDatabase {
 public:
  explicit any_runtime(pb::DescriptorDatabase& from) : from_(from) {}
  bool FindFileByName(const std::string& name, pb::FileDescriptorProto* out) override {
    return from_.FindFileByName(name, out) && freed(out);
  }
  bool FindFileContainingSymbol(const std::string& name, pb::FileDescriptorProto* out) override {
    return from_.FindFileContainingSymbol(name, out) && freed(out);
  }
  bool FindFileContainingExtension(const std::string& type, int number,
                                   pb::FileDescriptorProto* out) override {
    return from_.FindFileContainingExtension(type, number, out) && freed(out);
  }

 private:
  static bool freed(pb::FileDescriptorProto* file) {
    if (!file->has_options()) {
      return true;
    }
    file->mutable_options()->clear_optimize_for();
    auto* parsed = file->mutable_options()->mutable_uninterpreted_option();
    for (int i = parsed->size() - 1; i >= 0; --i) {
      if (parsed->Get(i).name_size() == 1 && parsed->Get(i).name(0).name_part() == "optimize_for") {
        parsed->DeleteSubrange(i, 1);
      }
    }
    return true;
  }
  pb::DescriptorDatabase& from_;
};

// Keeps the first error: the others mostly follow from it.
class first_error : public pb::compiler::MultiFileErrorCollector {
 public:
  // A set of descriptors has no lines: -1.
  void AddError(const std::string& file, int line, int column, const std::string& what) override {
    if (text_.empty()) {
      text_ = file + ":" +
              (line < 0 ? std::string()
                        : std::to_string(line + 1) + ":" + std::to_string(column + 1) + ":") +
              " " + what;
    }
  }
  void AddWarning(const std::string&, int, int, const std::string&) override {}
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Names, as imports say them, of the files to compile. Maps the folders.
std::set<std::string> find_sources(const std::vector<std::string>& protos, source_tree& tree) {
  std::set<std::string> out;
  for (const fs::path entry : protos) {
    std::error_code failed;
    if (fs::is_regular_file(entry, failed)) {
      const auto folder = entry.parent_path();
      tree.map(folder.empty() ? "." : folder.string());
      out.insert(entry.filename().string());
      continue;
    }
    fs::recursive_directory_iterator at(entry, failed);
    if (failed) {
      throw refused(SPAWN_E_INVALID,
                    "config: protos names " + entry.string() + ": " + failed.message());
    }
    tree.map(entry.string());
    for (const fs::recursive_directory_iterator end; at != end; at.increment(failed)) {
      const auto name = at->path().lexically_relative(entry).generic_string();
      if (at->path().extension() == ".proto" && name.find("google/") == std::string::npos) {
        out.insert(name);
      }
    }
  }
  return out;
}

}  // namespace

struct proto_pool::parts {
  source_tree tree;
  library_files library;
  pb::compiler::SourceTreeDescriptorDatabase sources{&tree, &library};
  pb::SimpleDescriptorDatabase set;
  pb::MergedDescriptorDatabase all{&set, &sources};
  any_runtime files{all};
  first_error errors;
  pb::DescriptorPool pool{&files, sources.GetValidationErrorCollector()};

  // Names of its files.
  std::set<std::string> read_set(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    pb::FileDescriptorSet from;
    if (!in || !from.ParseFromIstream(&in)) {
      throw refused(SPAWN_E_INVALID, "config: descriptors names " + file +
                                         ", which can not be read as a FileDescriptorSet");
    }
    std::set<std::string> out;
    for (const auto& one : from.file()) {
      if (one.name().starts_with(well_known)) {
        continue;
      }
      (void)set.Add(one);
      if (one.name().find("google/") == std::string::npos) {
        out.insert(one.name());
      }
    }
    return out;
  }
};

proto_pool::proto_pool(const settings& from) : parts_(std::make_unique<parts>()) {
  auto files = find_sources(from.protos, parts_->tree);
  if (!from.descriptors.empty()) {
    files.merge(parts_->read_set(from.descriptors));
  }
  load(files);
}

proto_pool::proto_pool() : parts_(std::make_unique<parts>()) {
  load({built_in_files.begin(), built_in_files.end()});
}

proto_pool::~proto_pool() = default;

void proto_pool::load(const std::set<std::string>& files) {
  parts_->sources.RecordErrorsTo(&parts_->errors);
  for (const std::string& name : files) {
    const auto* file = parts_->pool.FindFileByName(name);
    if (file == nullptr) {
      const auto& why = parts_->errors.text();
      throw refused(SPAWN_E_INVALID,
                    "config: protos: " + (why.empty() ? name + ": not found" : why));
    }
    for (int i = 0; i < file->service_count(); ++i) {
      services_.push_back(file->service(i));
    }
  }
  types_.reset(pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", &parts_->pool));
}

const pb::DescriptorPool& proto_pool::pool() const {
  return parts_->pool;
}

}  // namespace grpc_source
