// What moves, prunes and counts records: SAVE with IMPORT, PRUNE, rows that say when they expire,
// and spawn.statestore.admin/1 where a store has it.
#include <chrono>
#include <string>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

using namespace std::chrono_literals;

std::vector<std::uint64_t> revisions_of(const answer& a) {
  std::vector<std::uint64_t> out;
  for (const stored& row : a.rows) {
    out.push_back(row.revision);
  }
  return out;
}

void an_import_keeps_number_writer_and_time(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_HISTORY, "no CAP_HISTORY");
  request first = import("k", 0, 0, 40, 7, 1'000);
  first.keep_history = 10;
  s.expect(first, SPAWN_OK);
  const answer head = s.expect(load("k"), SPAWN_OK);
  require(head.record.revision == 40 && head.record.writer == 7 && head.record.written_ms == 1'000,
          "the head is as it was elsewhere");
  request second = import("k", 40, 7, 43, 8, 2'000);
  second.keep_history = 10;
  s.expect(second, SPAWN_OK);
  const answer all = s.expect(history("k"), SPAWN_OK);
  require(revisions_of(all) == std::vector<std::uint64_t>{40, 43}, "a gap stays a gap");
  require(all.rows[0].written_ms == 1'000 && all.rows[1].written_ms == 2'000, "times of history");
  const answer lost = s.expect(import("k", 0, 0, 99, 9, 1), SPAWN_E_CONFLICT);
  require(lost.out_revision == 43 && lost.out_writer == 8, "an import writes over nothing");
  s.expect(import("k", 43, 8, 43, 9, 1), SPAWN_E_INVALID);
  request next = save("k", 43, 8, 9);
  next.keep_history = 10;
  s.expect(next, SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == std::vector<std::uint64_t>{40, 43, 44},
          "an ordinary save goes on from there");
  s.verify_host();
}

void prune_does_what_a_save_would(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_HISTORY, "no CAP_HISTORY");
  for (std::uint64_t i = 0; i < 6; ++i) {
    request r = save("k", i, i == 0 ? 0 : 7, 7);
    r.keep_history = 100;
    s.expect(r, SPAWN_OK);
    s.host.clock.advance(1s);
  }
  s.expect(prune("absent", 1), SPAWN_OK);
  s.expect(prune("k", 100), SPAWN_OK);
  require(revisions_of(s.one(history("k"))).size() == 6, "nothing is too old");
  s.expect(prune("k", 3), SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == std::vector<std::uint64_t>{3, 4, 5, 6}, "by count");
  // Revision 5 was superseded one second ago, 4 two, 3 three.
  s.expect(prune("k", 100, 2'500), SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == std::vector<std::uint64_t>{4, 5, 6}, "by age");
  const answer head = s.expect(load("k"), SPAWN_OK);
  require(head.record.revision == 6 && head.record.writer == 7, "the head is untouched");
  const auto both = s.run({save("k", 6, 7, 8), prune("k", 100, 1)});
  require_equal(both[0].status, SPAWN_OK, "save beside a prune");
  require_equal(both[1].status, SPAWN_OK, "prune beside a save");
  s.verify_host();
}

void rows_say_when_they_expire(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_TTL, "no CAP_TTL");
  request r = save("k/1", 0, 0, 7);
  r.ttl_s = 60;
  s.expect(r, SPAWN_OK);
  s.expect(save("k/2", 0, 0, 7), SPAWN_OK);
  const answer a = s.expect(list("k/", "k0"), SPAWN_OK);
  require_equal(a.rows.at(0).expires_ms, s.host.clock.unix_ms() + 60'000, "expiry of a row");
  require_equal(a.rows.at(1).expires_ms, std::int64_t{0}, "expiry of a row without one");
  s.verify_host();
}

void the_desk_counts(const target& t) {
  store_client s(t);
  if (!s.has_admin()) {
    throw skipped{"no " SPAWN_STATESTORE_ADMIN};
  }
  for (std::uint64_t i = 0; i < 3; ++i) {
    request r = save("k", i, i == 0 ? 0 : 7, 7);
    r.keep_history = 100;
    s.expect(r, SPAWN_OK);
  }
  s.expect(save("l", 0, 0, 7), SPAWN_OK);
  const std::string counts = s.admin(&spawn_statestore_admin::stats, SPAWN_OK);
  require(counts.find("\"records\":2,\"revisions\":2,") != std::string::npos,
          "stats say " + counts);
  const std::string sql = s.admin(&spawn_statestore_admin::schema_text, SPAWN_OK);
  require(sql.find("CREATE TABLE") != std::string::npos, "the schema is no SQL: " + sql);
  s.verify_host();
}

}  // namespace

void add_upkeep_checks(std::vector<check>& out) {
  out.push_back({"upkeep.an_import_keeps_number_writer_and_time",
                 an_import_keeps_number_writer_and_time,
                 "IMPORT keeps revision, writer and time of elsewhere"});
  out.push_back({"upkeep.prune_does_what_a_save_would", prune_does_what_a_save_would,
                 "PRUNE shortens the history and touches nothing else"});
  out.push_back({"upkeep.rows_say_when_they_expire", rows_say_when_they_expire,
                 "listed rows tell when they expire"});
  out.push_back({"upkeep.the_desk_counts", the_desk_counts,
                 "spawn.statestore.admin/1 counts records and shows the schema"});
}

}  // namespace contract
