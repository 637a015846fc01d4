#include "config/secrets.hpp"

#include "base/base64.hpp"
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(base64, encodes_and_decodes_every_length) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    const auto text = base64_encode(bytes);
    EXPECT_EQ(text.size() % 4, 0u);
    EXPECT_EQ(base64_decode(text), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
}

TEST(base64, is_strict) {
  for (const auto* text : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9 v", "Zm9v\n", "Zm-_",
                           "Zh==", "====", "=Zg=", "Zm9="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

TEST(keys, are_base64_of_32_bytes_and_blanks_around_are_forgiven) {
  const std::string text = base64_encode("0123456789abcdef0123456789abcdef");
  const auto key = decode_key(text);
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)[31], 'f');
  EXPECT_TRUE(decode_key("  " + text + "\n"));
}

TEST(keys, of_another_length_are_refused_with_their_length) {
  for (const std::size_t size : {0u, 1u, 16u, 31u, 33u, 64u}) {
    const auto key = decode_key(base64_encode(std::string(size, 'k')));
    ASSERT_FALSE(key) << size;
    EXPECT_THAT(key.error().text, HasSubstr(size == 0 ? "empty" : std::to_string(size)));
  }
}

TEST(keys, that_are_not_base64_are_refused_without_showing_them) {
  const auto key = decode_key("hunter2 hunter2 hunter2");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, errc::invalid);
  EXPECT_THAT(key.error().text, HasSubstr("not valid base64"));
  EXPECT_THAT(key.error().text, testing::Not(HasSubstr("hunter2")));
}

TEST(url, shows_no_password) {
  EXPECT_EQ(without_password("postgresql://me:hush@db:5432/x?sslmode=require"),
            "postgresql://me:(secret)@db:5432/x?sslmode=require");
  EXPECT_EQ(without_password("amqp://me:p@ss@host"), "amqp://me:(secret)@host");
  for (const auto* plain : {"", "text", "a: b@c", "http://host:80/a@b:c", "http://me@host:80/"}) {
    EXPECT_EQ(without_password(plain), plain);
  }
}

}  // namespace
}  // namespace spawn::config
