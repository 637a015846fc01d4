// Which HTTP request is which rpc, by the contracts' google.api.http options.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http_path.hpp"
#include "methods.hpp"

namespace grpc_source {

struct http_binding {
  const method* what = nullptr;
  std::string verb;
  path_template path;
  std::string body;                                           // "", "*" or a field's name
  const google::protobuf::FieldDescriptor* answer = nullptr;  // response_body; null: all of it
};

// A field that a dotted name leads to, and those on the way; empty if there is none. Names as in
// the contract or as in JSON.
[[nodiscard]] std::vector<const google::protobuf::FieldDescriptor*> field_path(
    const google::protobuf::Descriptor& message, std::string_view dotted);

// Made in create, read by the HTTP thread after that.
class http_rule_table {
 public:
  // Throws refused, which names the method whose rule is wrong.
  explicit http_rule_table(const method_table& methods);

  // The one that says the path most exactly, and its variables; nullptr if there is none.
  [[nodiscard]] const http_binding* find(std::string_view verb, std::string_view path,
                                         std::vector<bound_field>& variables) const;
  [[nodiscard]] std::size_t size() const { return bindings_.size(); }

 private:
  std::vector<http_binding> bindings_;  // most exact first
};

}  // namespace grpc_source
