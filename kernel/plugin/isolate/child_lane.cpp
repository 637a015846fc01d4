#include "plugin/isolate/child_lane.hpp"

#include <unistd.h>

#include "base/log.hpp"
#include "lane/post.hpp"

namespace spawn::isolate {
namespace {

constexpr int frames_per_turn = 64;

// The kernel is of the same build: what can not be read is a fault of this program.
[[noreturn]] void broken(const char* what) {
  SPAWN_LOG(error, "the kernel sent what can not be read", {"what", what});
  log::flush();
  ::_exit(2);
}

}  // namespace

child_lane::child_lane(shared_area& area, std::uint32_t channel, int bell, const clock& time)
    : lane_(channel - 1, time, channel),
      io_(make_asio_lane_io(lane_)),
      in_(area.reader(channel, true), kernel_bell_fd),
      bell_(bell) {
  out_.bind(area.writer(channel, false), kernel_bell_fd);
  at_end_.owner = this;
  at_end_.run = [](turn_end& self) {
    child_lane& mine = *static_cast<answering&>(self).owner;
    encoder out = frame_of(frame::ended);
    out.value(std::exchange(mine.answered_, 0));
    out.out() += mine.answers_.out();
    mine.answers_.out().clear();
    mine.send(out);
  };
}

void child_lane::serve(child_server& server) {
  post(lane_, [this, to = &server] {
    server_ = to;
    const auto watching = io_->watch(bell_, fd_events::readable, [this](std::uint32_t) {
      hush_bell(bell_);
      heard();
    });
    if (!watching) {
      broken("its bell");
    }
    heard();
  });
}

void child_lane::heard() {
  out_.go_on();
  std::string bytes;
  for (int n = 0; n < frames_per_turn; ++n) {
    if (in_.next(bytes)) {
      take(std::move(bytes));
      bytes = {};
    } else if (in_.sleep()) {
      return;
    }
  }
  post(lane_, [this] { heard(); });  // the lane has other things to do as well
}

void child_lane::take(std::string bytes) {
  const frame_hold held(std::move(bytes));
  decoder in(*held);
  const auto type = static_cast<frame>(in.take<std::uint8_t>());
  if (type == frame::ping) {
    encoder out = frame_of(frame::pong);
    out.value(in.take<std::uint64_t>());
    send(out);
  } else if (type == frame::submit) {
    submit(in);
  } else if (!server_->take(*this, type, in)) {
    broken("a frame of another kind");
  }
  if (!in.ok()) {
    broken("a frame that ends early");
  }
}

template <class Op>
void child_lane::op_ended(task& self) {
  auto& mine = static_cast<relayed<Op>&>(self);
  child_lane& side = *mine.side;
  side.answer(mine.id, mine.form, mine.raw.op);
  mine.frame->drop();
  side.slab_of<Op>().give_back(&mine);
}

template <class Op>
spawn_op* child_lane::read_op(decoder& in, slab<Op>& from, op_form form, std::uint64_t id) {
  relayed<Op>* op = from.take();
  op->clear();
  op->home = &lane_;
  op->run = op_ended<Op>;
  op->side = this;
  op->frame = &in.frame();
  op->frame->keep();
  op->id = id;
  op->form = form;
  op->post_on_end = !server_->ends_inline();
  decode_ask(in, op->raw);
  spawn_op& head = op->raw.op;
  op->arm(head.code, head.op_id, head.deadline_ns);
  return &head;
}

void child_lane::submit(decoder& in) {
  const auto where = static_cast<submit_to>(in.take<std::uint8_t>());
  const auto n = in.take<std::uint32_t>();
  std::vector<spawn_op*> ops;
  for (std::uint32_t i = 0; i < n && in.ok(); ++i) {
    const auto id = in.take<std::uint64_t>();
    const auto form = static_cast<op_form>(in.take<std::uint8_t>());
    const auto read = [&]<class Op>(slab<Op>& from) { ops.push_back(read_op(in, from, form, id)); };
    switch (form) {
      case op_form::load:
        read(slab_of<spawn_ss_load>());
        break;
      case op_form::save:
        read(slab_of<spawn_ss_save>());
        break;
      case op_form::list:
        read(slab_of<spawn_ss_list>());
        break;
      case op_form::step:
        read(slab_of<spawn_wf_step>());
        break;
      case op_form::sink:
        read(slab_of<spawn_sink_message>());
        break;
      case op_form::send:
        read(slab_of<spawn_tp_send>());
        break;
      case op_form::subscription:
        read(slab_of<spawn_tp_sub>());
        break;
      case op_form::kv:
        read(slab_of<spawn_kv_op>());
        break;
      default:
        broken("an operation without a form");
    }
  }
  if (!in.ok()) {
    broken("an operation that ends early");
  }
  server_->submit(*this, where, ops);
  if (!server_->ends_inline()) {
    return;
  }
  for (spawn_op* raw : ops) {
    auto* op = static_cast<port_op*>(raw->host_private[0]);
    if (op->take_inline()) {
      op->run(*op);
    }
  }
}

void child_lane::answer(std::uint64_t id, op_form form, spawn_op& op) {
  answers_.value(id);
  encode_answer(answers_, form, op);
  ++answered_;
  lane_.at_turn_end(at_end_);
}

}  // namespace spawn::isolate
