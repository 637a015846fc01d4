#include "state/record_writer.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace spawn {

struct record_writer::job {
  record_writer* owner = nullptr;
  std::string key;
  std::string type_url;
  std::string payload;
  bool is_remove = false;
  record_version known;
  std::uint64_t writer = 0;
  std::uint64_t until_ns = 0;
  std::uint32_t tries = 0;
  bool in_doubt = false;
  sealed_record content;
  save_request* request = nullptr;
  done_fn done;
  struct retry_timer : timer {
    job* work = nullptr;
  } retry;
};

record_writer::record_writer(journal& store, record_codec& codec, writer_ids& writers,
                             std::uint64_t patience_ms)
    : store_(store), codec_(codec), writers_(writers), patience_ms_(patience_ms) {}

record_writer::~record_writer() = default;

void record_writer::put(std::string key, std::string type_url, std::string payload,
                        record_version known, done_fn done) {
  auto* work = new job;
  work->key = std::move(key);
  work->type_url = std::move(type_url);
  work->payload = std::move(payload);
  work->known = known;
  work->done = std::move(done);
  begin(*work);
}

void record_writer::remove(std::string key, record_version known, done_fn done) {
  auto* work = new job;
  work->key = std::move(key);
  work->is_remove = true;
  work->known = known;
  work->done = std::move(done);
  begin(*work);
}

void record_writer::begin(job& work) {
  ++in_flight_;
  work.owner = this;
  work.until_ns = store_.home().now_ns() + patience_ms_ * ns_per_ms;
  work.retry.work = &work;
  work.retry.fire = [](timer& t) {
    job& mine = *static_cast<job::retry_timer&>(t).work;
    mine.owner->submit(mine);
  };
  work.request = ops_.take();
  work.request->owner = &work;
  work.request->ended = [](save_request& request) {
    job& mine = *static_cast<job*>(request.owner);
    mine.owner->ended(mine);
  };
  submit(work);
}

void record_writer::submit(job& work) {
  // A doubtful save is repeated as it was; anything else is written anew over what is known.
  if (!work.in_doubt) {
    work.writer = writers_.next();
    work.request->clear();
    record_meta meta;
    meta.birth = make_birth(store_.home().unix_ms(), store_.home().rng().next());
    meta.flags = work.is_remove ? meta_deleted : 0;
    const auto sealed = codec_.seal(work.key, work.known.revision + 1, work.writer, meta,
                                    !work.is_remove, work.type_url, work.payload, work.content);
    if (!sealed) {
      finish(work, fail(sealed.error()));
      return;
    }
    auto& op = work.request->raw;
    op.key = slice_of(work.key);
    op.key_hash = hash_bytes(work.key);
    op.expect_revision = work.known.revision;
    op.expect_writer = work.known.writer;
    op.new_revision = work.known.revision + 1;
    op.writer = work.writer;
    op.op.flags = SPAWN_SS_F_DURABLE;
    work.content.fill(op);
  }
  ++work.tries;
  store_.submit(*work.request,
                static_cast<std::uint16_t>(work.is_remove ? SPAWN_SS_DELETE : SPAWN_SS_SAVE), 0);
}

void record_writer::ended(job& work) {
  auto& op = work.request->raw;
  const error why{work.request->status(), op.op.retry_after_ms, take_error_text(op.op)};
  switch (why.code) {
    case errc::ok:
      finish(work, record_version{op.new_revision, op.writer});
      return;
    case errc::conflict:
      if (work.in_doubt && op.out_writer == work.writer && op.out_revision == op.new_revision) {
        finish(work, record_version{op.new_revision, op.writer});
        return;
      }
      work.in_doubt = false;
      work.known = {op.out_revision, op.out_writer};
      again(work, 0, why);
      return;
    case errc::unknown_outcome:
    case errc::internal:
    case errc::shutdown:
      work.in_doubt = true;
      again(work, why.retry_after_ms, why);
      return;
    case errc::unavailable:
    case errc::exhausted:
    case errc::deadline:
    case errc::cancelled:
    case errc::aborted:
      again(work, why.retry_after_ms, why);
      return;
    default:
      finish(work, fail(why));
  }
}

void record_writer::again(job& work, std::uint32_t retry_after_ms, error why) {
  const std::uint64_t wait_ms = std::max<std::uint64_t>(
      std::min<std::uint64_t>(10ULL << std::min<std::uint32_t>(work.tries, 6), 500),
      retry_after_ms);
  const std::uint64_t at = store_.home().now_ns() + wait_ms * ns_per_ms;
  if (at >= work.until_ns) {
    if (work.in_doubt) {
      why.code = errc::unknown_outcome;
    }
    finish(work, fail(std::move(why)));
    return;
  }
  store_.home().timers().arm(work.retry, at);
}

void record_writer::finish(job& work, result<record_version> with) {
  --in_flight_;
  ops_.give_back(work.request);
  done_fn done = std::move(work.done);
  delete &work;
  done(std::move(with));
}

}  // namespace spawn
