// Key pairs: minisign's are read, ours are written in its format, and damage is told.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "trust/blake2b_256.hpp"
#include "trust/key_file.hpp"
#include "trust/secret_key.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/trust/vectors.hpp"

namespace spawn::trust {
namespace {

using testing::HasSubstr;

constexpr password_cost cheap{32'768, 1 << 20};

std::string hex(const std::array<unsigned char, 32>& bytes) {
  std::string out;
  for (const unsigned char b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

TEST(Blake2b, IsTheStandardOne) {
  EXPECT_EQ(hex(blake2b_256("")),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(hex(blake2b_256("abc")),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(hex(blake2b_256(std::string(128, 'a'))),
            "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450");
  EXPECT_EQ(hex(blake2b_256(std::string(300, 'a'))),
            "3c1292de00a518e36823f9ff908ac2da46be38718c018713403461df077e15f6");
}

TEST(PublicKey, IsReadFromItsFileAndFromItsLine) {
  const auto key = parse_public_key(vectors::public_a);
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(text_of(key->id), "32462E9285CCC7ED");
  EXPECT_EQ(public_key_text(*key), vectors::public_a);
  EXPECT_TRUE(looks_like_key(key_line(*key)));
  EXPECT_EQ(parse_public_key(key_line(*key)).value(), *key);
}

TEST(PublicKey, IsRefusedWhenItIsNone) {
  EXPECT_THAT(parse_public_key("").error().text, HasSubstr("one line of base64"));
  EXPECT_THAT(parse_public_key("RWTt").error().text, HasSubstr("has 3 bytes, not 42"));
  EXPECT_THAT(parse_public_key(std::string(56, '*')).error().text, HasSubstr("is not base64"));
  EXPECT_THAT(parse_public_key("c\n" + std::string(56, 'A')).error().text,
              HasSubstr("no line begins with"));
  EXPECT_THAT(parse_public_key(std::string(56, 'A')).error().text,
              HasSubstr("not one for Ed25519"));
  EXPECT_THAT(parse_public_key(vectors::secret_a).error().text, HasSubstr("has 158 bytes"));
}

TEST(PublicKey, IsFoundByItsLineOrItsPath) {
  spawn::test::temp_dir dir;
  spawn::test::write_file(dir.path / "a.pub", std::string(vectors::public_a));
  spawn::test::write_file(dir.path / "bad.pub", "x");
  const auto key = parse_public_key(vectors::public_a).value();
  EXPECT_EQ(public_key_from(key_line(key), dir.path).value(), key);
  EXPECT_EQ(public_key_from("a.pub", dir.path).value(), key);
  EXPECT_EQ(public_key_from((dir.path / "a.pub").string(), "/").value(), key);
  EXPECT_THAT(public_key_from("b.pub", dir.path).error().text,
              HasSubstr((dir.path / "b.pub").string() + ": No such file"));
  EXPECT_THAT(public_key_from("bad.pub", dir.path).error().text,
              HasSubstr((dir.path / "bad.pub").string() + ": the public key is not base64"));
  EXPECT_THAT(public_key_from(".", dir.path).error().text, HasSubstr("not a regular file"));
}

TEST(SecretKey, OfMinisignSignsAsMinisign) {
  EXPECT_EQ(is_encrypted(vectors::secret_a).value(), false);
  const auto key = parse_secret_key(vectors::secret_a, "");
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(public_key_text(public_half(*key)), vectors::public_a);
  auto made =
      sign(*key, vectors::hello, signature_form::prehashed, "timestamp:1795445159\tfile:f\thashed");
  ASSERT_TRUE(made) << made.error().text;
  made->untrusted_comment = "signature from minisign secret key";
  EXPECT_EQ(signature_text(*made), vectors::hello_by_a) << "Ed25519 leaves no choice";
  auto legacy = sign(*key, vectors::hello, signature_form::legacy, "a trusted word");
  ASSERT_TRUE(legacy);
  legacy->untrusted_comment = "un comment";
  EXPECT_EQ(signature_text(*legacy), vectors::hello_by_a_legacy);
}

TEST(SecretKey, OfMinisignOpensWithItsPassword) {
  EXPECT_EQ(is_encrypted(vectors::secret_b).value(), true);
  const auto key = parse_secret_key(vectors::secret_b, "pass word");
  ASSERT_TRUE(key) << key.error().text;
  auto made = sign(*key, vectors::hello, signature_form::prehashed, "by b");
  ASSERT_TRUE(made);
  made->untrusted_comment = "signature from minisign secret key";
  EXPECT_EQ(signature_text(*made), vectors::hello_by_b);
  const auto wrong = parse_secret_key(vectors::secret_b, "password");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, errc::denied);
  EXPECT_EQ(wrong.error().text, "the wrong password");
}

TEST(SecretKey, IsWrittenAndReadAgain) {
  const auto key = generate_key();
  ASSERT_TRUE(key);
  EXPECT_NE(generate_key()->seed, key->seed);
  for (const std::string password : {"", "a password"}) {
    const auto text = secret_key_text(*key, password, cheap);
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_EQ(is_encrypted(*text).value(), !password.empty());
    const auto again = parse_secret_key(*text, password);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->id, key->id);
    EXPECT_EQ(again->seed, key->seed);
    const auto made = sign(*again, "bytes", signature_form::prehashed, "c");
    EXPECT_TRUE(verify(*made, public_half(*key), "bytes"));
  }
}

TEST(SecretKey, WithAPasswordHidesItsSeed) {
  const auto key = generate_key();
  const auto one = secret_key_text(*key, "same", cheap);
  const auto two = secret_key_text(*key, "same", cheap);
  EXPECT_NE(*one, *two) << "each has a salt of its own";
}

TEST(SecretKey, TellsDamage) {
  const auto key = generate_key();
  std::string text = *secret_key_text(*key, "");
  text[text.size() - 60] = text[text.size() - 60] == 'A' ? 'B' : 'A';
  EXPECT_THAT(parse_secret_key(text, "").error().text, HasSubstr("the file is damaged"));
  EXPECT_THAT(parse_secret_key(vectors::public_a, "").error().text, HasSubstr("not 158"));
  EXPECT_THAT(parse_secret_key(vectors::hello_by_a, "").error().text, HasSubstr("has two lines"));
  const auto with = [](std::string from, std::string to) {
    std::string out(vectors::secret_b);
    return parse_secret_key(out.replace(out.find(from), from.size(), to), "x").error().text;
  };
  EXPECT_THAT(with("RWRT", "RXRT"), HasSubstr("of an unknown sort"));
  EXPECT_THAT(with("RWRTY0Iy", "RWRUY0Iy"), HasSubstr("encrypted in an unknown way"));
  EXPECT_THAT(with("AAIAAAAA", "AAIA////"), HasSubstr("costs more than 1 GiB"));
}

TEST(SecretKey, SignsNoCommentOfTwoLines) {
  const auto key = generate_key();
  for (const std::string& comment :
       {std::string("a\nb"), std::string("a\rb"), std::string(9'000, 'a')}) {
    EXPECT_FALSE(sign(*key, "x", signature_form::legacy, comment));
  }
}

}  // namespace
}  // namespace spawn::trust
