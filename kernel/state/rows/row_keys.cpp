#include "state/rows/row_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/hash.hpp"
#include "model/channel_name.hpp"
#include "state/seal/crypto.hpp"

namespace spawn {
namespace {

constexpr std::size_t part_max = 140;
constexpr std::size_t cut_part = 76;
constexpr std::size_t hex_bytes = 16;
constexpr std::size_t due_digits = 13;
constexpr std::int64_t due_last = 9'999'999'999'999;

void append_part(std::string& out, std::string_view part) {
  const std::size_t before = out.size();
  append_key_part(out, part);
  if (out.size() - before <= part_max) {
    return;
  }
  out.resize(before + cut_part);
  out += '~';
  out += name_digest(part);
}

// An actor's, a channel's or a sink's: '%' begins nothing else that is followed by a 'c' or 's'.
void append_name(std::string& out, std::string_view name) {
  if (is_channel_name(name)) {
    out += "%c";
    append_part(out, topic_of(name));
  } else if (is_sink_name(name)) {
    out += "%s";
    append_part(out, sink_of(name));
  } else {
    append_part(out, name);
  }
}

void append_actor(std::string& out, actor_view id) {
  append_part(out, id.system);
  out += '/';
  append_name(out, id.name);
  out += '/';
  append_part(out, id.parent);
}

void append_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += digits[(value >> shift) & 0xf];
  }
}

void append_partition(std::string& out, std::uint32_t partition) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += digits[(partition >> 8) & 0xf];
  out += digits[(partition >> 4) & 0xf];
  out += digits[partition & 0xf];
}

void append_due(std::string& out, std::int64_t due_ms) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%0*lld", static_cast<int>(due_digits),
                static_cast<long long>(std::clamp<std::int64_t>(due_ms, 0, due_last)));
  out += text.data();
}

void append_id(std::string& out, const message_row& row) {
  out += row.sender;
  out += '/';
  append_hex(out, row.birth);
  out += '/';
  append_hex(out, row.seq);
  if (row.of_failure) {
    out += 'f';
  }
}

std::string begin(char family, actor_view to) {
  std::string out;
  out.reserve(200);
  out += family;
  out += '/';
  append_partition(out, row_partition(to.system, to.name));
  out += '/';
  return out;
}

// As the key of the actor's record, so that stores show it beside it.
std::string dead_prefix(actor_view to) {
  std::string out = "d/";
  append_part(out, to.system);
  out += '/';
  append_part(out, to.parent);
  out += '/';
  append_name(out, to.name);
  out += '/';
  return out;
}

template <class T>
bool read_number(std::string_view text, int base, T& into) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

// The text after the last slash, which is taken off.
std::string_view take_last(std::string_view& rest) {
  const auto slash = rest.rfind('/');
  if (slash == std::string_view::npos) {
    return {};
  }
  const auto out = rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  return out;
}

error bad_key(std::string_view key) {
  return {errc::corrupt, 0, "store key '" + std::string(key) + "' is no key of a message row"};
}

}  // namespace

std::string row_actor(actor_view id) {
  std::string out;
  append_actor(out, id);
  return out;
}

std::string channel_sender(const message_row& fan_out, std::string_view topic,
                           std::string_view place) {
  constexpr std::size_t digest_digits = 32;
  std::string of(topic);
  of += '\0';  // no part of a place
  of += place;
  if (fan_out.sender == row_from_outside) {
    append_hex(of, fan_out.seq);  // replayed: these have no order to keep, so each is by itself
  }
  return fan_out.sender + "/%" + name_digest(of).substr(0, digest_digits);
}

std::uint32_t row_partition(std::string_view system, std::string_view name) noexcept {
  return static_cast<std::uint32_t>(hash_pair(system, name) % row_partitions);
}

std::uint32_t partition_of(std::string_view key) noexcept {
  std::uint32_t out = 0;
  if (key.size() < 6 || !read_number(key.substr(2, 3), 16, out)) {
    return 0;
  }
  return out % row_partitions;
}

