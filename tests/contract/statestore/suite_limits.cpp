// What is just allowed and what is one too much: sizes of records, names in keys.
#include <string>
#include <string_view>

#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::size_t name_bytes = 512;  // the kernel's limit for one name

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t x = 2463534242U;
  for (char& c : out) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    c = static_cast<char>(x);
  }
  return out;
}

void sixteen_mib_pass(const target& t) {
  store_client s(t);
  const std::string big = noise(16 * mib);
  s.expect(save("big", 0, 0, 7, big), SPAWN_OK);
  require(s.expect(load("big"), SPAWN_OK).record.payload == big, "16 MiB are changed");
  request scattered = save("big", 1, 7, 8);
  scattered.payload = std::vector<std::string>{big.substr(0, 5 * mib), big.substr(5 * mib)};
  s.expect(scattered, SPAWN_OK);
  s.expect(save("beside", 0, 0, 7, ""), SPAWN_OK);
  s.expect(rewrite("big", 2, 8, big.substr(1), "m"), SPAWN_OK);
  require(s.expect(load("big"), SPAWN_OK).record.payload == big.substr(1), "rewritten 16 MiB");
  s.verify_host();
}

// The limit is that of payload and meta together; the requests here have one byte of meta.
void one_byte_over_the_limit_is_too_large(const target& t) {
  if (!manifest_says(t.entry, R"("max_record_bytes")")) {
    throw skipped{"no limit for a record"};
  }
  for (const std::size_t limit : {1024 * std::size_t{10}, 16 * mib}) {
    std::string config = t.fresh_config();
    config.insert(1, R"("max_record_bytes": )" + std::to_string(limit) + ", ");
    store_client s(t, config, 1);
    const std::string most = noise(limit - 1);
    const auto a = s.run(
        {save("small", 0, 0, 7), save("over", 0, 0, 7, most + "x"), save("fits", 0, 0, 7, most)});
    require(a[0].status == SPAWN_OK && a[2].status == SPAWN_OK, "the others of the batch failed");
    require_equal(a[1].status, spawn_status{SPAWN_E_TOO_LARGE}, "one byte too much");
    require(!a[1].error.empty(), "the error has no text");
    require(s.expect(load("fits"), SPAWN_OK).record.payload == most, "the limit itself is changed");
    s.expect(load("over"), SPAWN_E_NOT_FOUND);
    s.expect(save("fits", 1, 7, 7, most + "x"), SPAWN_E_TOO_LARGE);
    require_equal(s.one(load("fits")).record.revision, std::uint64_t{1}, "revision after it");
    request meta = save("small", 1, 7, 7, most);
    meta.meta = "mm";
    s.expect(meta, SPAWN_E_TOO_LARGE);
    s.verify_host();
  }
}

std::string repeated(std::string_view part, std::size_t bytes) {
  std::string out;
  while (out.size() + part.size() <= bytes) {
    out += part;
  }
  return out + std::string(bytes - out.size(), 'x');
}

// Stores show the names of an actor's key in columns of text. Whatever a name consists of, the key
// is what counts.
void names_of_any_text_and_of_none(const target& t) {
  store_client s(t);
  const std::vector<std::string> names = {
      repeated("\xc3\xa4", name_bytes),          // two bytes each
      repeated("\xe6\x97\xa5", name_bytes),      // three
      repeated("\xf0\x9f\xa6\x80", name_bytes),  // four: not in MySQL's old utf8
      repeated("e\xcc\x81", name_bytes),         // a letter and its accent apart
      repeated("'\"\\`;$1?", name_bytes),        // what SQL reads otherwise
      repeated("%2F%25", name_bytes),
      repeated("\xc3", name_bytes),  // no text at all
      repeated("\xed\xa0\x80", name_bytes),
      "a%00b",
      std::string("a\0b", 3),
      "trailing ",
      "trailing",
      "TRAILING"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    s.expect(save("a/sys/parent/" + names[i], 0, 0, 100 + i, names[i]), SPAWN_OK);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const answer a = s.expect(load("a/sys/parent/" + names[i]), SPAWN_OK);
    require(a.record.writer == 100 + i && a.record.payload == names[i], "names are mixed up");
  }
  const std::string longest = repeated("\xf0\x9f\xa6\x80", name_bytes - 8);
  s.expect(save("a/" + longest + "/p/" + longest, 0, 0, 7), SPAWN_OK);
  s.expect(load("a/" + longest + "/p/" + longest), SPAWN_OK);
  s.verify_host();
}

}  // namespace

void add_limit_checks(std::vector<check>& out) {
  out.push_back(
      {"limit.sixteen_mib_pass", sixteen_mib_pass, "a record of 16 MiB is kept as it is"});
  out.push_back({"limit.one_byte_over_the_limit_is_too_large", one_byte_over_the_limit_is_too_large,
                 "one byte beyond max_record_bytes ends TOO_LARGE, alone"});
  out.push_back({"limit.names_of_any_text_and_of_none", names_of_any_text_and_of_none,
                 "actors may have names of any bytes"});
}

}  // namespace contract
