// intake: all records that were read and are not settled, by partition, and which of them is to be
// offered next. It knows no broker and no host: what it decides is tested against a plain model.
//
// A record waits, is offered (it has a token then), or is buried: on its way to the dead letters,
// and settled when it has arrived there. RETRY and RELEASE make it wait again; nothing goes back to
// Kafka, which has no such thing. A record that waits for its time holds back later ones of its key
// that have not been offered yet.
//
// Thread: the session's. Bounds: offered ones by the window; those that wait, and the ledgers, by
// what the consumer reads, which stops at max_ahead per partition.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "message.hpp"
#include "offset_ledger.hpp"

namespace kafka_activator {

using partition_name = std::pair<std::string, std::int32_t>;

class intake {
 public:
  struct offer {
    message_ptr what;
    std::uint64_t token = 0;
    std::uint32_t attempt = 0;
  };
  struct burial {
    message_ptr what;
    std::uint64_t token = 0;
  };

  // Adds an empty partition; one of the same name is forgotten first.
  void open(const partition_name& name);
  // Its tokens are unknown from now on.
  void close(const partition_name& name);
  void close_all();
  // From now on nothing of it is offered.
  void hold(const partition_name& name);

  // False: nobody has that partition, or the record came a second time.
  bool take(const message_ptr& m);

  // The next record whose time has come, marked as offered; nothing if there is none. Partitions
  // take turns. A RETRY counts as an attempt, a RELEASE does not.
  [[nodiscard]] std::optional<offer> next(std::uint64_t now_ns);
  // The last next() was not taken: it waits as before.
  void put_back(std::uint64_t token);

  void ack(std::uint64_t token);
  // It waits until then; `counts` for attempts.
  void again(std::uint64_t token, std::uint64_t at_ns, bool counts);
  // The record, which is not offered any more; settled by arrived(). Nothing: unknown.
  [[nodiscard]] std::optional<burial> bury(std::uint64_t token);
  void arrived(std::uint64_t token);

  [[nodiscard]] std::size_t offered() const noexcept { return offered_; }
  // Offered and buried ones of these partitions.
  [[nodiscard]] std::size_t offered_of(const std::vector<partition_name>& names) const;
  // Those that could be offered now, or only wait for one of their key. Not the delayed ones.
  [[nodiscard]] std::size_t ready() const noexcept { return waiting_ - due_.size(); }
  // When the next delayed one is due; 0: there is none.
  [[nodiscard]] std::uint64_t due_ns() const { return due_.empty() ? 0 : *due_.begin(); }

  struct state {
    std::int64_t first;     // the first that was read; `unknown` before it
    std::int64_t position;  // see offset_ledger
    std::int64_t next;
    std::size_t span;
    std::int64_t oldest_unix_ms;  // of the first unsettled record; -1: none, or it has no time
  };
  // Nothing: nobody has that partition.
  [[nodiscard]] std::optional<state> look(const partition_name& name) const;

 private:
  struct record {
    message_ptr what;
    std::uint32_t attempt = 1;
    std::uint64_t token = 0;  // not 0: offered or buried
    bool buried = false;
    std::uint64_t not_before_ns = 0;  // 0: at once
  };
  struct share {
    offset_ledger ledger;
    std::map<std::int64_t, record> records;   // unsettled
    std::map<std::int64_t, record*> waiting;  // of those
    bool held = false;
  };
  struct place {
    share* in;
    std::int64_t offset;
  };

  [[nodiscard]] record* next_of(share& s, std::uint64_t now_ns);
  void wait(share& s, std::int64_t offset, record& r, std::uint64_t at_ns);
  void stop_waiting(share& s, std::int64_t offset, record& r);
  void forget(share& s);
  void settle(std::uint64_t token, bool buried);
  // The record of a token; nothing if nobody knows it.
  [[nodiscard]] record* find(std::uint64_t token, place& at);

  std::map<partition_name, share> shares_;
  std::unordered_map<std::uint64_t, place> tokens_;
  std::multiset<std::uint64_t> due_;  // not_before_ns of those that wait with one
  partition_name last_served_;
  std::uint64_t last_token_ = 0;
  std::size_t offered_ = 0, waiting_ = 0;
};

}  // namespace kafka_activator
