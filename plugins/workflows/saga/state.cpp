#include "saga/state.hpp"

#include "saga/definition.hpp"

namespace spawn::plugin::saga {
namespace {

using flows::read_message;
using flows::scratch_reader;
using flows::scratch_writer;

scratch_writer written(const call_record& c) {
  scratch_writer out;
  out.number(1, static_cast<std::uint64_t>(c.state));
  out.number(2, c.attempts);
  out.number(3, c.since_armed);
  for (const std::uint64_t token : c.outstanding) {
    out.element(4, token);
  }
  out.number(5, c.timer);
  out.time(6, c.started);
  out.time(7, c.ended);
  out.text(8, c.error);
  out.number(9, c.doubt ? 1 : 0);
  return out;
}

void take_call(scratch_reader& in, call_record& c) {
  switch (in.field()) {
    case 1: {
      const std::uint64_t state = in.number();
      in.require(state <= static_cast<std::uint64_t>(call_state::skipped));
      c.state = static_cast<call_state>(state);
      break;
    }
    case 2:
      c.attempts = static_cast<std::uint32_t>(in.number());
      break;
    case 3:
      c.since_armed = static_cast<std::uint32_t>(in.number());
      break;
    case 4:
      c.outstanding.push_back(in.number());
      in.require(c.outstanding.size() <= outstanding_max);
      break;
    case 5:
      c.timer = in.number();
      break;
    case 6:
      c.started = in.time();
      break;
    case 7:
      c.ended = in.time();
      break;
    case 8:
      c.error = in.text();
      in.require(c.error.size() <= error_bytes_max);
      break;
    case 9:
      c.doubt = in.number() != 0;
      break;
    default:
      break;
  }
}

scratch_writer written(const step_record& s) {
  scratch_writer out;
  out.message(1, written(s.run));
  if (s.undo.state != call_state::idle || s.undo.attempts != 0) {
    out.message(2, written(s.undo));
  }
  out.payload(3, s.result);
  out.number(4, s.result_dropped ? 1 : 0);
  return out;
}

void take_step(scratch_reader& in, step_record& s) {
  switch (in.field()) {
    case 1:
      s.run = read_message<call_record>(in, take_call);
      break;
    case 2:
      s.undo = read_message<call_record>(in, take_call);
      break;
    case 3:
      s.result = in.payload();
      break;
    case 4:
      s.result_dropped = in.number() != 0;
      break;
    default:
      break;
  }
}

void take_field(scratch_reader& in, saga_state& s) {
  switch (in.field()) {
    case 1:
      s.name = in.text();
      break;
    case 2:
      s.id = in.text();
      break;
    case 3:
      s.definition = in.number();
      break;
    case 4: {
      const std::uint64_t mode = in.number();
      in.require(mode >= 1 && mode <= 4);
      s.mode = static_cast<saga_mode>(mode);
      break;
    }
    case 5:
      s.cancelled = in.number() != 0;
      break;
    case 6:
      s.stuck = in.text();
      break;
    case 7:
      s.cause = in.text();
      break;
    case 8:
      s.started = in.time();
      break;
    case 9:
      s.ended = in.time();
      break;
    case 10:
      s.deadline = in.time();
      break;
    case 11:
      s.last_token = in.number();
      break;
    case 12:
      s.deadline_timer = in.number();
      break;
    case 13:
      s.keep_timer = in.number();
      break;
    case 14:
      s.input = in.payload();
      break;
    case 15:
      s.steps.push_back(read_message<step_record>(in, take_step));
      in.require(s.steps.size() <= steps_max);
      break;
    case 16:
      s.waiters.read(in);
      break;
    default:
      break;
  }
}

}  // namespace

std::string encode(const saga_state& s) {
  scratch_writer out;
  out.text(1, s.name);
  out.text(2, s.id);
  out.number(3, s.definition);
  out.number(4, static_cast<std::uint64_t>(s.mode));
  out.number(5, s.cancelled ? 1 : 0);
  out.text(6, s.stuck);
  out.text(7, s.cause);
  out.time(8, s.started);
  out.time(9, s.ended);
  out.time(10, s.deadline);
  out.number(11, s.last_token);
  out.number(12, s.deadline_timer);
  out.number(13, s.keep_timer);
  out.payload(14, s.input);
  for (const step_record& step : s.steps) {
    out.message(15, written(step));
  }
  s.waiters.write(out, 16);
  return out.take();
}

std::optional<saga_state> decode(spawn_slice scratch) {
  saga_state s;
  s.mode = saga_mode{};  // must be there
  return flows::read_scratch(scratch, std::move(s), take_field,
                             [](scratch_reader& in, const saga_state& read) {
                               in.require(read.mode != saga_mode{} && !read.steps.empty());
                             });
}

}  // namespace spawn::plugin::saga
