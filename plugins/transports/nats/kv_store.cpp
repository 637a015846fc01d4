#include "kv_store.hpp"

#include <utility>

#include "kv_names.hpp"

namespace nats_transport {

using nats_common::answer;
using nats_common::api_answer;
using nats_common::fate;
using nats_common::header_list;
using nats_common::outgoing;
using spawn::plugin::give;
using spawn::plugin::text;

namespace {

constexpr std::uint64_t any_revision = UINT64_MAX;
constexpr int put_tries = 3;  // to put what should be absent while others put and delete it

header_list lease_headers(std::uint32_t lease_ms) {
  return lease_ms == 0 ? header_list{} : header_list{{header_lease_ms, std::to_string(lease_ms)}};
}

// What reads can say of an answer that is not a value: reading has no effect.
spawn_status read_status(const api_answer& said) {
  const spawn_status status = nats_common::status_of(said);
  return status == SPAWN_E_UNKNOWN_OUTCOME ? SPAWN_E_UNAVAILABLE : status;
}

}  // namespace

bool kv_store::bucket_of(op_ptr& op, std::string& out) const {
  if (!valid_bucket(text(op->bucket))) {
    op.end(SPAWN_E_INVALID, "a bucket is named with letters, digits, '-' and '_'");
    return false;
  }
  out = settings_.bucket_prefix + std::string(text(op->bucket));
  return true;
}

std::uint64_t kv_store::deadline_of(const spawn_kv_op& op) const {
  return op.op.deadline_ns != 0
             ? op.op.deadline_ns
             : session_.host().now_ns() + std::uint64_t{settings_.answer_ms} * 1'000'000;
}

void kv_store::submit(op_ptr op) {
  std::string bucket;
  if (!bucket_of(op, bucket)) {
    return;
  }
  if (op->key.len == 0) {
    return op.end(SPAWN_E_INVALID, "the key is empty");
  }
  if (op->op.deadline_ns != 0 && session_.host().now_ns() > op->op.deadline_ns) {
    return op.end(SPAWN_E_DEADLINE, "the deadline passed before anything was done");
  }
  std::string subject = subject_of_key(bucket, text(op->key));
  buckets_.ensure(bucket, [this, op = std::move(op), bucket, subject](answer a) mutable {
    if (a.how != fate::answered) {
      return op.end(SPAWN_E_UNAVAILABLE, "there is no connection to NATS");
    }
    switch (op->op.code) {
      case SPAWN_KV_GET:
        return get(std::move(op), bucket, subject);
      case SPAWN_KV_PUT:
        return put(std::move(op), bucket, subject);
      case SPAWN_KV_DELETE:
        return erase(std::move(op), subject);
      case SPAWN_KV_KEEPALIVE:
        return keep_alive(std::move(op), bucket, subject);
      default:
        return op.end(SPAWN_E_UNSUPPORTED);
    }
  });
}

// --- the steps

template <class Then>
void kv_store::look_up(const spawn_kv_op& op, const std::string& bucket, const std::string& subject,
                       Then then) {
  const std::string request = nlohmann::json{{"last_by_subj", subject}}.dump();
  outgoing m;
  m.subject = "$JS.API.STREAM.MSG.GET." + stream_of(bucket);
  m.payload = request;
  ++in_flight_;
  session_.ask(std::move(m), deadline_of(op), [this, then = std::move(then)](answer a) mutable {
    --in_flight_;
    look found;
    found.said = nats_common::read_api_answer(std::move(a));
    found.found = found.said.ok() && read_entry(found.said.body, found.entry);
    then(std::move(found));
  });
}

template <class Then>
void kv_store::write(const spawn_kv_op& op, const std::string& subject, header_list headers,
                     std::string_view value, Then then) {
  outgoing m;
  m.subject = subject;
  m.headers = std::move(headers);
  m.payload = value;
  ++in_flight_;
  session_.ask(std::move(m), deadline_of(op), [this, then = std::move(then)](answer a) mutable {
    --in_flight_;
    then(nats_common::read_api_answer(std::move(a)));
  });
}

void kv_store::written(op_ptr op, const std::string& subject, std::uint32_t lease_ms,
                       const api_answer& said) {
  if (!said.ok()) {
    return op.end(nats_common::status_of(said), nats_common::why_of(said));
  }
  op->out_revision = said.number("seq");
  kv_entry own;
  own.revision = op->out_revision;
  own.lease_ms = lease_ms;
  (void)leases_.expired(subject, own, session_.host().now_ns());
  op.end(SPAWN_OK);
}

// --- the ops

void kv_store::get(op_ptr op, const std::string& bucket, const std::string& subject) {
  const spawn_kv_op& asked = *op;
  look_up(asked, bucket, subject, [this, op = std::move(op), subject](look found) mutable {
    if (!found.found) {
      return op.end(found.said.ok() ? SPAWN_E_CORRUPT : read_status(found.said),
                    nats_common::why_of(found.said));
    }
    if (found.entry.deleted || leases_.expired(subject, found.entry, session_.host().now_ns())) {
      return op.end(SPAWN_E_NOT_FOUND, "no such key");
    }
    op->out_revision = found.entry.revision;
    op->out_value = give(std::move(found.entry.value));
    op.end(SPAWN_OK);
  });
}

void kv_store::put(op_ptr op, const std::string& bucket, const std::string& subject) {
  if (op->expect_revision == 0) {
    return put_new(std::move(op), bucket, subject, put_tries);
  }
  header_list headers = lease_headers(op->lease_ms);
  if (op->expect_revision != any_revision) {
    headers.emplace_back(header_expected, std::to_string(op->expect_revision));
  }
  const spawn_kv_op& asked = *op;
  write(asked, subject, std::move(headers), text(asked.value),
        [this, op = std::move(op), subject](const api_answer& said) mutable {
          const std::uint32_t lease_ms = op->lease_ms;
          written(std::move(op), subject, lease_ms, said);
        });
}

// Absent is: no revision at all, one that says "deleted", or one whose lease has run out.
void kv_store::put_new(op_ptr op, const std::string& bucket, const std::string& subject,
                       int tries) {
  const spawn_kv_op& asked = *op;
  look_up(asked, bucket, subject,
          [this, op = std::move(op), bucket, subject, tries](look found) mutable {
            const bool nothing = found.said.err_code == nats_common::js_no_message;
            if (!found.found && !nothing) {
              return op.end(read_status(found.said), nats_common::why_of(found.said));
            }
            if (found.found && !found.entry.deleted &&
                !leases_.expired(subject, found.entry, session_.host().now_ns())) {
              op->out_revision = found.entry.revision;
              return op.end(SPAWN_E_CONFLICT, "the key is there");
            }
            header_list headers = lease_headers(op->lease_ms);
            headers.emplace_back(header_expected, std::to_string(found.entry.revision));
            const spawn_kv_op& again = *op;
            write(
                again, subject, std::move(headers), text(again.value),
                [this, op = std::move(op), bucket, subject, tries](const api_answer& said) mutable {
                  if (said.err_code == nats_common::js_wrong_last_sequence && tries > 1) {
                    return put_new(std::move(op), bucket, subject, tries - 1);
                  }
                  const std::uint32_t lease_ms = op->lease_ms;
                  written(std::move(op), subject, lease_ms, said);
                });
          });
}

void kv_store::erase(op_ptr op, const std::string& subject) {
  if (op->expect_revision == 0) {
    return op.end(SPAWN_E_INVALID, "what is absent can not be deleted");
  }
  header_list headers{{header_operation, "DEL"}};
  if (op->expect_revision != any_revision) {
    headers.emplace_back(header_expected, std::to_string(op->expect_revision));
  }
  const spawn_kv_op& asked = *op;
  write(asked, subject, std::move(headers), {},
        [this, op = std::move(op), subject](const api_answer& said) mutable {
          leases_.forget(subject);
          written(std::move(op), subject, 0, said);
        });
}

void kv_store::keep_alive(op_ptr op, const std::string& bucket, const std::string& subject) {
  const spawn_kv_op& asked = *op;
  look_up(asked, bucket, subject, [this, op = std::move(op), subject](look found) mutable {
    if (!found.found) {
      return op.end(read_status(found.said), nats_common::why_of(found.said));
    }
    if (found.entry.deleted || leases_.expired(subject, found.entry, session_.host().now_ns())) {
      return op.end(SPAWN_E_NOT_FOUND, "the lease has run out");
    }
    op->out_revision = found.entry.revision;
    if (op->expect_revision != any_revision && op->expect_revision != found.entry.revision) {
      return op.end(SPAWN_E_CONFLICT, "the key has another revision");
    }
    const std::uint32_t lease_ms = op->lease_ms != 0 ? op->lease_ms : found.entry.lease_ms;
    header_list headers = lease_headers(lease_ms);
    headers.emplace_back(header_keepalive, "1");
    headers.emplace_back(header_expected, std::to_string(found.entry.revision));
    const spawn_kv_op& again = *op;
    write(again, subject, std::move(headers), found.entry.value,
          [this, op = std::move(op), subject, lease_ms](const api_answer& said) mutable {
            written(std::move(op), subject, lease_ms, said);
          });
  });
}

void kv_store::clear_expired(const std::string& subject, std::uint64_t revision) {
  outgoing m;
  m.subject = subject;
  m.headers = {{header_operation, "DEL"}, {header_expected, std::to_string(revision)}};
  ++in_flight_;
  session_.ask(std::move(m),
               session_.host().now_ns() + std::uint64_t{settings_.answer_ms} * 1'000'000,
               [this](const answer&) { --in_flight_; });
}

}  // namespace nats_transport
