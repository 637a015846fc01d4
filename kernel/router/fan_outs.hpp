// Brings what durable actors sent to channels to the durable subscribers (durability.md 24).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log_limit.hpp"
#include "base/unique_function.hpp"
#include "cell/cell_lane.hpp"
#include "router/channels.hpp"
#include "state/store_desk.hpp"

namespace spawn {

// One per lane, for the channels whose names (channel_name.hpp) are the lane's. A channel's rows of
// one store are worked on one at a time, each sender's in order, page by page: one atomic group has
// the rows of up to 256 subscribers, and the fan_out row with the place of the last of them or, on
// the last page, its end. So that row is all there is to know of the progress, and whoever finds it
// goes on from there; a page that was stored by another makes this one's group a conflict.
//
// Nothing is taken from hints: they say that there is something to read. At most
// limits::fan_outs_max channels are at work; what does not fit is found by the next scan. A page
// that the store refuses is tried again as any row's turn is, and ends in the dead letters; so does
// a broadcast to a channel that no type known here listens to. [lane]
class fan_outs {
 public:
  // `complete` is false when some lane does not know yet, or any more, who listens.
  using heard_fn = unique_function<void(bool complete, std::vector<listener>)>;
  struct question {
    std::string system, topic, place;
    std::size_t most = 0;
  };
  // Asks all lanes for the durable listeners after that place, at most so many of each.
  using ask_fn = unique_function<void(question, heard_fn)>;

  // Borrows services and desk.
  fan_outs(cell_services& services, const cell_options& options, store_desk& desk, ask_fn ask);
  ~fan_outs();
  fan_outs(const fan_outs&) = delete;
  fan_outs& operator=(const fan_outs&) = delete;

  // Rows of this channel wait in that store, or may. The ticket is kept until they have been read.
  void wake(actor_view channel, std::uint32_t store, std::shared_ptr<void> ticket);
  // Begins nothing more; what is at the store ends there.
  void stop();

 private:
  struct channel;
  using channel_ptr = std::shared_ptr<channel>;

  void begin_pass(const channel_ptr& at);
  void read(const channel_ptr& at);
  void take_page(const channel_ptr& at, const stored_page& page);
  void next(const channel_ptr& at);
  void ask(const channel_ptr& at);
  void write(const channel_ptr& at, std::vector<listener> to);
  void stored(const channel_ptr& at, std::vector<invocation_ptr> rows, bool is_last);
  void put_off(const channel_ptr& at, failure why, const std::string& text);
  void rest(const channel_ptr& at, std::uint64_t ms);
  void fire(channel& due);

  cell_services& s_;
  const cell_options options_;
  store_desk& desk_;
  ask_fn ask_;
  std::map<std::pair<std::string, std::uint32_t>, channel_ptr> channels_;  // by key and store
  log_limit log_;
  bool stopped_ = false;
};

}  // namespace spawn
