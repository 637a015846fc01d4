#include "swap/workflow_swap.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "plugin/ports/make_ports.hpp"

namespace spawn {

result<void> workflow_swap::check_serves_the_same(const workflow_port& next) const {
  const auto lacks = [&](const char* what, const std::vector<std::string>& needed,
                         const std::vector<std::string>& has) -> result<void> {
    for (const std::string& each : needed) {
      if (std::find(has.begin(), has.end(), each) == has.end()) {
        return fail(errc::unsupported, "instance " + request_.instance +
                                           ": the new plugin has no " + what + " " + each +
                                           ", which the one that serves has");
      }
    }
    return {};
  };
  SPAWN_CHECK(lacks("part", port_.part_types(), next.part_types()));
  return lacks("virtual parent", port_.virtual_parents(), next.virtual_parents());
}

result<swap_report> workflow_swap::change(const loaded_plugin& next, const swap_limits& limits) {
  SPAWN_TRY(auto made, make_workflow_port(*next.instance));
  SPAWN_CHECK(check_serves_the_same(*made));
  SPAWN_CHECK(next.instance->start(limits.start_ms));
  std::vector<live_version> live{
      {std::make_shared<swappable_workflow_port::version>(std::move(made)), next.instance}};
  std::vector<live_version> gone;
  std::array<bool, swappable_workflow_port::schemas_max> read = live.front().version->reads;
  for (const live_version& each : live_) {
    bool is_needed = false;
    for (std::size_t schema = 0; schema < read.size(); ++schema) {
      is_needed = is_needed || (each.version->reads[schema] && !read[schema]);
      read[schema] = read[schema] || each.version->reads[schema];
    }
    (is_needed ? live : gone).push_back(each);
  }
  if (live.size() > 1 + swappable_workflow_port::older_max) {
    static_cast<void>(next.instance->stop(limits.stop_ms));
    return fail(errc::unsupported, "instance " + request_.instance + " has " +
                                       std::to_string(live.size() - 1) +
                                       " older versions that flows may need; restart the kernel");
  }
  auto all = std::make_shared<swappable_workflow_port::versions>();
  for (const live_version& each : live) {
    all->push_back(each.version);
  }
  port_.set(all);
  if (auto done = on_lanes(limits, [port = &port_, all](lane& at) { port->use(at, all); }); !done) {
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", done.error().text});
    live.insert(live.end(), gone.begin(), gone.end());  // it works with them until it comes round
    gone.clear();
  }
  live_ = std::move(live);
  enlist(next.instance);
  for (const live_version& each : gone) {
    retire(*each.instance, limits);
  }
  swap_report out;
  out.older_kept = live_.size() - 1;
  return out;
}

void workflow_swap::close() {
  for (std::size_t i = 1; i < live_.size(); ++i) {
    retire(*live_[i].instance, swap_limits());
  }
}

}  // namespace spawn
