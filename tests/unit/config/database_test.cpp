#include "support.hpp"

namespace spawn::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(database_environment, unset_leaves_the_file_alone) {
  const auto s = good("statestores: {a: {use: memory}}");
  ASSERT_EQ(s.statestores.size(), 1u);
  EXPECT_EQ(s.statestores[0].use, "memory");
}

TEST(database_environment, native_is_sqlite_in_the_systems_directory) {
  const auto got =
      load("", {{"PROXY_DATABASE_TYPE", "native"}, {"PROXY_ACTOR_SYSTEM_NAME", "shop"}});
  ASSERT_TRUE(got) << got.error().text;
  ASSERT_EQ(got->value.statestores.size(), 1u);
  EXPECT_EQ(got->value.statestores[0].instance, "main");
  EXPECT_EQ(got->value.statestores[0].use, "sqlite");
  EXPECT_EQ(got->value.statestores[0].config_json, R"({"path":"/data/shop/spawn.db"})");
  EXPECT_THAT(got->notices,
              ElementsAre("statestores: main is from environment PROXY_DATABASE_TYPE=native"));
}

TEST(database_environment, a_systems_name_cannot_leave_its_directory) {
  const auto s = good("system: ../etc", {{"PROXY_DATABASE_TYPE", "native"}});
  EXPECT_EQ(s.statestores[0].config_json, R"({"path":"/data/%2E.%2Fetc/spawn.db"})");
}

TEST(database_environment, native_keeps_the_files_own_sqlite) {
  const auto got = load("statestores: {db: {use: sqlite@^1, config: {path: x.db}}}",
                        {{"PROXY_DATABASE_TYPE", "native"}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value.statestores[0].instance, "db");
  EXPECT_EQ(got->value.statestores[0].config_json, R"({"path":"x.db"})");
  EXPECT_THAT(got->notices[0], HasSubstr("agrees with spawn.yaml"));
}

TEST(database_environment, a_server_takes_the_protocols_defaults_and_its_password_is_secret) {
  const auto s = good("", {{"PROXY_DATABASE_TYPE", "postgres"}});
  const auto& store = s.statestores[0];
  EXPECT_EQ(store.use, "postgres");
  EXPECT_EQ(store.config_json,
            R"({"database":"eigr-functions-db","host":"127.0.0.1","password":null,"pool_size":50,)"
            R"("port":5432,"queue_target_ms":10000,"ssl":false,"ssl_verify":false,)"
            R"("username":"admin"})");
  EXPECT_THAT(store.secrets, ElementsAre(std::pair("/password", "admin")));
}

TEST(database_environment, mariadb_is_the_mysql_plugin_and_every_variable_counts) {
  const auto s = good("", {{"PROXY_DATABASE_TYPE", "mariadb"},
                           {"PROXY_DATABASE_HOST", "db"},
                           {"PROXY_DATABASE_NAME", "n"},
                           {"PROXY_DATABASE_USERNAME", "u"},
                           {"PROXY_DATABASE_SECRET", "p"},
                           {"PROXY_DATABASE_POOL_SIZE", "9"},
                           {"PROXY_DATABASE_QUEUE_TARGET", "8"},
                           {"PROXY_DATABASE_SSL", "true"},
                           {"PROXY_DATABASE_SSL_VERIFY", "true"}});
  EXPECT_EQ(s.statestores[0].use, "mysql");
  EXPECT_EQ(s.statestores[0].config_json,
            R"({"database":"n","host":"db","password":null,"pool_size":9,"port":3306,)"
            R"("queue_target_ms":8,"ssl":true,"ssl_verify":true,"username":"u"})");
  EXPECT_THAT(s.statestores[0].secrets, ElementsAre(std::pair("/password", "p")));
}

TEST(database_environment, mssql_has_a_port_of_its_own) {
  const auto s = good("", {{"PROXY_DATABASE_TYPE", "mssql"}});
  EXPECT_EQ(s.statestores[0].use, "mssql");
  EXPECT_EQ(s.statestores[0].config_json,
            R"({"database":"eigr-functions-db","host":"127.0.0.1","password":null,"pool_size":50,)"
            R"("port":1433,"queue_target_ms":10000,"ssl":false,"ssl_verify":false,)"
            R"("username":"admin"})");
}

TEST(database_environment, the_default_store_is_replaced_under_its_name_and_others_stay) {
  const auto got =
      load("statestores: {db: {use: sqlite}, fast: {use: memory}}\nactors: {A: {statestore: db}}",
           {{"PROXY_DATABASE_TYPE", "postgres"}});
  ASSERT_TRUE(got) << got.error().text;
  ASSERT_EQ(got->value.statestores.size(), 2u);
  EXPECT_EQ(got->value.statestores[0].instance, "db");
  EXPECT_EQ(got->value.statestores[0].use, "postgres");
  EXPECT_EQ(got->value.statestores[1].instance, "fast");
  EXPECT_THAT(got->notices, ElementsAre("statestores: db is from environment "
                                        "PROXY_DATABASE_TYPE=postgres, not from spawn.yaml"));
  EXPECT_EQ(origin_of(*got, "statestores.db.use")->where, "PROXY_DATABASE_TYPE");
  EXPECT_EQ(origin_of(*got, "statestores.fast.use")->where, "spawn.yaml:1:46");
}

TEST(database_environment, an_unknown_type_is_refused) {
  EXPECT_EQ(errors("", {{"PROXY_DATABASE_TYPE", "mongo"}}),
            "environment PROXY_DATABASE_TYPE: statestores: expected one of native, mariadb, "
            "mssql, postgres, got \"mongo\"");
}

TEST(database_environment, a_number_that_is_none_names_the_variable) {
  for (const auto* name :
       {"PROXY_DATABASE_PORT", "PROXY_DATABASE_POOL_SIZE", "PROXY_DATABASE_QUEUE_TARGET"}) {
    EXPECT_THAT(errors("", {{"PROXY_DATABASE_TYPE", "postgres"}, {name, "many"}}),
                HasSubstr("environment " + std::string(name) + ": statestores: expected a whole"));
  }
}

TEST(database_environment, variables_without_a_type_are_said_to_be_unused) {
  const auto got = load("", {{"PROXY_DATABASE_HOST", "db"}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value.statestores[0].use, "sqlite");
  EXPECT_THAT(got->notices, ElementsAre(HasSubstr("PROXY_DATABASE_HOST is set but")));
}

}  // namespace
}  // namespace spawn::config
