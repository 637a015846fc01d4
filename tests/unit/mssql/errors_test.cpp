// What SQLSTATE and number come to.
#include "mssql/errors.hpp"

#include <gtest/gtest.h>

namespace mssql_store {
namespace {

using sql_store::trouble;

TEST(Errors, ARaceIsTriedAgain) {
  EXPECT_EQ(kind_of("40001", 1205), trouble::retry);  // SQL Server: deadlock victim
  EXPECT_EQ(kind_of("23000", 2627), trouble::retry);  // SQL Server: the key is there already
  EXPECT_EQ(kind_of("23505", 1), trouble::retry);     // PostgreSQL
  EXPECT_EQ(kind_of("40P01", 1), trouble::retry);
  EXPECT_EQ(kind_of("HY000", 1205), trouble::retry);  // MariaDB: a lock that took too long
}

TEST(Errors, AConnectionThatMayBeGoneIs) {
  for (const char* state : {"08S01", "08001", "HYT00", "HY000", "57P01", "IM002", "40003", ""}) {
    EXPECT_EQ(kind_of(state, 0), trouble::lost) << state;
  }
}

TEST(Errors, TheRestIsRefused) {
  EXPECT_EQ(kind_of("42S02", 208), trouble::refused);
  EXPECT_EQ(kind_of("42601", 1), trouble::refused);
  EXPECT_EQ(kind_of("22001", 8152), trouble::too_large);
  EXPECT_EQ(kind_of("HY000", 824), trouble::corrupt);
}

TEST(Errors, OnlyTheServersOwnWordTakesTheDoubtFromACommit) {
  EXPECT_TRUE(is_rolled_back("40001", 1205));
  for (const char* state : {"40003", "08S01", "HY000", "HYT00", "42000", ""}) {
    EXPECT_FALSE(is_rolled_back(state, 0)) << state;
  }
  EXPECT_FALSE(is_rolled_back("HY000", 1205));
}

TEST(Errors, ATableThatIsNotThere) {
  const auto said = [](const char* state, int native) {
    return odbc_error(kind_of(state, native), "", state, native);
  };
  EXPECT_TRUE(is_missing_table(said("42S02", 208)));
  EXPECT_TRUE(is_missing_table(said("42P01", 1)));
  EXPECT_FALSE(is_missing_table(said("42501", 1))) << "one that may not be read is not missing";
}

}  // namespace
}  // namespace mssql_store
