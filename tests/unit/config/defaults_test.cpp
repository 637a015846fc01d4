// The schema, the settings' own defaults, the sample and the documentation say the same.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/limits.hpp"
#include "config/full_check.hpp"
#include "config/json_tree.hpp"
#include "config/overrides.hpp"
#include "config/schema_check.hpp"
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

std::string read_source(const std::string& path) {
  std::ifstream file(std::string(SPAWN_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

value parsed_schema() {
  auto schema = read_json(schema_json());
  EXPECT_TRUE(schema);
  return schema ? *schema : value{};
}

// A document with every default of the schema written out.
value written_out(const value& root, const value& node_or_ref) {
  const value& node = resolve(root, node_or_ref);
  value out = value::object();
  const value* properties = node.find("properties");
  for (const auto& p : properties->members) {
    if (const value* preset = p.is.find("default")) {
      out.put(p.key, *preset);
    } else if (resolve(root, p.is).find("properties") != nullptr) {
      value below = written_out(root, p.is);
      if (!below.members.empty() && p.key != "tcp") {
        out.put(p.key, std::move(below));
      }
    }
  }
  return out;
}

// Every node of the schema that describes a key, with the key.
void every_key(const value& root, const value& node, std::set<const value*>& seen,
               const std::function<void(const std::string&, const value&)>& visit) {
  const value& here = resolve(root, node);
  if (!seen.insert(&here).second) {
    return;
  }
  if (const value* properties = here.find("properties")) {
    for (const auto& p : properties->members) {
      visit(p.key, p.is);
      every_key(root, p.is, seen, visit);
    }
  }
  for (const auto* word : {"items", "additionalProperties"}) {
    if (const value* below = here.find(word); below != nullptr) {
      every_key(root, *below, seen, visit);
    }
  }
  if (const value* any = here.find("anyOf")) {
    for (const auto& a : any->items) {
      every_key(root, a, seen, visit);
    }
  }
}

bool has_word(const std::string& text, const std::string& word) {
  const auto inside = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (auto i = text.find(word); i != std::string::npos; i = text.find(word, i + 1)) {
    const auto end = i + word.size();
    if ((i == 0 || !inside(text[i - 1])) && (end == text.size() || !inside(text[end]))) {
      return true;
    }
  }
  return false;
}

TEST(defaults, the_schemas_defaults_written_out_are_the_settings_defaults) {
  const value root = parsed_schema();
  const auto text = to_json(written_out(root, root), false, false);
  EXPECT_THAT(text, HasSubstr("\"drain_ms\":30000"));  // it is not empty
  EXPECT_EQ(good(text), good(""));
}

TEST(defaults, come_from_the_kernels_limits) {
  const auto s = good("");
  EXPECT_EQ(s.limits.mailbox, limits::mailbox_messages_max);
  EXPECT_EQ(s.limits.inflight_bytes, limits::inflight_bytes_max);
  EXPECT_EQ(s.timeouts.request_ms, limits::request_timeout_ms);
  EXPECT_EQ(s.host.connections, limits::host_connections_max);
}

TEST(defaults, are_a_sqlite_file_the_memory_transport_and_four_workflows) {
  const auto s = good("");
  EXPECT_EQ(s.system, "spawn-system");
  EXPECT_EQ(s.runtime.lanes, 0u);
  EXPECT_EQ(s.gateway.http.port, 9001);
  EXPECT_EQ(s.host.address, "127.0.0.1");
  EXPECT_EQ(s.host.port, 8090);
  ASSERT_EQ(s.statestores.size(), 1u);
  EXPECT_EQ(s.statestores[0].instance, "main");
  EXPECT_EQ(s.statestores[0].use, "sqlite");
  EXPECT_EQ(s.statestores[0].config_json, R"({"path":"spawn.db"})");
  EXPECT_EQ(s.transport.use, "memory");
  ASSERT_EQ(s.workflows.size(), 4u);
  EXPECT_EQ(s.workflows[3].use, "broadcast");
  EXPECT_EQ(s.plugins.path, std::vector<std::string>{"/usr/lib/spawn/plugins"});
  EXPECT_EQ(s.durability.mode, durability_mode::commit);
  EXPECT_FALSE(s.encryption.key);
}

TEST(defaults, no_file_at_all_gives_the_same_and_a_notice) {
  const auto got = load_defaults(environment());
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->value, good(""));
  EXPECT_THAT(got->notices, testing::ElementsAre(HasSubstr("no configuration file")));
}

TEST(defaults, an_empty_section_is_as_none) {
  EXPECT_EQ(good("limits:\ntelemetry: ~\nhost:\nruntime: {lanes: }\n"), good(""));
}

TEST(defaults, an_installed_program_finds_the_plugins_beside_it) {
  const auto prefix = std::filesystem::path(testing::TempDir()) / "spawn-prefix";
  const auto plugins = prefix / "lib/spawn/plugins";
  const environment here({}, prefix / "bin");
  std::filesystem::remove_all(prefix);
  const auto path = [](const auto& loaded) { return loaded->value.plugins.path; };
  EXPECT_THAT(path(load_defaults(here)), testing::ElementsAre("/usr/lib/spawn/plugins"));
  std::filesystem::create_directories(plugins);
  EXPECT_THAT(path(load_defaults(here)), testing::ElementsAre(plugins.string()));
  EXPECT_THAT(path(load_text("plugins:\n", "spawn.yaml", here)),
              testing::ElementsAre(plugins.string()));
  EXPECT_THAT(path(load_text("plugins: {path: [/mine]}", "spawn.yaml", here)),
              testing::ElementsAre("/mine"));
  const environment told({{"SPAWN_PLUGIN_PATH", "/told"}}, prefix / "bin");
  EXPECT_THAT(path(load_defaults(told)), testing::ElementsAre("/told"));
  std::filesystem::remove_all(prefix);
}

TEST(sample, loads_clean_and_says_the_defaults) {
  const auto text = read_source("config/spawn.yaml");
  EXPECT_EQ(text, default_yaml());
  const auto got = load(text);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_TRUE(got->notices.empty());
  EXPECT_EQ(got->value.gateway.http.port, 9001);
  auto plain = good("");
  auto sample = got->value;
  EXPECT_EQ(sample, plain);
}

TEST(sample, with_every_comment_taken_away_still_loads) {
  // "  # key: value" -> "  key: value"; the head of the file and trailing remarks stay comments.
  std::istringstream in(read_source("config/spawn.yaml"));
  std::string out;
  bool head = true;
  for (std::string line; std::getline(in, line);) {
    head = head && line.starts_with('#');
    const auto first = line.find_first_not_of(' ');
    if (!head && first != std::string::npos && line.compare(first, 2, "# ") == 0) {
      line.erase(first, 2);
    }
    out += line + "\n";
  }
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"9f2c...", std::string(64, 'a')},
        {"${file:/etc/spawn/old.key}", "${SPAWN_KEY}"}}) {
    out.replace(out.find(from), from.size(), to);
  }
  const auto s = good(out, {{"AMQP_URL", "amqp://x"},
                            {"SPAWN_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
                            {"SPAWN_ADMIN_TOKEN", "0123456789abcdef"}});
  EXPECT_EQ(s.hosts.size(), 2u);
  EXPECT_EQ(s.activators.size(), 1u);
  EXPECT_EQ(s.actors.size(), 1u);
  EXPECT_EQ(s.admin.tcp_port, 9091);
  EXPECT_EQ(s.limits, good("").limits) << "the sample shows other defaults";
  EXPECT_EQ(s.timeouts, good("").timeouts) << "the sample shows other defaults";
}

