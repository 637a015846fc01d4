// What a config block comes to as a connection string.
#include "mssql/settings.hpp"

#include <gmock/gmock.h>

#include "mssql/utf16.hpp"
#include "spawn/plugin/testing/fake_host.hpp"

namespace mssql_store {
namespace {

using spawn::plugin::refused;
using testing::HasSubstr;
using testing::Not;

settings parsed(const std::string& json, const std::string& password = {}) {
  const spawn::plugin::testing::fake_host host;
  const std::string at = "/password";
  const spawn_kv secret{spawn::plugin::slice(at), spawn::plugin::slice(password)};
  return parse({spawn::plugin::host_ref(host.table()), "main", json, 1,
                std::span(&secret, password.empty() ? 0u : 1u)});
}

std::string refusal(const std::string& json, const std::string& password = {}) {
  try {
    return "taken: " + parsed(json, password).connect;
  } catch (const refused& e) {
    return e.what();
  }
}

TEST(Settings, FreeTdsIsTheUsualDriver) {
  EXPECT_EQ(parsed(R"({"host": "db", "database": "d", "username": "u"})", "p;w").connect,
            "Driver=FreeTDS;Server=db;Port=1433;Database=d;UID=u;PWD={p;w};TDS_Version=7.4;"
            "TextSize=2147483647;ClientCharset=UTF-8;");
}

TEST(Settings, WhatTheEnvironmentOfTheProtocolMakesIsTaken) {
  const settings s =
      parsed(R"({"database":"n","host":"db","password":null,"pool_size":9,"port":1433,)"
             R"("queue_target_ms":8,"ssl":true,"ssl_verify":false,"username":"u"})",
             "secret");
  EXPECT_THAT(s.connect, HasSubstr("Encryption=require;"));
  EXPECT_EQ(s.pool_size, 9u);
  EXPECT_EQ(s.where, "db:1433/n") << "what people see has no password";
}

TEST(Settings, TlsIsAskedForInTheDriversWords) {
  const std::string tls = R"("database": "d", "ssl_verify": true})";
  EXPECT_THAT(parsed(R"({"driver": "ODBC Driver 18 for SQL Server", )" + tls).connect,
              HasSubstr("Encrypt=yes;TrustServerCertificate=no;"));
  EXPECT_THAT(parsed(R"({"dialect": "postgres", )" + tls).connect,
              HasSubstr("SSLmode=verify-full;"));
}

TEST(Settings, AnUncheckedCertificateIsNotPassedOffAsAChecked) {
  EXPECT_THAT(refusal(R"({"database": "d", "ssl_verify": true})"), HasSubstr("freetds.conf"));
}

TEST(Settings, AConnectionStringNamesWhatItNames) {
  const settings s =
      parsed(R"({"connection_string": "Servername=prod;Database=d;App=spawn", "username": "u"})");
  EXPECT_THAT(s.connect, HasSubstr("Servername=prod;Database=d;App=spawn"));
  EXPECT_THAT(s.connect, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(s.port, 0u);
}

TEST(Settings, APasswordHasItsOwnKey) {
  for (const char* word : {"PWD", " pwd ", "Password"}) {
    const std::string why = refusal(R"({"database": "d", "connection_string": "App=x;)" +
                                    std::string(word) + R"(=hush"})");
    EXPECT_THAT(why, HasSubstr("say it as password"));
    EXPECT_THAT(why, Not(HasSubstr("hush")));
  }
}

TEST(Settings, APasswordThatDriversReadDifferentlyIsRefusedUnshown) {
  const std::string why = refusal(R"({"database": "d"})", "a};b");
  EXPECT_THAT(why, HasSubstr("PWD"));
  EXPECT_THAT(why, Not(HasSubstr("a}")));
  EXPECT_THAT(refusal("{}"), HasSubstr("database"));
}

TEST(Utf16, GoesThereAndBack) {
  for (const std::string text : {"", "t/x", "\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x90\x8c tail"}) {
    std::string back;
    append_utf8(back, to_utf16(text));
    EXPECT_EQ(back, text);
  }
  EXPECT_EQ(to_utf16("\xf0\x9f\x90\x8c"), u"\U0001F40C");
  std::string half;
  append_utf8(half, std::u16string(1, char16_t{0xd83d}) + u"x");
  EXPECT_EQ(half, "\xef\xbf\xbdx");
}

}  // namespace
}  // namespace mssql_store
