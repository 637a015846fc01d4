// Signature Version 4 against the examples that AWS has published: its test suite and the one of
// its general reference. Emulators do not look at signatures.
#include "sigv4.hpp"

#include <gtest/gtest.h>

#include "digest.hpp"

namespace sqs {
namespace {

constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const credentials example{"AKIDEXAMPLE", std::string(secret), {}, 0};
constexpr std::int64_t august = 1'440'938'160'000;  // 2015-08-30 12:36:00
const header_list plain{{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};

std::string signature_of(const signable& request, std::string_view service = "service") {
  const std::string out = authorization(request, example, {"us-east-1", service, august});
  return out.substr(out.rfind('=') + 1);
}

TEST(sigv4, the_time_is_written_as_aws_has_it) {
  EXPECT_EQ(amz_date(august), "20150830T123600Z");
}

TEST(sigv4, the_key_is_derived_as_in_the_general_reference) {
  EXPECT_EQ(hex(signing_key(secret, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  EXPECT_EQ(hex(signing_key(secret, "20120215", "us-east-1", "iam")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

TEST(sigv4, the_request_of_the_general_reference_is_signed) {
  const header_list headers{{"host", "iam.amazonaws.com"},
                            {"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                            {"x-amz-date", "20150830T123600Z"}};
  const signable request{"GET", "/", "Action=ListUsers&Version=2010-05-08", &headers, ""};
  EXPECT_EQ(hex(sha256(canonical_request(request))),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  EXPECT_EQ(authorization(request, example, {"us-east-1", "iam", august}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(sigv4, get_vanilla) {
  EXPECT_EQ(signature_of({"GET", "/", "", &plain, ""}),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(sigv4, get_vanilla_query_order_key_case) {
  EXPECT_EQ(signature_of({"GET", "/", "Param2=value2&Param1=value1", &plain, ""}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(sigv4, get_header_value_trim) {
  header_list headers = plain;
  headers.emplace_back("My-Header1", " value1");
  headers.emplace_back("My-Header2", " \"a   b   c\"");
  EXPECT_EQ(signature_of({"GET", "/", "", &headers, ""}),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(sigv4, post_vanilla) {
  EXPECT_EQ(signature_of({"POST", "/", "", &plain, ""}),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(sigv4, post_x_www_form_urlencoded) {
  header_list headers = plain;
  headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(signature_of({"POST", "/", "", &headers, "Param1=value1"}),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(sigv4, post_sts_header_before) {
  credentials who = example;
  who.session_token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
      "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQ"
      "DYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+s"
      "cqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
  header_list headers{{"host", "example.amazonaws.com"}};
  sign_post(headers, "", who, {"us-east-1", "service", august});
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[1].second, "20150830T123600Z");
  EXPECT_EQ(headers[2].first, "x-amz-security-token");
  EXPECT_EQ(headers[3].second.substr(headers[3].second.rfind('=') + 1),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(digest, base64_goes_there_and_back) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm9vYmE="), "fooba");
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Z g="));
  EXPECT_FALSE(from_base64("Zg?="));
}

}  // namespace
}  // namespace sqs