TEST(schema, every_key_is_described_and_is_in_the_sample_and_in_the_documentation) {
  const value root = parsed_schema();
  const auto sample = read_source("config/spawn.yaml");
  const auto docs = read_source("docs/configuration.md");
  std::set<const value*> seen;
  std::set<std::string> keys;
  every_key(root, root, seen, [&](const std::string& key, const value& node) {
    keys.insert(key);
    EXPECT_TRUE(resolve(root, node).find("description") != nullptr ||
                node.find("description") != nullptr)
        << key;
  });
  EXPECT_GT(keys.size(), 80u);
  for (const auto& key : keys) {
    EXPECT_TRUE(has_word(sample, key)) << key << " is not in config/spawn.yaml";
    EXPECT_TRUE(has_word(docs, key)) << key << " is not in docs/configuration.md";
  }
}

TEST(schema, every_map_refuses_unknown_keys) {
  const value root = parsed_schema();
  std::set<const value*> seen;
  every_key(root, root, seen, [&](const std::string& key, const value& node) {
    const value& here = resolve(root, node);
    if (here.find("properties") != nullptr) {
      ASSERT_NE(here.find("additionalProperties"), nullptr) << key;
      EXPECT_FALSE(here.find("additionalProperties")->boolean) << key;
    }
  });
}

