// One channel of a child with the lane that serves it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lane/asio_lane.hpp"
#include "plugin/asio_lane_io.hpp"
#include "plugin/isolate/area.hpp"
#include "plugin/isolate/frames.hpp"
#include "plugin/isolate/op_codec.hpp"
#include "plugin/ports/op.hpp"

namespace spawn::isolate {

class child_lane;

// An op of the kernel, in the memory of this process.
template <class Op>
struct relayed : pinned<Op> {
  child_lane* side = nullptr;
  held_frame* frame = nullptr;  // what it points into
  std::uint64_t id = 0;
  op_form form{};
};

// Where a kind's operations go. All [lane]
class child_server {
 public:
  virtual ~child_server() = default;
  // Each ends on its own, on the lane, as posted tasks do; `inline_end` says that ops may have
  // ended inside (port_op::take_inline has to be asked).
  virtual void submit(child_lane& from, submit_to where, std::span<spawn_op* const> ops) = 0;
  [[nodiscard]] virtual bool ends_inline() const noexcept { return false; }
  // A frame that is no submit. False: not one of this kind's.
  virtual bool take(child_lane& from, frame type, decoder& in) = 0;
};

// Life: made with its bell, serves from serve() until stop(). Thread: its lane's, but for send().
class child_lane {
 public:
  child_lane(shared_area& area, std::uint32_t channel, int bell, const clock& time);

  [[nodiscard]] asio_lane& lane() noexcept { return lane_; }
  [[nodiscard]] lane_io& io() noexcept { return *io_; }
  // Listens to the kernel from here on. [control]
  void serve(child_server& server);
  void stop() { lane_.stop(); }
  void send(encoder& out) { static_cast<void>(out_.send(out.out())); }  // [any]

 private:
  struct answering : turn_end {
    child_lane* owner = nullptr;
  };
  template <class Op>
  using slab = op_slab<relayed<Op>>;

  void heard();
  void take(std::string bytes);
  void submit(decoder& in);
  template <class Op>
  spawn_op* read_op(decoder& in, slab<Op>& from, op_form form, std::uint64_t id);
  template <class Op>
  static void op_ended(task& self);
  void answer(std::uint64_t id, op_form form, spawn_op& op);
  template <class Op>
  [[nodiscard]] slab<Op>& slab_of() noexcept {
    return std::get<slab<Op>>(slabs_);
  }

  asio_lane lane_;
  std::unique_ptr<lane_io> io_;
  frame_sender out_;
  frame_receiver in_;
  const int bell_;
  child_server* server_ = nullptr;
  std::tuple<slab<spawn_ss_load>, slab<spawn_ss_save>, slab<spawn_ss_list>, slab<spawn_wf_step>,
             slab<spawn_sink_message>, slab<spawn_tp_send>, slab<spawn_tp_sub>, slab<spawn_kv_op>>
      slabs_;
  encoder answers_;
  std::uint32_t answered_ = 0;
  answering at_end_;
};

}  // namespace spawn::isolate
