#include "plugin/json_text.hpp"

namespace spawn {

result<nlohmann::json> parse_json(std::string_view text) {
  using event = nlohmann::json::parse_event_t;
  bool too_deep = false;
  try {
    auto out = nlohmann::json::parse(text, [&](int depth, event, nlohmann::json&) {
      too_deep = too_deep || depth > json_depth_max;
      return depth <= json_depth_max;
    });
    if (too_deep) {
      return fail(errc::invalid,
                  "JSON nested deeper than " + std::to_string(json_depth_max) + " levels");
    }
    // Strings that are not UTF-8 are found when they are written; find them now.
    static_cast<void>(out.dump());
    return out;
  } catch (const nlohmann::json::exception& e) {
    return fail(errc::invalid, std::string("not valid JSON: ") + e.what());
  }
}

}  // namespace spawn
