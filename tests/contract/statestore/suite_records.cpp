// One key at a time: load, compare-and-set, tombstones, bytes, time, plain refusals.
#include <chrono>
#include <string>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

using namespace std::chrono_literals;

void first_save_then_load(const target& t) {
  store_client s(t);
  s.expect(load("a/s/p/n"), SPAWN_E_NOT_FOUND);
  s.expect(save("a/s/p/n", 0, 0, 7, "one"), SPAWN_OK);
  const answer a = s.expect(load("a/s/p/n"), SPAWN_OK);
  require_equal(a.record.revision, std::uint64_t{1}, "revision");
  require_equal(a.record.writer, std::uint64_t{7}, "writer");
  require_equal(a.record.type_url, std::string("t/x"), "type_url");
  require_equal(a.record.meta, std::string("m"), "meta");
  require_equal(a.record.payload.value_or("-"), std::string("one"), "payload");
  require_equal(a.record.written_ms, s.host.clock.unix_ms(), "written_unix_ms");
  s.verify_host();
}

void compares_revision_and_writer(const target& t) {
  store_client s(t);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
  for (const auto& [revision, writer] :
       {std::pair{0u, 0u}, std::pair{1u, 8u}, std::pair{2u, 7u}, std::pair{9u, 7u}}) {
    const answer lost = s.expect(save("k", revision, writer, 9), SPAWN_E_CONFLICT);
    require_equal(lost.out_revision, std::uint64_t{1}, "out_revision");
    require_equal(lost.out_writer, std::uint64_t{7}, "out_writer");
  }
  s.expect(save("k", 1, 7, 9), SPAWN_OK);
  require_equal(s.one(load("k")).record.writer, std::uint64_t{9}, "writer after the second save");
  s.verify_host();
}

void writers_use_all_64_bits(const target& t) {
  store_client s(t);
  const std::uint64_t top = ~std::uint64_t{0};
  s.expect(save("k", 0, 0, top), SPAWN_OK);
  s.expect(save("k", 1, top - 1, 1), SPAWN_E_CONFLICT);
  const answer a = s.expect(save("k", 1, top, top - 5), SPAWN_OK);
  require_equal(s.one(load("k")).record.writer, top - 5, "writer");
}

void expectation_on_an_absent_key_is_a_conflict(const target& t) {
  store_client s(t);
  const answer a = s.expect(save("k", 3, 7, 7), SPAWN_E_CONFLICT);
  require_equal(a.out_revision, std::uint64_t{0}, "out_revision");
  s.expect(remove("k", 3, 7, 7), SPAWN_E_CONFLICT);
  s.expect(remove("k", 0, 0, 7), SPAWN_E_CONFLICT);
  s.expect(verify("k", 3, 7), SPAWN_E_CONFLICT);
  s.expect(rewrite("k", 3, 7, "x", "m"), SPAWN_E_CONFLICT);
  s.expect(verify("k", 0, 0), SPAWN_OK);
  s.expect(load("k"), SPAWN_E_NOT_FOUND);
  s.verify_host();
}

void a_repeated_save_meets_itself(const target& t) {
  store_client s(t);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
  const answer again = s.expect(save("k", 0, 0, 7), SPAWN_E_CONFLICT);
  require(again.out_revision == 1 && again.out_writer == 7, "the conflict does not name my save");
  s.expect(save("k", 1, 7, 7, "two"), SPAWN_OK);
  const answer twice = s.expect(save("k", 1, 7, 7, "two"), SPAWN_E_CONFLICT);
  require(twice.out_revision == 2 && twice.out_writer == 7, "the conflict does not name my save");
}

void a_tombstone_stops_an_old_owner(const target& t) {
  store_client s(t);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
  request gone = remove("k", 1, 7, 8);
  gone.meta = "kept";
  s.expect(gone, SPAWN_OK);
  const answer a = s.expect(load("k"), SPAWN_E_NOT_FOUND);
  require(a.record.revision == 2 && a.record.writer == 8, "a tombstone gives revision and writer");
  require_equal(a.record.meta, std::string("kept"), "meta of the tombstone");
  require(!a.record.payload.has_value(), "a tombstone has no payload");
  s.expect(save("k", 0, 0, 9), SPAWN_E_CONFLICT);  // as if never there
  s.expect(save("k", 1, 7, 9), SPAWN_E_CONFLICT);  // from before the delete
  s.expect(verify("k", 0, 0), SPAWN_E_CONFLICT);   // a tombstone is not absence
  s.expect(verify("k", 2, 8), SPAWN_OK);
  s.expect(remove("k", 1, 7, 9), SPAWN_E_CONFLICT);
  request renewed = remove("k", 2, 8, 9);  // a tombstone is written anew as any record is
  renewed.meta = "kept on";
  s.expect(renewed, SPAWN_OK);
  const answer b = s.expect(load("k"), SPAWN_E_NOT_FOUND);
  require(b.record.revision == 3 && b.record.writer == 9, "a renewed tombstone has gone on");
  require_equal(b.record.meta, std::string("kept on"), "meta of the renewed tombstone");
  s.expect(save("k", 3, 9, 10, "again"), SPAWN_OK);
  require_equal(s.one(load("k")).record.revision, std::uint64_t{4}, "revision goes on");
  s.verify_host();
}

