// lane_io of a lane that runs on Asio.
#pragma once
#include <memory>

#include "plugin/lane_io.hpp"

namespace spawn {

class asio_lane;

// Borrows the lane, which must outlive it.
[[nodiscard]] std::unique_ptr<lane_io> make_asio_lane_io(asio_lane& lane);

}  // namespace spawn
