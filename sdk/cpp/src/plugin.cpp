#include "spawn/sdk/plugin.hpp"

#include "dispatcher.hpp"
#include "encode_registration.hpp"

namespace spawn::sdk {

plugin_actors::plugin_actors(std::string name, std::string version, std::string config)
    : actor_set(std::move(config)), name_(std::move(name)), version_(std::move(version)) {}

std::string plugin_actors::registration() {
  seal();
  return detail::encode_registration({}, {name_, version_}, actors().actors());
}

struct plugin_actors::lane::parts {
  const detail::dispatcher& actors;
  detail::call_messages messages;
};

plugin_actors::lane::lane(const plugin_actors& of)
    : parts_(new parts{of.actors(), detail::call_messages()}) {}
plugin_actors::lane::~lane() = default;

plugin_actors::lane::outcome plugin_actors::lane::run(std::string_view request) {
  detail::call_outcome ended = parts_->actors.run(parts_->messages, request);
  switch (ended.what) {
    case detail::call_outcome::verdict::answered: {
      outcome out{verdict::answered, {}};
      if (!ended.answer->SerializeToString(&out.bytes)) {
        return {verdict::failed, "the answer is too large to be encoded"};
      }
      return out;
    }
    case detail::call_outcome::verdict::no_request:
      return {verdict::no_request, std::move(ended.why)};
    case detail::call_outcome::verdict::failed:
      break;
  }
  return {verdict::failed, std::move(ended.why)};
}

}  // namespace spawn::sdk