std::string row_id(const message_row& row) {
  std::string out;
  append_id(out, row);
  return out;
}

std::string short_row_id(const message_row& row) {
  const std::string id = row_id(row);
  std::string out;
  append_hex(out, hash_bytes(id, 1));
  append_hex(out, hash_bytes(id, 2));
  return out;
}

std::string pending_key(actor_view to, const message_row& row) {
  std::string out = begin(row.due_ms != 0 ? 't' : 'm', to);
  if (row.due_ms != 0) {
    append_due(out, row.due_ms);
  } else {
    append_part(out, to.system);
    out += '/';
    append_name(out, to.name);
  }
  out += '/';
  append_id(out, row);
  return out;
}

std::string dead_key(actor_view to, const message_row& row) {
  std::string out = dead_prefix(to);
  append_id(out, row);
  return out;
}

std::string guard_key(actor_view to, const message_row& row) {
  std::string out = begin('g', to);
  append_id(out, row);
  return out;
}

std::string call_row_key(actor_view actor, std::string_view idempotency_key) {
  std::string out = begin('k', actor);
  append_actor(out, actor);
  out += '/';
  out += row_from_outside;
  out += '/';
  append_part(out, idempotency_key);
  return out;
}

key_range message_range() {
  return prefix_range("m/");
}

key_range inbox_range(std::string_view system, std::string_view name) {
  std::string prefix = begin('m', {system, {}, name});
  append_part(prefix, system);
  prefix += '/';
  append_name(prefix, name);
  prefix += '/';
  return prefix_range(prefix);
}

key_range timed_range() {
  return prefix_range("t/");
}

key_range timed_range(std::uint32_t partition, std::int64_t until_ms) {
  std::string prefix = "t/";
  append_partition(prefix, partition);
  prefix += '/';
  if (until_ms >= due_last) {
    return prefix_range(prefix);
  }
  std::string to = prefix;
  append_due(to, until_ms + 1);
  return {std::move(prefix), std::move(to)};
}

key_range dead_range() {
  return prefix_range("d/");
}

key_range dead_range(actor_view to) {
  return prefix_range(dead_prefix(to));
}

result<message_row> parse_row_key(std::string_view key) {
  message_row out;
  if (key.size() < 2 || key[1] != '/') {
    return fail(bad_key(key));
  }
  const char family = key[0];
  std::string_view rest = key.substr(2);
  std::string_view seq = take_last(rest);
  const std::string_view birth = take_last(rest);
  if (seq.size() == hex_bytes + 1 && seq.back() == 'f') {
    out.of_failure = true;
    seq.remove_suffix(1);
  }
  if (seq.size() != hex_bytes || birth.size() != hex_bytes || !read_number(seq, 16, out.seq) ||
      !read_number(birth, 16, out.birth)) {
    return fail(bad_key(key));
  }
  if (family == 't') {
    const auto partition = rest.find('/');
    const auto due =
        partition == std::string_view::npos ? partition : rest.find('/', partition + 1);
    if (due == std::string_view::npos ||
        !read_number(rest.substr(partition + 1, due - partition - 1), 10, out.due_ms)) {
      return fail(bad_key(key));
    }
    out.sender = rest.substr(due + 1);
  } else if (family == 'm' || family == 'd') {
    if (family == 'm') {
      const auto partition = rest.find('/');
      rest = partition == std::string_view::npos ? std::string_view() : rest.substr(partition + 1);
    }
    for (int part = family == 'm' ? 1 : 0; part < 3; ++part) {  // the receiver
      const auto slash = rest.find('/');
      if (slash == std::string_view::npos) {
        return fail(bad_key(key));
      }
      rest = rest.substr(slash + 1);
    }
    out.sender = rest;
  } else {
    return fail(bad_key(key));
  }
  if (out.sender.empty()) {
    return fail(bad_key(key));
  }
  out.key = key;
  return out;
}

}  // namespace spawn
