// wire.h, the reader: what it takes, what it refuses, and that it never reads past the end.
#include "spawn/plugin/wire.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

spawn_slice slice(std::string_view s) {
  return {s.data(), s.size()};
}

std::string_view view(const spawn_slice& s) {
  return s.len == 0 ? std::string_view{} : std::string_view{static_cast<const char*>(s.ptr), s.len};
}

// On the heap with its exact size, so that a sanitizer sees one byte too many.
struct exact {
  explicit exact(std::string_view from) : bytes(new char[from.size()]), len(from.size()) {
    from.copy(bytes, len);
  }
  ~exact() { delete[] bytes; }
  exact(const exact&) = delete;
  exact& operator=(const exact&) = delete;
  [[nodiscard]] spawn_slice slice() const { return {bytes, len}; }
  char* bytes;
  std::size_t len;
};

struct varint_row {
  std::string bytes;
  std::uint64_t value;
};

class good_varints : public ::testing::TestWithParam<varint_row> {};

TEST_P(good_varints, are_read_to_their_last_byte) {
  const exact in(GetParam().bytes);
  spawn_wire_reader r = spawn_wire_read(in.slice());
  std::uint64_t value = 0;
  ASSERT_EQ(spawn_wire_read_varint(&r, &value), 1);
  EXPECT_EQ(value, GetParam().value);
  EXPECT_EQ(r.at, r.end);
}

