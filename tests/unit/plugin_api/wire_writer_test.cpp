// wire.h, the writer: the bytes it makes, and that it measures when there is no room.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "spawn/plugin/wire.h"

namespace {

template <class Write>
std::string written(Write write) {
  spawn_wire_writer measure = spawn_wire_write(nullptr, 0);
  write(&measure);
  std::string out(measure.needed, '?');
  spawn_wire_writer real = spawn_wire_write(out.data(), out.size());
  write(&real);
  EXPECT_EQ(real.needed, out.size());
  EXPECT_EQ(real.at, real.end);
  return out;
}

spawn_slice slice(std::string_view s) {
  return {s.data(), s.size()};
}

TEST(wire_writer, makes_the_bytes_of_the_format) {
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_uint(w, 1, 150); }), "\x08\x96\x01");
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_bytes(w, 2, slice("testing")); }),
            "\x12\x07testing");
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_bytes(w, 2, {nullptr, 0}); }),
            std::string("\x12\0", 2));
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_fixed32(w, 3, 1); }),
            std::string("\x1d\x01\0\0\0", 5));
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_fixed64(w, 3, 1); }),
            std::string("\x19\x01\0\0\0\0\0\0\0", 9));
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_int(w, 1, -1); }),
            "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(wire_writer, encodes_an_any_and_leaves_out_what_is_empty) {
  EXPECT_EQ(
      written([](spawn_wire_writer* w) { spawn_wire_put_any(w, 4, slice("u"), slice("vv")); }),
      "\x22\x07\x0a\x01u\x12\x02vv");
  EXPECT_EQ(written([](spawn_wire_writer* w) { spawn_wire_put_any(w, 4, slice(""), slice("")); }),
            std::string("\x22\0", 2));
}

TEST(wire_writer, writes_nothing_past_its_room_and_tells_what_it_needed) {
  std::array<char, 4> room{'x', 'x', 'x', 'x'};
  spawn_wire_writer w = spawn_wire_write(room.data(), 3);
  spawn_wire_put_bytes(&w, 1, slice("long text"));
  spawn_wire_put_uint(&w, 2, 1);
  EXPECT_EQ(w.needed, 13u);
  EXPECT_EQ(w.at, w.end);
  EXPECT_EQ(room[2], 'x');  // no later piece fills the gap that the text has left
  EXPECT_EQ(room[3], 'x');
}

TEST(wire_writer, round_trips_every_size_of_varint) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t v : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1}) {
      const std::string bytes = written([&](spawn_wire_writer* w) { spawn_wire_put_varint(w, v); });
      spawn_wire_reader r = spawn_wire_read(slice(bytes));
      std::uint64_t back = 0;
      ASSERT_EQ(spawn_wire_read_varint(&r, &back), 1);
      EXPECT_EQ(back, v);
    }
  }
}

}  // namespace
