// The text of the statements: one for all databases, and what SQL Server is asked for its tables.
#include "mssql/statements.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

namespace mssql_store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

settings speaking(dialect d) {
  settings s;
  s.speaks = d;
  return s;
}

std::vector<std::string> all_of(dialect d) {
  const table_names names(speaking(d));
  const statements sql(names);
  std::vector<std::string> out = {sql.past_of,      sql.has_history, sql.load_past, sql.update,
                                  sql.rewrite,      sql.touch,       sql.expire,    sql.purge,
                                  sql.past_rewrite, sql.prune,       sql.due};
  for (const std::size_t n : key_list_sizes) {
    for (const auto& each : {sql.heads(n), sql.load(n), sql.keep_heads(n), sql.clear_history(n)}) {
      out.push_back(each);
    }
  }
  for (const std::size_t n : insert_sizes) {
    out.push_back(sql.insert(n));
    out.push_back(sql.insert_past(n));
  }
  for (int bits = 0; bits < 32; ++bits) {
    sql_store::key_range range;
    range.low_included = (bits & 1) != 0;
    range.high_included = (bits & 2) != 0;
    range.reverse = (bits & 4) != 0;
    range.with_payload = (bits & 8) != 0;
    range.tombstones = (bits & 16) != 0;
    out.push_back(sql.list(range));
    out.push_back(sql.revisions(range.reverse, range.with_payload));
  }
  return out;
}

TEST(Statements, AreTheSameForEveryDialect) {
  EXPECT_EQ(all_of(dialect::mssql), all_of(dialect::postgres));
  EXPECT_EQ(all_of(dialect::mssql), all_of(dialect::mariadb));
}

TEST(Statements, UseNoWordThatOneDatabaseDoesNotKnow) {
  const std::regex foreign(
      R"(\b(MERGE|FOR UPDATE|LIMIT|TOP|ON CONFLICT|RETURNING|OUTPUT|WITH|NOLOCK|ANY|USING|REPLACE|ON DUPLICATE)\b|::|`|"|\[|\$|;)",
      std::regex::icase);
  for (const std::string& text : all_of(dialect::mssql)) {
    EXPECT_FALSE(std::regex_search(text, foreign)) << text;
  }
}

TEST(Statements, StayUnderTheQuestionMarksOfSqlServer) {
  for (const std::string& text : all_of(dialect::mssql)) {
    EXPECT_LT(std::count(text.begin(), text.end(), '?'), 2'100) << text.substr(0, 80);
  }
}

TEST(Statements, AChangeHoldsOnlyWhereTheRowIsAsItWasRead) {
  const statements sql(table_names(speaking(dialect::mssql)));
  for (const auto& text : {sql.update, sql.rewrite, sql.touch, sql.expire, sql.purge}) {
    EXPECT_THAT(text,
                HasSubstr(" WHERE record_key = ? AND revision = ? AND writer = ? AND changes = ?"));
  }
}

TEST(Schema, IsThisTextForSqlServer) {
  settings s;
  s.schema = "app";
  EXPECT_THAT(
      definitions(dialect::mssql, table_names(s)),
      ElementsAre("IF OBJECT_ID(N'app.spawn_record', N'U') IS NULL\n"
                  "CREATE TABLE app.spawn_record (\n"
                  "  record_key  VARBINARY(1024) NOT NULL,\n"
                  "  system      NVARCHAR(1024) NULL,\n"
                  "  parent      NVARCHAR(1024) NULL,\n"
                  "  name        NVARCHAR(1024) NULL,\n"
                  "  revision    BIGINT NOT NULL,\n"
                  "  writer      BIGINT NOT NULL,\n"
                  "  type_url    NVARCHAR(MAX) NOT NULL,\n"
                  "  payload     VARBINARY(MAX) NULL,\n"
                  "  meta        VARBINARY(MAX) NOT NULL,\n"
                  "  written_at  BIGINT NOT NULL,\n"
                  "  expires_at  BIGINT NULL,\n"
                  "  deleted     SMALLINT NOT NULL,\n"
                  "  changes     BIGINT NOT NULL,\n"
                  "  PRIMARY KEY NONCLUSTERED (record_key)\n"
                  ")",
                  "IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'spawn_record_expiry' "
                  "AND object_id = OBJECT_ID(N'app.spawn_record'))\n"
                  "CREATE INDEX spawn_record_expiry ON app.spawn_record (deleted, expires_at)",
                  "IF OBJECT_ID(N'app.spawn_history', N'U') IS NULL\n"
                  "CREATE TABLE app.spawn_history (\n"
                  "  record_key  VARBINARY(1024) NOT NULL,\n"
                  "  revision    BIGINT NOT NULL,\n"
                  "  writer      BIGINT NOT NULL,\n"
                  "  type_url    NVARCHAR(MAX) NOT NULL,\n"
                  "  payload     VARBINARY(MAX) NULL,\n"
                  "  meta        VARBINARY(MAX) NOT NULL,\n"
                  "  written_at  BIGINT NOT NULL,\n"
                  "  replaced_at BIGINT NOT NULL,\n"
                  "  PRIMARY KEY NONCLUSTERED (record_key, revision)\n"
                  ")",
                  "IF OBJECT_ID(N'app.spawn_schema', N'U') IS NULL\n"
                  "CREATE TABLE app.spawn_schema (\n"
                  "  id          INT NOT NULL,\n"
                  "  version     INT NOT NULL,\n"
                  "  applied_at  BIGINT NOT NULL,\n"
                  "  PRIMARY KEY (id)\n"
                  ")"));
}

TEST(Schema, SaysToAnAdministratorWhatTheKernelWouldRun) {
  const std::string text = schema_text(settings());
  for (const std::string& each : definitions(dialect::mssql, table_names(settings()))) {
    EXPECT_THAT(text, HasSubstr(each + ";\n"));
  }
  EXPECT_THAT(text,
              HasSubstr("INSERT INTO spawn_schema (id, version, applied_at) VALUES (1, 1, 0)"));
  EXPECT_THAT(text, Not(HasSubstr("BYTEA")));
}

}  // namespace
}  // namespace mssql_store
