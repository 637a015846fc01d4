// One message as routes see it: its fields by name, and its body.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "plugin/ports/activator_port.hpp"

namespace spawn {

// Made for the time of routing; borrows the delivery. [lane]
class event {
 public:
  explicit event(const delivery& from);
  ~event();
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  // header.NAME, body, body.NAME.NAME, key, id, source, partition, attempt. An error says what the
  // message does not have. Numbers and booleans of the body are written as JSON writes them.
  [[nodiscard]] result<std::string> field(std::string_view name);

  // A CloudEvent in structured mode becomes what it is about: the attributes are headers ce-NAME,
  // the data is the body. Says why if the body is none.
  [[nodiscard]] result<void> unwrap_cloudevent();
  // Its content type says that it is a CloudEvent in structured mode.
  [[nodiscard]] bool is_structured() const noexcept;

  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  // Whether the body is JSON, at most json_nesting_max deep; parsed only if a field of it was
  // asked for.
  [[nodiscard]] bool is_json() const;
  // Of a body that is not: "is not JSON", or that it nests too deep.
  [[nodiscard]] std::string why_not_json() const;
  // Lower case, without parameters.
  [[nodiscard]] const std::string& content_type() const noexcept { return content_type_; }
  [[nodiscard]] std::string_view type_url() const noexcept {
    return view_of(of_.raw.payload.type_url);
  }
  [[nodiscard]] bool has_body() const noexcept { return of_.raw.payload.presence == SPAWN_P_VALUE; }
  // Names in lower case.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const noexcept {
    return headers_;
  }
  [[nodiscard]] const std::string* header(std::string_view name) const noexcept;

 private:
  struct parsed_body;
  [[nodiscard]] parsed_body& parsed();
  [[nodiscard]] result<std::string> body_field(std::string_view path);

  const delivery& of_;
  std::string content_type_;
  std::string_view body_;
  std::string unwrapped_;  // what body_ points to then
  std::vector<std::pair<std::string, std::string>> headers_;
  std::unique_ptr<parsed_body> parsed_;
};

}  // namespace spawn