TEST(schema, every_limit_is_on_the_page_of_limits) {
  const value root = parsed_schema();
  const auto page = read_source("docs/limits.md");
  const value& sections = *root.find("properties");
  for (const auto* section : {"limits", "timeouts"}) {
    for (const auto& p : sections.find(section)->find("properties")->members) {
      EXPECT_THAT(page, HasSubstr(std::string(section) + "." + p.key));
      EXPECT_THAT(page, HasSubstr(to_json(*p.is.find("default"), false, false)));
    }
  }
}

TEST(schema, every_variable_read_is_documented) {
  const auto docs = read_source("docs/configuration.md");
  for (const auto& name : variables_read()) {
    EXPECT_TRUE(has_word(docs, name)) << name;
  }
}

TEST(schema, the_whole_of_json_schema_agrees_with_our_check) {
  const value root = parsed_schema();
  const auto agrees = [](const std::string& document) {
    const auto faults = full_check(schema_json(), document);
    EXPECT_TRUE(faults);
    return faults && faults->empty();
  };
  EXPECT_TRUE(agrees(to_json(written_out(root, root), false, false)));
  for (const auto* text : {R"({"system":"a"})",
                           R"({"sistem":"a"})",
                           R"({"runtime":{"lanes":"auto"}})",
                           R"({"runtime":{"lanes":"many"}})",
                           R"({"runtime":{"lanes":4}})",
                           R"({"runtime":{"lanes":0}})",
                           R"({"host":{"port":65536}})",
                           R"({"host":{"port":"1"}})",
                           R"({"hosts":[{"name":"a","port":1}]})",
                           R"({"hosts":[{"port":1}]})",
                           R"({"workflows":["a",{"use":"b"}]})",
                           R"({"workflows":["a",{"usr":"b"}]})",
                           R"({"statestores":{}})",
                           R"({"statestores":{"a b":{"use":"x"}}})",
                           R"({"statestores":{"a":{"use":"x","sha256":"zz"}}})",
                           R"({"transport":{"use":"x"}})",
                           R"({"transport":{"config":{}}})",
                           R"({"durability":{"history":{"keep":"7d"}}})",
                           R"({"durability":{"history":{"keep":"7w"}}})",
                           R"({"actors":{"A":{"tags":"keep"}}})",
                           R"({"actors":{"A":{"tags":"kep"}}})",
                           R"({"actors":{"A":{"reminders":[{"name":"a","action":"b"}]}}})",
                           R"({"actors":{"A":{"reminders":[{"name":"a"}]}}})",
                           R"({"actors":{"A":{"reminders":[{"name":"","action":"b"}]}}})",
                           R"({"limits":{"mailbox":3.5}})",
                           R"({"admin":{"tcp":{"port":1}}})"}) {
    problems found;
    auto document = read_json(text);
    ASSERT_TRUE(document);
    check_schema(root, *document, "", found);
    EXPECT_EQ(found.empty(), agrees(text)) << text;
  }
}

TEST(schema, uses_only_the_words_our_check_knows) {
  static const std::set<std::string> known = {"$schema",
                                              "$id",
                                              "$ref",
                                              "title",
                                              "description",
                                              "default",
                                              "definitions",
                                              "type",
                                              "enum",
                                              "properties",
                                              "additionalProperties",
                                              "required",
                                              "items",
                                              "anyOf",
                                              "minimum",
                                              "maximum",
                                              "minLength",
                                              "maxLength",
                                              "pattern",
                                              "minItems",
                                              "maxItems",
                                              "uniqueItems",
                                              "propertyNames",
                                              "minProperties",
                                              "maxProperties",
                                              "writeOnly"};
  const std::function<void(const value&)> walk = [&](const value& node) {
    for (const auto& m : node.members) {
      EXPECT_TRUE(known.contains(m.key)) << m.key;
      if (m.key == "properties" || m.key == "definitions") {
        for (const auto& p : m.is.members) {
          walk(p.is);
        }
      } else if (m.key == "items" || m.key == "additionalProperties" || m.key == "propertyNames") {
        walk(m.is);
      } else if (m.key == "anyOf") {
        for (const auto& a : m.is.items) {
          walk(a);
        }
      }
    }
  };
  walk(parsed_schema());
}

}  // namespace
}  // namespace spawn::config
