// create and destroy, the instance's table and that of its kind.
#include <chrono>
#include <cstring>
#include <thread>

#include "instance.hpp"
#include "kind_tables.hpp"
#include "process_state.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "test.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::chrono::seconds create_limit{1};
constexpr std::size_t longer_by = 64;

// One call of create with everything in the test's hands.
struct made {
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_instance* instance = nullptr;
  std::string error;
};

made create(subject& s, check_host& host, const spawn_create_info* info) {
  made out;
  spawn_buf error{};
  out.status = s.entry()->create(host.seen(), info, &out.instance, &error);
  out.error = plugin::text(error);
  plugin::release(error);
  return out;
}

spawn_create_info info_of(subject& s, const std::string& config,
                          std::string_view name = "checked") {
  return {sizeof(spawn_create_info),
          s.one_lane() ? 1u : 4u,
          plugin::slice(name),
          plugin::slice(config),
          nullptr,
          0,
          0};
}

void must_be_made(const made& m) {
  require(m.status == SPAWN_OK, "create answered " + described_status(m.status) + ": " + m.error);
  require(m.instance != nullptr, "create answered OK and made nothing");
}

void init(subject& s, check_host& host) {
  require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed");
}

void create_succeeds(subject& s) {
  check_host host;
  const instance one(s, host);
  require(one.raw()->vt != nullptr, "the instance has no table");
}

void create_returns_in_a_second(subject& s) {
  check_host host;
  (void)s.entry();
  const auto before = std::chrono::steady_clock::now();
  const instance one(s, host);
  require(std::chrono::steady_clock::now() - before < create_limit,
          "create took longer than 1 s; what takes long belongs into start");
}

void instance_keeps_its_host(subject& s) {
  check_host host;
  const instance one(s, host);
  require(one.raw()->host == host.seen(), "instance.host is not the host that create was given");
}

void table_is_whole(subject& s) {
  check_host host;
  const instance one(s, host);
  const auto* vt = one.raw()->vt;
  require(SPAWN_KNOWS(vt, destroy), "its table has only " + std::to_string(vt->struct_size) +
                                        " bytes and ends before destroy");
  require(vt->get_interface != nullptr, "get_interface is NULL");
  require(vt->start != nullptr, "start is NULL");
  require(vt->quiesce != nullptr, "quiesce is NULL");
  require(vt->drain != nullptr, "drain is NULL");
  require(vt->stop != nullptr, "stop is NULL");
  require(vt->destroy != nullptr, "destroy is NULL");
}

const kind_table& table_rules(subject& s) {
  const kind_table* rules = kind_table_of(s.manifest().kind);
  if (rules == nullptr) {
    throw contract::skipped{"the kind " + s.manifest().kind + " has no table this checker knows"};
  }
  return *rules;
}

void offers_its_kind(subject& s) {
  const kind_table& rules = table_rules(s);
  check_host host;
  const instance one(s, host);
  require(one.interface<void>(rules.id) != nullptr,
          "the manifest says " + s.manifest().kind + ", and there is no " + rules.id);
}

void kind_table_is_long_enough(subject& s) {
  const kind_table& rules = table_rules(s);
  check_host host;
  const instance one(s, host);
  const auto size = *one.interface<std::uint32_t>(rules.id);
  require(size >= rules.bytes_min, std::string(rules.id) + " has " + std::to_string(size) +
                                       " bytes, at least " + std::to_string(rules.bytes_min) +
                                       " are needed");
}

void kind_table_has_all_slots(subject& s) {
  const kind_table& rules = table_rules(s);
  check_host host;
  const instance one(s, host);
  const auto* bytes = one.interface<char>(rules.id);
  for (const table_slot& slot : rules.slots) {
    void* function = nullptr;
    std::memcpy(&function, bytes + slot.offset, sizeof(function));
    require(function != nullptr, std::string(slot.name) + " of " + rules.id + " is NULL");
  }
}

