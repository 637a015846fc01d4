#include "flow-common/scratch_codec.hpp"

namespace spawn::plugin::flows {
namespace {

// Appends what `write` puts, measured first.
template <class Write>
void append(std::string& to, Write write) {
  spawn_wire_writer measure = spawn_wire_write(nullptr, 0);
  write(measure);
  const std::size_t old = to.size();
  to.resize(old + measure.needed);
  spawn_wire_writer w = spawn_wire_write(to.data() + old, measure.needed);
  write(w);
}

}  // namespace

void scratch_writer::number(std::uint32_t field, std::uint64_t value) {
  if (value != 0) {
    element(field, value);
  }
}

void scratch_writer::element(std::uint32_t field, std::uint64_t value) {
  append(bytes_, [&](spawn_wire_writer& w) { spawn_wire_put_uint(&w, field, value); });
}

void scratch_writer::put(std::uint32_t field, std::string_view value) {
  append(bytes_, [&](spawn_wire_writer& w) { spawn_wire_put_bytes(&w, field, slice(value)); });
}

void scratch_writer::text(std::uint32_t field, std::string_view value) {
  if (!value.empty()) {
    put(field, value);
  }
}

void scratch_writer::payload(std::uint32_t field, const any_payload& value) {
  if (value.presence == SPAWN_P_UNSET) {
    return;
  }
  scratch_writer inner;
  inner.number(1, value.presence);
  inner.text(2, value.type_url);
  inner.text(3, value.value);
  message(field, inner);
}

any_payload scratch_reader::payload() {
  return read_message<any_payload>(*this, [](scratch_reader& inner, any_payload& out) {
    switch (inner.field()) {
      case 1:
        out.presence = static_cast<std::uint32_t>(inner.number());
        inner.require(out.presence <= SPAWN_P_NOOP);
        break;
      case 2:
        out.type_url = inner.text();
        break;
      case 3:
        out.value = inner.text();
        break;
      default:
        break;
    }
  });
}

}  // namespace spawn::plugin::flows