void delete_flags(const target& t) {
  store_client s(t);
  s.expect(save("row", 0, 0, 7), SPAWN_OK);
  s.expect(remove("row", 1, 9, 7, SPAWN_SS_F_NO_TOMBSTONE), SPAWN_E_CONFLICT);
  s.expect(remove("row", 1, 7, 7, SPAWN_SS_F_NO_TOMBSTONE), SPAWN_OK);
  require_equal(s.expect(load("row"), SPAWN_E_NOT_FOUND).record.revision, std::uint64_t{0},
                "nothing of the key is left");
  s.expect(save("row", 0, 0, 7), SPAWN_OK);
  s.expect(remove("row", 1, 7, 7), SPAWN_OK);
  s.expect(remove("row", 2, 7, 7, SPAWN_SS_F_NO_TOMBSTONE), SPAWN_OK);  // collects the tombstone
  s.expect(verify("row", 0, 0), SPAWN_OK);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
  s.expect(remove("k", 1, 7, 8, SPAWN_SS_F_ERASE), SPAWN_OK);
  const answer a = s.expect(load("k"), SPAWN_E_NOT_FOUND);
  require(a.record.revision == 2 && a.record.writer == 8 && a.record.meta.empty(),
          "an erased key keeps revision and writer and nothing else");
}

void payload_sizes_and_presence(const target& t) {
  store_client s(t);
  s.expect(save("absent", 0, 0, 7, std::nullopt), SPAWN_OK);
  s.expect(save("empty", 0, 0, 7, ""), SPAWN_OK);
  require(!s.one(load("absent")).record.payload.has_value(), "absent came back as something");
  require(s.one(load("empty")).record.payload == "", "empty came back as absent");
  std::string big(1 << 20, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) {
    big[i] = static_cast<char>(i * 131 >> 3);
  }
  s.expect(save("one", 0, 0, 7, std::string(1, '\0')), SPAWN_OK);
  s.expect(save("big", 0, 0, 7, big), SPAWN_OK);
  require(s.one(load("one")).record.payload == std::string(1, '\0'), "one NUL byte is changed");
  require(s.one(load("big")).record.payload == big, "1 MiB is changed");
  request scattered = save("parts", 0, 0, 7);
  scattered.payload = std::vector<std::string>{"ab", "", std::string(1, '\0'), "cd"};
  scattered.meta = std::string("\0\xff", 2);
  scattered.type_url = "";
  s.expect(scattered, SPAWN_OK);
  const answer a = s.one(load("parts"));
  require(a.record.payload == std::string("ab\0cd", 5), "the scatter list is not joined");
  require(a.record.meta == scattered.meta && a.record.type_url.empty(), "meta or type_url differ");
  s.verify_host();
}

void keys_are_bytes(const target& t) {
  store_client s(t);
  std::vector<std::string> keys = {
      std::string(1, '\0'), std::string(2, '\0'),     "\xff", "A", "a", "a ",
      "\xc3\xa4",           std::string(1024, '\xff')};
  for (std::size_t n : {2u, 511u, 512u, 513u, 1023u, 1024u}) {
    keys.emplace_back(n, 'k');
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    s.expect(save(keys[i], 0, 0, 100 + i, keys[i]), SPAWN_OK);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const answer a = s.expect(load(keys[i]), SPAWN_OK);
    require(a.record.writer == 100 + i && a.record.payload == keys[i], "keys are mixed up");
  }
  s.expect(save(std::string(1025, 'k'), 0, 0, 7), SPAWN_E_INVALID);
  s.expect(save("", 0, 0, 7), SPAWN_E_INVALID);
  s.expect(load(""), SPAWN_E_INVALID);
}

void what_makes_no_sense_is_refused(const target& t) {
  store_client s(t);
  request skips = save("k", 0, 0, 7);
  skips.new_revision = 2;
  s.expect(skips, SPAWN_E_INVALID);
  for (const std::uint16_t code : {0, 9, 99, 65535}) {
    request unknown = load("k");
    unknown.code = code;
    s.expect(unknown, SPAWN_E_UNSUPPORTED);
  }
  s.host.clock.advance(1s);
  request late = save("k", 0, 0, 7);
  late.deadline_ns = s.host.clock.now_ns() - 1;
  s.expect(late, SPAWN_E_DEADLINE);
  s.expect(load("k"), SPAWN_E_NOT_FOUND);
  late.deadline_ns = s.host.clock.now_ns() + 1'000'000'000;
  s.expect(late, SPAWN_OK);
  s.verify_host();
}

