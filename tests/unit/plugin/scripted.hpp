// A plugin inside the test: what each of its calls does is set by the test.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "plugin/library.hpp"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn::test {

struct script {
  using step = std::function<void(const spawn_host*, spawn_op*)>;
  std::function<spawn_status()> init;
  std::function<spawn_status(const spawn_host*, const spawn_create_info*)> create;
  step start, quiesce, drain, stop;  // unset: end OK at once
  std::function<void()> destroyed;
  std::function<spawn_status(std::uint32_t)> lane_open;
  std::function<void(std::uint32_t)> lane_closed;
  // unset: end all OK
  std::function<void(const spawn_host*, std::span<spawn_op* const>)> submit;
  std::function<void(std::uint64_t, std::uint32_t)> grant;
  std::uint64_t capabilities = 0;
  const void* (*interface)(const char*) = nullptr;  // unset: by kind
  std::string create_error;
};

// Sets the script of the plugins below for the life of this object.
class with_script {
 public:
  with_script();
  ~with_script();
  script* operator->() const noexcept { return script_.get(); }

 private:
  std::unique_ptr<script> script_;
};

// "many", "one", "blocking", "transport", "transport_one", "activator" (by
// script::interface), "workflow"
[[nodiscard]] std::shared_ptr<plugin_library> scripted_library(const std::string& which);
[[nodiscard]] const spawn_plugin_entry& scripted_entry(const std::string& which);

inline void end(const spawn_host* h, spawn_op* op, spawn_status status = SPAWN_OK) {
  op->status = status;
  h->complete(h, &op, 1);
}

}  // namespace spawn::test
