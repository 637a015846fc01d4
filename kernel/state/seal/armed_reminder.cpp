#include "state/seal/armed_reminder.hpp"

#include "state/seal/tagged_fields.hpp"

namespace spawn {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::string_view what = "record meta: reminders";

// Numbers are for ever.
enum class field : std::uint8_t {
  name = 1,
  action = 2,
  cron = 3,
  zone = 4,
  every_ms = 5,
  missed = 6,
  declared = 7,
  due_ms = 8,
  birth = 9,
  seq = 10,
  row_due_ms = 11,
};

void encode(const armed_reminder& from, std::string& out) {
  append_le(out, format);
  put(out, field::name, from.name);
  put(out, field::action, from.action);
  if (!from.cron.empty()) {
    put(out, field::cron, from.cron);
    put(out, field::zone, from.zone);
  } else {
    put_number(out, field::every_ms, from.every_ms);
  }
  put_number(out, field::missed, from.missed);
  if (!from.declared.empty()) {
    put(out, field::declared, from.declared);
  }
  put_number(out, field::due_ms, static_cast<std::uint64_t>(from.due_ms));
  put_number(out, field::birth, from.birth);
  put_number(out, field::seq, from.seq);
  put_number(out, field::row_due_ms, static_cast<std::uint64_t>(from.row_due_ms));
  out += from.unknown;
}

result<void> read_field(std::uint8_t tag, std::string_view value, armed_reminder& to) {
  const auto number = [&](auto& into) -> result<void> {
    SPAWN_TRY(const auto read, number_in(what, value));
    into = static_cast<std::remove_reference_t<decltype(into)>>(read);
    return {};
  };
  switch (static_cast<field>(tag)) {
    case field::name:
      to.name = value;
      return {};
    case field::action:
      to.action = value;
      return {};
    case field::cron:
      to.cron = value;
      return {};
    case field::zone:
      to.zone = value;
      return {};
    case field::declared:
      to.declared = value;
      return {};
    case field::every_ms:
      return number(to.every_ms);
    case field::missed:
      return number(to.missed);
    case field::due_ms:
      return number(to.due_ms);
    case field::birth:
      return number(to.birth);
    case field::seq:
      return number(to.seq);
    case field::row_due_ms:
      return number(to.row_due_ms);
  }
  put(to.unknown, static_cast<field>(tag), value);
  return {};
}

}  // namespace

void encode_reminders(const std::vector<armed_reminder>& from, std::string& out) {
  std::string one;
  for (const auto& each : from) {
    one.clear();
    encode(each, one);
    put_block(out, one);
  }
}

result<std::vector<armed_reminder>> decode_reminders(std::string_view bytes) {
  std::vector<armed_reminder> out;
  byte_reader in(bytes);
  while (!in.at_end()) {
    const auto one = in.block();
    if (!one) {
      return fail(errc::corrupt, std::string(what) + " are cut off");
    }
    armed_reminder& read = out.emplace_back();
    SPAWN_CHECK(each_field(what, format, *one, [&](std::uint8_t tag, std::string_view value) {
      return read_field(tag, value, read);
    }));
    if (read.name.empty()) {
      return fail(errc::corrupt, std::string(what) + " hold one without a name");
    }
  }
  return out;
}

}  // namespace spawn
