#include "health.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <optional>

#include "wire.hpp"

namespace grpc_source {

namespace {

enum serving : std::uint8_t { is_serving = 1, is_not_serving = 2, is_unknown = 3 };

class health_check final : public call_logic {
 public:
  health_check(bool watch, const service_context& context) : watch_(watch), context_(context) {}

  void begin(call& c) override { c.read(); }
  void message(call& c, std::string bytes) override {
    const auto name = service_of(bytes);
    if (!name) {
      return c.finish({code::invalid_argument, "the request is no HealthCheckRequest"});
    }
    const auto& known = context_.methods.services();
    known_ = name->empty() || std::ranges::find(known, *name) != known.end();
    if (watch_) {
      c.owner().watch(c.shared_from_this());
      return tell(c);
    }
    if (!known_) {
      return c.finish({code::not_found, "there is no service " + *name});
    }
    tell(c);
    c.finish({});
  }
  void half_closed(call& c) override {
    c.finish({code::unimplemented, "a health check takes one message, and none came"});
  }
  void health_changed(call& c) override { tell(c); }
  void written(call& c) override { tell(c); }

 private:
  static std::optional<std::string> service_of(const std::string& bytes) {
    google::protobuf::UnknownFieldSet in;
    if (!in.ParseFromString(bytes)) {
      return std::nullopt;
    }
    std::string out;
    for (int i = 0; i < in.field_count(); ++i) {
      const auto& field = in.field(i);
      if (field.number() == 1 &&
          field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
        out = field.length_delimited();
      }
    }
    return out;
  }
  // The state, if it is another than the one told last. A slow watcher misses what was in between.
  void tell(call& c) {
    const serving now = !known_                       ? is_unknown
                        : context_.requests.serving() ? is_serving
                                                      : is_not_serving;
    if (now != told_ && c.unsent() == 0) {
      told_ = now;
      std::string out;
      wire::put(out, 1, std::uint64_t{now});
      c.send(std::move(out));
    }
  }

  const bool watch_;
  const service_context& context_;
  bool known_ = false;
  std::optional<serving> told_;
};

}  // namespace

std::unique_ptr<call_logic> health_logic(const std::string& path, const service_context& context) {
  const bool watch = path == "/grpc.health.v1.Health/Watch";
  if (!watch && path != "/grpc.health.v1.Health/Check") {
    return nullptr;
  }
  return std::make_unique<health_check>(watch, context);
}

}  // namespace grpc_source