INSTANTIATE_TEST_SUITE_P(
    table, good_varints,
    ::testing::Values(varint_row{std::string("\0", 1), 0}, varint_row{"\x01", 1},
                      varint_row{"\x7f", 127}, varint_row{"\x80\x01", 128},
                      varint_row{"\xac\x02", 300},
                      varint_row{std::string("\x81\x80\x80\x80\x00", 5), 1},  // padded
                      varint_row{"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", UINT64_MAX >> 1},
                      varint_row{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", UINT64_MAX}));

class bad_varints : public ::testing::TestWithParam<std::string> {};

TEST_P(bad_varints, fail_and_stay_failed) {
  const exact in(GetParam());
  spawn_wire_reader r = spawn_wire_read(in.slice());
  std::uint64_t value = 77;
  EXPECT_EQ(spawn_wire_read_varint(&r, &value), 0);
  EXPECT_EQ(r.failed, 1u);
  EXPECT_EQ(value, 77u);
  EXPECT_EQ(spawn_wire_read_varint(&r, &value), 0);
}

INSTANTIATE_TEST_SUITE_P(table, bad_varints,
                         ::testing::Values("", "\x80", "\xff\xff",
                                           // a bit above 64
                                           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
                                           // eleven bytes
                                           "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));

TEST(wire_reader, takes_fixed_values_as_little_endian) {
  const exact in("\x78\x56\x34\x12\xef\xcd\xab\x90\x78\x56\x34\x12");
  spawn_wire_reader r = spawn_wire_read(in.slice());
  std::uint32_t small = 0;
  std::uint64_t big = 0;
  ASSERT_EQ(spawn_wire_read_fixed32(&r, &small), 1);
  ASSERT_EQ(spawn_wire_read_fixed64(&r, &big), 1);
  EXPECT_EQ(small, 0x12345678u);
  EXPECT_EQ(big, 0x1234567890abcdefu);
  EXPECT_EQ(spawn_wire_read_fixed32(&r, &small), 0);
}

TEST(wire_reader, refuses_fixed_values_that_are_cut_off) {
  const exact in("\x01\x02\x03");
  spawn_wire_reader r = spawn_wire_read(in.slice());
  std::uint32_t small = 0;
  EXPECT_EQ(spawn_wire_read_fixed32(&r, &small), 0);
  r = spawn_wire_read(in.slice());
  std::uint64_t big = 0;
  EXPECT_EQ(spawn_wire_read_fixed64(&r, &big), 0);
}

TEST(wire_reader, walks_the_fields_of_a_message) {
  const exact in(std::string_view("\x08\x05\x12\x02hi\x1d\x01\x00\x00\x00\x22\x00", 13));
  spawn_wire_reader r = spawn_wire_read(in.slice());
  spawn_wire_field f;
  ASSERT_EQ(spawn_wire_next(&r, &f), 1);
  EXPECT_EQ(f.number, 1u);
  EXPECT_EQ(f.value, 5u);
  ASSERT_EQ(spawn_wire_next(&r, &f), 1);
  EXPECT_EQ(f.number, 2u);
  EXPECT_EQ(view(f.bytes), "hi");
  ASSERT_EQ(spawn_wire_next(&r, &f), 1);
  EXPECT_EQ(f.type, unsigned{SPAWN_WIRE_FIXED32});
  EXPECT_EQ(f.value, 1u);
  ASSERT_EQ(spawn_wire_next(&r, &f), 1);
  EXPECT_EQ(f.bytes.len, 0u);
  EXPECT_EQ(spawn_wire_next(&r, &f), 0);
  EXPECT_EQ(r.failed, 0u);
}

TEST(wire_reader, has_nothing_in_an_empty_slice) {
  spawn_wire_reader r = spawn_wire_read({nullptr, 0});
  spawn_wire_field f;
  EXPECT_EQ(spawn_wire_next(&r, &f), 0);
  EXPECT_EQ(r.failed, 0u);
}

class bad_messages : public ::testing::TestWithParam<std::string> {};

TEST_P(bad_messages, end_with_failed_set) {
  const exact in(GetParam());
  spawn_wire_reader r = spawn_wire_read(in.slice());
  spawn_wire_field f;
  while (spawn_wire_next(&r, &f)) {
  }
  EXPECT_EQ(r.failed, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    table, bad_messages,
    ::testing::Values(std::string("\x00\x01", 2),                      // field number 0
                      std::string("\x02\x00", 2),                      // field number 0, bytes
                      "\x08",                                          // a tag without a value
                      "\x0a\x03hi",                                    // a length past the end
                      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // a length of 2^64 - 1
                      "\x0b\x0c",                                      // a group
                      "\x0e\x01", "\x0f\x01",                 // wire types that do not exist
                      "\x80\x80\x80\x80\x10\x01",             // a tag above 32 bits
                      std::string("\x08\x01\x0d\x01\x00", 5)  // fixed32 cut off
                      ));

TEST(wire_reader, skips_a_value_of_any_type) {
  const exact in(
      std::string_view("\x96\x01\x02hi\x01\x02\x03\x04\x01\x02\x03\x04\x05\x06\x07\x08\x2a", 18));
  spawn_wire_reader r = spawn_wire_read(in.slice());
  EXPECT_EQ(spawn_wire_skip(&r, SPAWN_WIRE_VARINT), 1);
  EXPECT_EQ(spawn_wire_skip(&r, SPAWN_WIRE_BYTES), 1);
  EXPECT_EQ(spawn_wire_skip(&r, SPAWN_WIRE_FIXED32), 1);
  EXPECT_EQ(spawn_wire_skip(&r, SPAWN_WIRE_FIXED64), 1);
  std::uint64_t last = 0;
  ASSERT_EQ(spawn_wire_read_varint(&r, &last), 1);
  EXPECT_EQ(last, 42u);
  r = spawn_wire_read(in.slice());
  EXPECT_EQ(spawn_wire_skip(&r, 3), 0);
}

TEST(wire_reader, reads_tags_up_to_the_greatest_field_number) {
  const exact in("\xf8\xff\xff\xff\x0f");
  spawn_wire_reader r = spawn_wire_read(in.slice());
  std::uint32_t number = 0, type = 9;
  ASSERT_EQ(spawn_wire_read_tag(&r, &number, &type), 1);
  EXPECT_EQ(number, unsigned{SPAWN_WIRE_FIELD_MAX});
  EXPECT_EQ(type, 0u);
}

TEST(wire_reader, leaves_the_input_alone_after_a_failure) {
  const std::string bytes = "\x0a\x05hi";
  spawn_wire_reader r = spawn_wire_read(slice(bytes));
  spawn_wire_field f;
  EXPECT_EQ(spawn_wire_next(&r, &f), 0);
  EXPECT_LE(r.at, r.end);
  EXPECT_EQ(spawn_wire_next(&r, &f), 0);
}

}  // namespace
