#include "scatter-gather/state.hpp"

#include <algorithm>

namespace spawn::plugin::scatter {
namespace {

using flows::read_message;
using flows::scratch_reader;
using flows::scratch_writer;

void take_target(scratch_reader& in, target_record& t) {
  switch (in.field()) {
    case 1:
      t.name = in.text();
      break;
    case 2: {
      const std::uint64_t state = in.number();
      in.require(state <= 2);
      t.state = static_cast<target_record::kind>(state);
      break;
    }
    case 3:
      t.code = static_cast<spawn_status>(in.number());
      break;
    case 4:
      t.error = in.text();
      break;
    case 5:
      t.result = in.payload();
      break;
    default:
      break;
  }
}

scratch_writer written(const target_record& t) {
  scratch_writer out;
  out.text(1, t.name);
  out.number(2, static_cast<std::uint64_t>(t.state));
  out.number(3, static_cast<std::uint64_t>(t.code));
  out.text(4, t.error);
  out.payload(5, t.result);
  return out;
}

void take_then(scratch_reader& in, flows::rendered_call& call) {
  switch (in.field()) {
    case 1:
      call.system = in.text();
      break;
    case 2:
      call.parent = in.text();
      break;
    case 3:
      call.actor = in.text();
      break;
    case 4:
      call.action = in.text();
      break;
    case 5:
      call.register_ref = in.text();
      break;
    default:
      break;
  }
}

scratch_writer written(const flows::rendered_call& call) {
  scratch_writer out;
  out.text(1, call.system);
  out.text(2, call.parent);
  out.text(3, call.actor);
  out.text(4, call.action);
  out.text(5, call.register_ref);
  return out;
}

void take_field(scratch_reader& in, scatter_state& s) {
  switch (in.field()) {
    case 1:
      s.name = in.text();
      break;
    case 2:
      s.id = in.text();
      break;
    case 3: {
      const std::uint64_t state = in.number();
      in.require(state >= 1 && state <= 5);
      s.state = static_cast<gather_state>(state);
      break;
    }
    case 4: {
      const std::uint64_t rule = in.number();
      in.require(rule <= 3);
      s.rule = static_cast<quorum_rule::kind>(rule);
      break;
    }
    case 5:
      s.quorum = in.number();
      break;
    case 6:
      s.keep_ms = in.number();
      break;
    case 7:
      s.started = in.time();
      break;
    case 8:
      s.ended = in.time();
      break;
    case 9:
      s.first = in.number();
      break;
    case 10:
      s.input = in.payload();
      break;
    case 11:
      s.targets.push_back(read_message<target_record>(in, take_target));
      in.require(s.targets.size() <= targets_max);
      in.require(s.targets.back().error.size() <= error_bytes_max);
      break;
    case 12:
      s.then = read_message<flows::rendered_call>(in, take_then);
      in.require(!s.then->system.empty() && !s.then->actor.empty());
      break;
    case 13:
      s.waiters.read(in);
      break;
    default:
      break;
  }
}

}  // namespace

std::size_t scatter_state::count(target_record::kind what) const {
  return static_cast<std::size_t>(std::ranges::count(targets, what, &target_record::state));
}

std::string encode(const scatter_state& s) {
  scratch_writer out;
  out.text(1, s.name);
  out.text(2, s.id);
  out.number(3, static_cast<std::uint64_t>(s.state));
  out.number(4, static_cast<std::uint64_t>(s.rule));
  out.number(5, s.quorum);
  out.number(6, s.keep_ms);
  out.time(7, s.started);
  out.time(8, s.ended);
  out.number(9, s.first);
  out.payload(10, s.input);
  for (const target_record& t : s.targets) {
    out.message(11, written(t));
  }
  if (s.then) {
    out.message(12, written(*s.then));
  }
  s.waiters.write(out, 13);
  return out.take();
}

std::optional<scatter_state> decode(spawn_slice scratch) {
  scatter_state s;
  s.state = gather_state{};  // must be there
  return flows::read_scratch(
      scratch, std::move(s), take_field, [](scratch_reader& in, const scatter_state& read) {
        in.require(read.state != gather_state{} && read.first <= read.targets.size());
      });
}

}  // namespace spawn::plugin::scatter
