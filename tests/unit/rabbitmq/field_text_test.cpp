#include "field_text.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using rabbitmq::bytes_of;
using rabbitmq::field_text;

amqp_field_value_t value(std::uint8_t kind) {
  amqp_field_value_t out{};
  out.kind = kind;
  return out;
}
amqp_field_value_t text(std::string_view from) {
  amqp_field_value_t out = value(AMQP_FIELD_KIND_UTF8);
  out.value.bytes = bytes_of(from);
  return out;
}
amqp_field_value_t number(std::int64_t from) {
  amqp_field_value_t out = value(AMQP_FIELD_KIND_I64);
  out.value.i64 = from;
  return out;
}

TEST(field_text, texts_are_as_they_were) {
  EXPECT_EQ(field_text(text("gr\xc3\xbc\xc3\x9f \"e\"")), "gr\xc3\xbc\xc3\x9f \"e\"");
  amqp_field_value_t bytes = value(AMQP_FIELD_KIND_BYTES);
  const std::string raw("\0\xff", 2);
  bytes.value.bytes = bytes_of(raw);
  EXPECT_EQ(field_text(bytes), raw);
}

TEST(field_text, numbers_are_decimals) {
  EXPECT_EQ(field_text(number(-9'000'000'000)), "-9000000000");
  amqp_field_value_t one = value(AMQP_FIELD_KIND_I8);
  one.value.i8 = -5;
  EXPECT_EQ(field_text(one), "-5");
  one = value(AMQP_FIELD_KIND_U64);
  one.value.u64 = UINT64_MAX;
  EXPECT_EQ(field_text(one), "18446744073709551615");
  one = value(AMQP_FIELD_KIND_F64);
  one.value.f64 = 1.5;
  EXPECT_EQ(field_text(one), "1.5");
  one = value(AMQP_FIELD_KIND_TIMESTAMP);
  one.value.u64 = 1'700'000'000;
  EXPECT_EQ(field_text(one), "1700000000");
  one = value(AMQP_FIELD_KIND_DECIMAL);
  one.value.decimal = {2, 150};
  EXPECT_EQ(field_text(one), "1.5");
}

TEST(field_text, truth_and_nothing) {
  amqp_field_value_t one = value(AMQP_FIELD_KIND_BOOLEAN);
  one.value.boolean = 1;
  EXPECT_EQ(field_text(one), "true");
  EXPECT_EQ(field_text(value(AMQP_FIELD_KIND_VOID)), "");
  EXPECT_EQ(field_text(value('?')), "null") << "a kind nobody knows";
}

TEST(field_text, tables_and_arrays_are_json) {
  std::vector<amqp_field_value_t> items{number(1), text("two")};
  amqp_field_value_t array = value(AMQP_FIELD_KIND_ARRAY);
  array.value.array = {2, items.data()};
  std::vector<amqp_table_entry_t> entries{{bytes_of("a"), array}, {bytes_of("b"), text("c")}};
  amqp_field_value_t table = value(AMQP_FIELD_KIND_TABLE);
  table.value.table = {2, entries.data()};
  EXPECT_EQ(field_text(table), R"({"a":[1,"two"],"b":"c"})");
}

TEST(field_text, bytes_in_a_table_that_are_no_utf8_do_no_harm) {
  std::vector<amqp_field_value_t> items{text("\xff")};
  amqp_field_value_t array = value(AMQP_FIELD_KIND_ARRAY);
  array.value.array = {1, items.data()};
  EXPECT_EQ(field_text(array), "[\"\xef\xbf\xbd\"]");
}

TEST(field_text, what_is_too_deep_is_null) {
  std::vector<amqp_field_value_t> levels(1'000, value(AMQP_FIELD_KIND_ARRAY));
  levels[0].value.array = {0, nullptr};
  for (std::size_t i = 1; i < levels.size(); ++i) {
    levels[i].value.array = {1, &levels[i - 1]};
  }
  const std::string out = field_text(levels.back());
  EXPECT_NE(out.find("null"), std::string::npos);
  EXPECT_LT(out.size(), 64u);
}

}  // namespace
