#include "plugin/load_step.hpp"

namespace spawn {

std::string_view name(load_step step) noexcept {
  switch (step) {
    case load_step::resolve:
      return "resolve";
    case load_step::signature:
      return "signature";
    case load_step::note:
      return "note";
    case load_step::lint:
      return "lint";
    case load_step::copy:
      return "copy";
    case load_step::dlopen:
      return "dlopen";
    case load_step::entry:
      return "entry";
    case load_step::manifest:
      return "manifest";
    case load_step::config:
      return "config";
    case load_step::init:
      return "init";
    case load_step::create:
      return "create";
    case load_step::interface:
      return "interface";
    case load_step::start:
      return "start";
  }
  return "load";
}

tl::unexpected<error> refuse(load_step step, std::string_view subject, std::string_view cause,
                             errc code) {
  std::string text("plugin ");
  text.append(subject).append(" refused at ").append(name(step)).append(": ").append(cause);
  return fail(code, std::move(text));
}

}  // namespace spawn