void a_rewrite_changes_bytes_only(const target& t) {
  store_client s(t);
  request first = save("k", 0, 0, 7, "old");
  s.expect(first, SPAWN_OK);
  const std::int64_t written = s.host.clock.unix_ms();
  s.host.clock.advance(5s);
  s.expect(rewrite("k", 1, 8, "new", "sealed"), SPAWN_E_CONFLICT);
  s.expect(rewrite("k", 1, 7, "new", "sealed"), SPAWN_OK);
  const answer a = s.expect(load("k"), SPAWN_OK);
  require(a.record.payload == "new" && a.record.meta == "sealed",
          "payload or meta are the old ones");
  require(a.record.revision == 1 && a.record.writer == 7 && a.record.written_ms == written &&
              a.record.type_url == "t/x",
          "a rewrite changed more than payload and meta");
  s.expect(rewrite("k", 0, 7, "new", "sealed"), SPAWN_E_INVALID);
}

void time_to_live(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_TTL, "no CAP_TTL");
  request r = save("k", 0, 0, 7);
  r.ttl_s = 10;
  s.expect(r, SPAWN_OK);
  s.host.clock.advance(9'999ms);
  s.expect(load("k"), SPAWN_OK);
  s.host.clock.advance(1ms);
  const answer a = s.expect(load("k"), SPAWN_E_NOT_FOUND);
  require(a.record.revision == 1 && a.record.writer == 7, "an expired record is a tombstone");
  require(s.one(list("", "")).rows.empty(), "an expired record is listed");
  s.expect(save("k", 0, 0, 8), SPAWN_E_CONFLICT);
  s.host.clock.advance(5s);
  s.expect(save("other", 0, 0, 7), SPAWN_OK);  // gives the store a turn to clean up
  s.expect(save("k", 1, 7, 8), SPAWN_OK);
  s.host.clock.advance(std::chrono::hours(48));
  s.expect(load("k"), SPAWN_OK);  // this save had no ttl
  request again = save("k", 2, 8, 9);
  again.ttl_s = 1;
  s.expect(again, SPAWN_OK);
  s.host.clock.advance(1500ms);
  s.expect(save("other", 1, 7, 7), SPAWN_OK);
  s.expect(verify("k", 3, 9), SPAWN_OK);  // still names what is expected
  s.host.clock.advance(std::chrono::hours(25));
  s.expect(save("other", 2, 7, 7), SPAWN_OK);
  request touch = save("third", 0, 0, 7);
  s.expect(touch, SPAWN_OK);
  s.verify_host();
}

void capabilities_agree_with_the_manifest(const target& t) {
  store_client s(t);
  const std::string_view manifest = t.entry->manifest_json;
  const auto says = [&](std::string_view word) {
    return manifest.find("\"" + std::string(word) + "\"") != std::string_view::npos;
  };
  const std::uint64_t caps = s.capabilities();
  require((caps & SPAWN_SS_CAP_ATOMIC_GROUP) == 0 || says("atomic_group"), "atomic_group");
  require(((caps & SPAWN_SS_CAP_DURABLE) != 0) == says("durable"), "durable");
  require(((caps & SPAWN_SS_CAP_LIST) != 0) == says("list"), "list");
  require(((caps & SPAWN_SS_CAP_TTL) != 0) == says("ttl"), "ttl");
}

}  // namespace

void add_record_checks(std::vector<check>& out) {
  out.push_back({"record.first_save_then_load", first_save_then_load,
                 "what was saved is loaded, field by field"});
  out.push_back({"record.compares_revision_and_writer", compares_revision_and_writer,
                 "a save is a compare-and-set on revision and writer"});
  out.push_back(
      {"record.writers_use_all_64_bits", writers_use_all_64_bits, "a writer is any 64-bit number"});
  out.push_back({"record.expectation_on_an_absent_key_is_a_conflict",
                 expectation_on_an_absent_key_is_a_conflict,
                 "a save that expects a revision of an absent key is no insert"});
  out.push_back({"record.a_repeated_save_meets_itself", a_repeated_save_meets_itself,
                 "a save that is repeated ends CONFLICT and is told that it was itself"});
  out.push_back({"record.a_tombstone_stops_an_old_owner", a_tombstone_stops_an_old_owner,
                 "who deletes is not overwritten by who did not see it"});
  out.push_back({"record.delete_flags", delete_flags,
                 "NO_TOMBSTONE leaves nothing, ERASE leaves revision and writer"});
  out.push_back({"record.payload_sizes_and_presence", payload_sizes_and_presence,
                 "no payload, an empty one and scattered ones come back as they were"});
  out.push_back({"record.keys_are_bytes", keys_are_bytes, "keys are compared byte for byte"});
  out.push_back({"record.what_makes_no_sense_is_refused", what_makes_no_sense_is_refused,
                 "requests against the rules end INVALID and write nothing"});
  out.push_back({"record.a_rewrite_changes_bytes_only", a_rewrite_changes_bytes_only,
                 "REWRITE keeps revision, writer, type and times"});
  out.push_back({"record.time_to_live", time_to_live,
                 "past its time a key is a tombstone, and a day later it is gone"});
  out.push_back({"record.capabilities_agree_with_the_manifest",
                 capabilities_agree_with_the_manifest,
                 "capabilities() announces what the manifest says"});
}

}  // namespace contract
