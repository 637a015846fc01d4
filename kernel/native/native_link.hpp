// Calls to actors whose host is a plugin of this process; all others go on to the next link.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "hostcall/host_link.hpp"
#include "native/live_lane.hpp"
#include "plugin/ports/actors_port.hpp"

namespace spawn {

// One native plugin on one lane.
struct native_host {
  actors_port* port = nullptr;
  const live_types* types = nullptr;
  live_lane* live = nullptr;  // null: none of its types is live
};

// Life: made before its lane starts, destroyed after it stopped, when no call is out. [lane]
class native_link final : public host_link {
 public:
  // `hosts` by host_address::native.
  native_link(lane& home, host_link& next, std::vector<native_host> hosts);
  ~native_link() override;
  void send(host_call& call) override;

 private:
  // An action that the plugin runs. Kept until the plugin has ended it, however late.
  struct plugin_call : actors_op {
    native_link* owner = nullptr;
    host_call* of = nullptr;  // null: it was told of the deadline
    std::string request;
    struct late_timer : timer {
      plugin_call* call = nullptr;
    } late;
  };
  // An action of a live actor.
  struct live_call final : outside_ask, task {
    native_link* owner = nullptr;
    host_call* of = nullptr;
    void ended(spawn_status status, const spawn_payload& payload) override;
  };
  // What a lane sends in one turn goes to the plugin together.
  struct gathered : turn_end {
    native_link* owner = nullptr;
    actors_port* port = nullptr;
    std::vector<spawn_op*> ops;
  };

  void send_to_plugin(gathered& batch, host_call& call, std::string request);
  void send_to_live(native_host& host, host_call& call, std::string_view request);
  void plugin_ended(plugin_call& ended);
  void finish(host_call& call);

  lane& home_;
  host_link& next_;
  std::vector<native_host> hosts_;
  std::vector<std::unique_ptr<gathered>> batches_;  // by host
  op_slab<plugin_call> calls_;
  intrusive_list<host_call, host_call_tag> finished_;
  struct finish_task : task {
    native_link* owner = nullptr;
    bool queued = false;
  } finish_task_;
};

}  // namespace spawn
