// Writes records that this kernel alone decides: registrations and bindings (D1).
#pragma once
#include <string>

#include "base/unique_function.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/writer_ids.hpp"

namespace spawn {

// What is stored of a record now; kept by whoever owns the record.
struct record_version {
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
};

// The last word wins: a conflict is answered by writing again over what is there, a doubtful save
// by repeating it, an unavailable store by patience, all of it until `patience_ms` has passed.
// Callers write one record at a time. [lane]
class record_writer {
 public:
  using done_fn = unique_function<void(result<record_version>)>;

  record_writer(journal& store, record_codec& codec, writer_ids& writers,
                std::uint64_t patience_ms = 10'000);
  ~record_writer();
  record_writer(const record_writer&) = delete;
  record_writer& operator=(const record_writer&) = delete;

  // `done` runs on the lane once the record is durable, or with the last error.
  void put(std::string key, std::string type_url, std::string payload, record_version known,
           done_fn done);
  // Leaves a tombstone.
  void remove(std::string key, record_version known, done_fn done);
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  struct job;
  void begin(job& work);
  void submit(job& work);
  void ended(job& work);
  void again(job& work, std::uint32_t retry_after_ms, error why);
  void finish(job& work, result<record_version> with);

  journal& store_;
  record_codec& codec_;
  writer_ids& writers_;
  const std::uint64_t patience_ms_;
  op_slab<save_request> ops_;
  std::size_t in_flight_ = 0;
};

}  // namespace spawn
