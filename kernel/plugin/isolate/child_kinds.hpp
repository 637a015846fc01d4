// What of a child depends on the kind of its plugin.
#pragma once
#include <functional>
#include <memory>

#include "plugin/instance.hpp"
#include "plugin/isolate/child_lane.hpp"

namespace spawn::isolate {

// How a kind reaches the kernel beside its lanes. [any]
struct child_link {
  std::function<void(encoder&)> send;  // on channel 0
  // Asks the kernel for a cursor and waits; nothing: there is none, or no answer.
  std::function<std::optional<std::string>(std::string_view)> cursor;
};

// A kind's server over an instance that has been created, and what the kernel wants to know of it.
// [control], before the instance is started
[[nodiscard]] result<std::unique_ptr<child_server>> make_server(
    plugin_instance& instance, std::vector<std::unique_ptr<child_lane>>& lanes, child_link link,
    created_answer& about);

// By kind.
[[nodiscard]] result<std::unique_ptr<child_server>> make_store_server(plugin_instance& instance,
                                                                      created_answer& about);
[[nodiscard]] result<std::unique_ptr<child_server>> make_workflow_server(plugin_instance& instance,
                                                                         created_answer& about);
[[nodiscard]] result<std::unique_ptr<child_server>> make_activator_server(plugin_instance& instance,
                                                                          child_lane& lane,
                                                                          child_link link,
                                                                          created_answer& about);
[[nodiscard]] result<std::unique_ptr<child_server>> make_transport_server(
    plugin_instance& instance, std::vector<std::unique_ptr<child_lane>>& lanes,
    created_answer& about);

}  // namespace spawn::isolate
