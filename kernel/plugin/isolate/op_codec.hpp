// Operations as bytes: what is asked goes to the child, what is answered comes back.
#pragma once
#include <cstdint>

#include "plugin/isolate/codec.hpp"
#include "spawn/plugin/entry.h"
#include "spawn/plugin/sink.h"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn::isolate {

// Which struct an op is.
enum class op_form : std::uint8_t {
  life = 1,  // a bare header: start, quiesce, drain, stop
  admin,     // spawn_ss_admin
  load,
  save,
  list,
  step,
  sink,
  send,
  subscription,
  kv
};

// 0 for a code that a statestore does not know.
[[nodiscard]] op_form form_of_store(std::uint16_t code) noexcept;
[[nodiscard]] op_form form_of_transport(std::uint16_t code) noexcept;

// What the plugin is asked, header included. `op` is of the form.
void encode_ask(encoder& to, op_form form, spawn_op& op);
// What it answered, header included; afterwards its buffers are released.
void encode_answer(encoder& to, op_form form, spawn_op& op);
// Fills the out fields of `op` from an answer; the buffers keep the frame. False: nonsense, and
// `op` is as if nothing had been answered.
[[nodiscard]] bool decode_answer(decoder& from, op_form form, spawn_op& op);
// Gives back the buffers of an answer.
void release_answer(op_form form, spawn_op& op);

// How an op ends whose process died with it: what may have had effect is doubtful.
[[nodiscard]] spawn_status status_when_lost(op_form form, const spawn_op& op) noexcept;

// Calls f with `op` as the struct that it is.
template <class F>
void with_op(op_form form, spawn_op& op, F f) {
  switch (form) {
    case op_form::life:
      return f(op);
    case op_form::admin:
      return f(reinterpret_cast<spawn_ss_admin&>(op));
    case op_form::load:
      return f(reinterpret_cast<spawn_ss_load&>(op));
    case op_form::save:
      return f(reinterpret_cast<spawn_ss_save&>(op));
    case op_form::list:
      return f(reinterpret_cast<spawn_ss_list&>(op));
    case op_form::step:
      return f(reinterpret_cast<spawn_wf_step&>(op));
    case op_form::sink:
      return f(reinterpret_cast<spawn_sink_message&>(op));
    case op_form::send:
      return f(reinterpret_cast<spawn_tp_send&>(op));
    case op_form::subscription:
      return f(reinterpret_cast<spawn_tp_sub&>(op));
    case op_form::kv:
      return f(reinterpret_cast<spawn_kv_op&>(op));
  }
}

// The in fields; for the child, whose ops are of these very types.
void decode_ask(decoder& from, spawn_op& op);
void decode_ask(decoder& from, spawn_ss_admin& op);
void decode_ask(decoder& from, spawn_ss_load& op);
void decode_ask(decoder& from, spawn_ss_save& op);
void decode_ask(decoder& from, spawn_ss_list& op);
void decode_ask(decoder& from, spawn_wf_step& op);
void decode_ask(decoder& from, spawn_sink_message& op);
void decode_ask(decoder& from, spawn_tp_send& op);
void decode_ask(decoder& from, spawn_tp_sub& op);
void decode_ask(decoder& from, spawn_kv_op& op);

}  // namespace spawn::isolate