void unknown_interfaces_are_null(subject& s) {
  check_host host;
  const instance one(s, host);
  const std::string kind = "spawn." + s.manifest().kind;
  for (const std::string& id :
       {std::string(), std::string("/"), kind, kind + "/", kind + "/1x", kind + "/99",
        std::string("spawn.nobody/1"), std::string(5'000, 'x')}) {
    require(one.interface<void>(id.c_str()) == nullptr,
            "there is something of the id \"" + id.substr(0, 40) + "\"");
  }
}

void interfaces_are_stable(subject& s) {
  const kind_table& rules = table_rules(s);
  check_host host;
  const instance one(s, host);
  const void* first = one.interface<void>(rules.id);
  const void* other = nullptr;
  std::thread([&] { other = one.interface<void>(rules.id); }).join();
  require(one.interface<void>(rules.id) == first && other == first,
          "get_interface gives another table the second time");
}

void takes_every_host(subject& s) {
  for (const host_minor& at : host_minors) {
    if (at.minor >= s.entry()->abi_minor_min) {
      check_host host(at);
      instance(s, host).destroy();
    }
  }
}

void takes_a_newer_host(subject& s) {
  const auto host = check_host::newer();
  instance(s, *host).destroy();
}

void does_without_services(subject& s) {
  check_host host;
  host.offer_services(false);
  init(s, host);
  const std::string config = s.fresh_config();
  const spawn_create_info info = info_of(s, config);
  const made got = create(s, host, &info);
  // A kind may need its own interface of the host: then it has to say so.
  require(got.status == SPAWN_OK || !got.error.empty(), "create failed without a text");
  if (got.status == SPAWN_OK) {
    got.instance->vt->destroy(got.instance);
  }
}

void config_is_not_read_past_its_end(subject& s) {
  check_host host;
  init(s, host);
  const std::string config = s.fresh_config();
  guarded place(config.size(), "create reads past the end of config_json, which has no NUL");
  std::memcpy(place.data(), config.data(), config.size());
  place.read_only("create writes to config_json");
  spawn_create_info info = info_of(s, config);
  info.config_json.ptr = place.data();
  const made got = create(s, host, &info);
  must_be_made(got);
  got.instance->vt->destroy(got.instance);
}

void info_is_not_read_past_its_end(subject& s) {
  check_host host;
  init(s, host);
  const std::string config = s.fresh_config();
  guarded info(sizeof(spawn_create_info), "create reads past the end of spawn_create_info");
  *info.as<spawn_create_info>() = info_of(s, config);
  info.read_only("create writes to spawn_create_info");
  const made got = create(s, host, info.as<spawn_create_info>());
  must_be_made(got);
  got.instance->vt->destroy(got.instance);
}

void takes_a_longer_info(subject& s) {
  check_host host;
  init(s, host);
  const std::string config = s.fresh_config();
  guarded info(sizeof(spawn_create_info) + longer_by, "create reads past struct_size");
  std::memset(info.data(), 0xff, info.size());
  *info.as<spawn_create_info>() = info_of(s, config);
  info.as<spawn_create_info>()->struct_size = static_cast<std::uint32_t>(info.size());
  const made got = create(s, host, info.as<spawn_create_info>());
  must_be_made(got);
  got.instance->vt->destroy(got.instance);
}

void takes_any_name(subject& s) {
  check_host host;
  init(s, host);
  for (const std::string& name :
       {std::string("a"), std::string(255, 'n'), std::string("caf\xc3\xa9"),
        std::string("with blanks, 'quotes' and %s")}) {
    const std::string config = s.fresh_config();
    const spawn_create_info info = info_of(s, config, name);
    const made got = create(s, host, &info);
    must_be_made(got);
    got.instance->vt->destroy(got.instance);
  }
}

void destroy_needs_no_start(subject& s) {
  check_host host;
  instance one(s, host);
  one.destroy();
  require(host.violations().empty(), host.violations().empty() ? "" : host.violations().front());
}

void instances_are_independent(subject& s) {
  check_host first_host, second_host;
  instance first(s, first_host);
  instance second(s, second_host);
  require(first.raw() != second.raw(), "two instances are one");
  first.destroy();
  require(kind_table_of(s.manifest().kind) == nullptr ||
              second.interface<void>(kind_table_of(s.manifest().kind)->id) != nullptr,
          "the second instance is gone with the first");
  second.destroy();
}

void leaves_nothing(subject& s) {
  check_host host;
  instance(s, host).destroy();  // what is made once stays
  const auto threads = threads_now();
  const auto files = files_now();
  for (int round = 0; round < 100; ++round) {
    instance(s, host).destroy();
  }
  require(new_threads(threads).empty(), "left the thread " + new_threads(threads));
  require(new_files(files).empty(), "left open " + new_files(files));
}

void opens_no_socket(subject& s) {
  check_host host;
  const auto before = files_now();
  const instance one(s, host);
  for (const auto& [fd, what] : files_now()) {
    require(before.contains(fd) || !what.starts_with("socket:"),
            "create opened a socket; connections belong into start");
  }
}

}  // namespace

test_list create_tests() {
  return {
      {"create.succeeds", "create makes an instance of the config of this run", create_succeeds,
       true},
      {"create.returns_in_a_second", "create returns within a second", create_returns_in_a_second,
       true},
      {"create.instance_keeps_its_host", "instance.host is the host that create was given",
       instance_keeps_its_host},
      {"create.table_is_whole", "the instance's table reaches to destroy and has every slot",
       table_is_whole, true},
      {"create.offers_its_kind", "get_interface knows the interface of the manifest's kind",
       offers_its_kind, true},
      {"create.kind_table_is_long_enough", "the kind's table reaches to its last mandatory slot",
       kind_table_is_long_enough, true},
      {"create.kind_table_has_all_slots", "every mandatory slot of the kind's table is set",
       kind_table_has_all_slots, true},
      {"create.unknown_interfaces_are_null", "get_interface answers NULL for what it does not know",
       unknown_interfaces_are_null},
      {"create.interfaces_are_stable",
       "get_interface gives the same table each time, on any thread", interfaces_are_stable},
      {"create.takes_every_host", "create uses no slot behind the end of an older host's table",
       takes_every_host},
      {"create.takes_a_newer_host", "create takes the longer table of a newer kernel",
       takes_a_newer_host},
      {"create.does_without_services",
       "without optional interfaces it works, or says what it needs", does_without_services},
      {"create.config_is_not_read_past_its_end", "config_json is bytes and a length, without a NUL",
       config_is_not_read_past_its_end},
      {"create.info_is_not_read_past_its_end", "spawn_create_info is read up to struct_size",
       info_is_not_read_past_its_end},
      {"create.takes_a_longer_info", "a newer kernel's longer spawn_create_info is taken",
       takes_a_longer_info},
      {"create.takes_any_name", "an instance may have any name", takes_any_name},
      {"create.destroy_needs_no_start", "an instance that was never started can be destroyed",
       destroy_needs_no_start},
      {"create.instances_are_independent", "destroying one instance leaves the other as it is",
       instances_are_independent},
      {"create.leaves_nothing", "100 instances leave no thread and no file behind", leaves_nothing},
      {"create.opens_no_socket", "create does not connect", opens_no_socket},
  };
}

}  // namespace spawn::check
