// Everything that runs on one lane, in the order in which it is built.
#pragma once
#include <memory>
#include <vector>

#include "cell/cell_lane.hpp"
#include "hostcall/http_host_link.hpp"
#include "ingress/http_server.hpp"
#include "lane/asio_lane.hpp"
#include "native/native_link.hpp"
#include "resiliency/guarded_link.hpp"
#include "router/registrar.hpp"
#include "state/record_writer.hpp"
#include "workflow/engine.hpp"
#include "workflow/flow_runner.hpp"

namespace spawn {

// Built on the control thread before the lane starts, destroyed there after it stopped; in between
// only the lane touches it.
struct lane_stack {
  lane_stats stats;
  std::unique_ptr<lane_sealer> sealer;
  std::unique_ptr<record_codec> codec;
  std::unique_ptr<writer_ids> writers;
  std::vector<std::unique_ptr<journal>> journals;  // by store index
  std::unique_ptr<row_codec> rows;
  std::unique_ptr<row_keeper> keeper;
  std::unique_ptr<http_host_link> hosts;
  std::vector<std::shared_ptr<live_lane>> live;  // by native plugin; null: none of its is
  std::unique_ptr<native_link> natives;          // before hosts; null without native plugins
  std::unique_ptr<guarded_link> guarded;         // before both; null where nothing is to be guarded
  std::unique_ptr<workflow_engine> workflows;
  std::unique_ptr<flow_runner> flows;
  std::unique_ptr<cell_services> services;
  std::unique_ptr<record_writer> records;
  std::unique_ptr<lane_router> router;
  std::unique_ptr<tcp_listener> listener;
};

}  // namespace spawn
