// What minisign signed is accepted; whatever was changed afterwards is refused, for its own reason.
#include "trust/signature.hpp"

#include <gmock/gmock.h>

#include "unit/trust/vectors.hpp"

namespace spawn::trust {
namespace {

using testing::HasSubstr;

std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const auto at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return out.replace(at, from.size(), to);
}

// Why the signature is refused; "" when it holds.
std::string why(std::string_view signature_file, std::string_view key_file, std::string_view data) {
  const auto signature = parse_signature(signature_file);
  const auto key = parse_public_key(key_file);
  EXPECT_TRUE(signature) << signature.error().text;
  EXPECT_TRUE(key) << key.error().text;
  const auto holds = verify(*signature, *key, data);
  return holds ? "" : holds.error().text;
}

std::string unreadable(std::string_view text) {
  const auto signature = parse_signature(text);
  EXPECT_FALSE(signature) << text;
  return signature ? "" : signature.error().text;
}

TEST(Signature, OfMinisignHoldsInBothForms) {
  EXPECT_EQ(why(vectors::hello_by_a, vectors::public_a, vectors::hello), "");
  EXPECT_EQ(why(vectors::hello_by_a_legacy, vectors::public_a, vectors::hello), "");
  EXPECT_EQ(why(vectors::hello_by_b, vectors::public_b, vectors::hello), "");
}

TEST(Signature, IsReadWithItsParts) {
  const auto hashed = parse_signature(vectors::hello_by_a);
  ASSERT_TRUE(hashed);
  EXPECT_EQ(hashed->form, signature_form::prehashed);
  EXPECT_EQ(text_of(hashed->key), "32462E9285CCC7ED");
  EXPECT_EQ(hashed->trusted_comment, "timestamp:1795445159\tfile:f\thashed");
  const auto legacy = parse_signature(vectors::hello_by_a_legacy);
  ASSERT_TRUE(legacy);
  EXPECT_EQ(legacy->form, signature_form::legacy);
  EXPECT_EQ(legacy->untrusted_comment, "un comment");
  EXPECT_EQ(legacy->trusted_comment, "a trusted word");
}

TEST(Signature, IsWrittenAsItWasRead) {
  for (const auto text : {vectors::hello_by_a, vectors::hello_by_a_legacy, vectors::hello_by_b}) {
    EXPECT_EQ(signature_text(*parse_signature(text)), text);
  }
  EXPECT_EQ(signature_text(*parse_signature(with(vectors::other_by_a, "second\n", "second\r\n"))),
            vectors::other_by_a);
}

TEST(Signature, DoesNotHoldForOtherBytes) {
  for (const auto text : {vectors::hello_by_a, vectors::hello_by_a_legacy}) {
    EXPECT_THAT(why(text, vectors::public_a, "hello plugin"), HasSubstr("was changed after"));
    EXPECT_THAT(why(text, vectors::public_a, "Hello plugin\n"), HasSubstr("was changed after"));
    EXPECT_THAT(why(text, vectors::public_a, ""), HasSubstr("was changed after"));
  }
}

TEST(Signature, OfAnotherFileIsRefused) {
  EXPECT_THAT(why(vectors::other_by_a, vectors::public_a, vectors::hello),
              HasSubstr("belongs to another file"));
}

TEST(Signature, OfAnotherKeyIsRefusedByName) {
  EXPECT_EQ(why(vectors::hello_by_a, vectors::public_b, vectors::hello),
            "it was made with key 32462E9285CCC7ED, not with key 3A62B5FC3A0345AE");
}

TEST(Signature, IsNotOneOfAnotherKeyWithTheSameId) {
  const auto signature = parse_signature(vectors::hello_by_a);
  auto key = *parse_public_key(vectors::public_b);
  key.id = signature->key;
  EXPECT_THAT(verify(*signature, key, vectors::hello).error().text, HasSubstr("is bad"));
}

TEST(Signature, TellsAnAlteredTrustedComment) {
  EXPECT_THAT(why(with(vectors::hello_by_a, "file:f", "file:g"), vectors::public_a, vectors::hello),
              HasSubstr("trusted comment was altered"));
  // The comment of another signature by the same key, with the signature over it.
  const std::string mine(vectors::hello_by_a);
  const std::string its(vectors::other_by_a);
  const std::string mixed = mine.substr(0, mine.find("\ntrusted comment: ")) +
                            its.substr(its.find("\ntrusted comment: "));
  EXPECT_THAT(why(mixed, vectors::public_a, vectors::hello),
              HasSubstr("trusted comment was altered"));
}

TEST(Signature, LeavesTheUntrustedCommentToAnybody) {
  EXPECT_EQ(
      why(with(vectors::hello_by_a, "from minisign", "by Eve"), vectors::public_a, vectors::hello),
      "");
}

TEST(Signature, DoesNotChangeItsForm) {
  auto signature = *parse_signature(vectors::hello_by_a);
  signature.form = signature_form::legacy;
  const auto key = *parse_public_key(vectors::public_a);
  EXPECT_FALSE(verify(signature, key, vectors::hello));
  // The digest as the file: what tells the forms apart is the two letters before the key's id.
  const std::string digest = signed_bytes(signature_form::prehashed, vectors::hello);
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_TRUE(verify(signature, key, digest));
}

TEST(Signature, IsRefusedWhenItsFileIsNone) {
  EXPECT_EQ(unreadable(""), "a signature has four lines, this has 0");
  EXPECT_THAT(unreadable(vectors::public_a), HasSubstr("four lines, this has 2"));
  EXPECT_THAT(unreadable(std::string(vectors::hello_by_a) + "more\n"), HasSubstr("this has 5"));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "untrusted comment: ", "comment: ")),
              HasSubstr("no line begins with \"untrusted comment: \""));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "trusted comment: t", "t")),
              HasSubstr("no line begins with \"trusted comment: \""));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "RUTt", "RU*t")),
              HasSubstr("the signature is not base64"));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "RUTtx8yF", "RUTt")),
              HasSubstr("the signature has 71 bytes, not 74"));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "RUTt", "RETt")), HasSubstr("unknown sort"));
  EXPECT_THAT(unreadable(with(vectors::hello_by_a, "tJzfUmx2", "tJzf")),
              HasSubstr("the signature of the trusted comment has 61 bytes"));
  EXPECT_THAT(unreadable(std::string(40'000, 'a')), HasSubstr("longer than"));
  EXPECT_THAT(unreadable(std::string(vectors::hello_by_a) + std::string(1, '\0')),
              HasSubstr("not a text file"));
}

}  // namespace
}  // namespace spawn::trust
