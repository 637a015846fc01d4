#include "contract/workflow/step.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace spawn::contract {
namespace {

std::string text_of(const spawn_slice& s) {
  return s.len == 0 ? std::string{} : std::string(static_cast<const char*>(s.ptr), s.len);
}

actor actor_of(const spawn_actor_ref& r) {
  return {text_of(r.system), text_of(r.parent), text_of(r.name)};
}

void append(std::string& to, std::string_view bytes) {
  to += std::to_string(bytes.size());
  to += ':';
  to += bytes;
}

void append(std::string& to, std::int64_t number) {
  to += std::to_string(number);
  to += ';';
}

void append(std::string& to, const actor& a) {
  append(to, a.system);
  append(to, a.parent);
  append(to, a.name);
}

}  // namespace

// Room for the part that ends where a page without rights begins.
struct pinned_step::pages {
  explicit pages(std::size_t bytes) {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    usable = (bytes + page - 1) / page * page;
    total = usable + page;
    void* got = ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
      throw std::bad_alloc();
    }
    at = static_cast<char*>(got);
    ::mprotect(at + usable, page, PROT_NONE);
  }
  ~pages() { ::munmap(at, total); }
  pages(const pages&) = delete;
  pages& operator=(const pages&) = delete;

  char* at = nullptr;
  std::size_t usable = 0, total = 0;
};

pinned_step::pinned_step(const step& from)
    : raw_(std::make_unique<spawn_wf_step>()), pages_(std::make_unique<pages>(from.part.size())) {
  held_.reserve(18 + 2 * from.meta.size());
  raw_->op.struct_size = from.struct_size;
  raw_->op.status = -1;
  raw_->event = from.event;
  raw_->attempt = from.attempt;
  raw_->flow_id = from.flow_id;
  raw_->call_id = from.call_id;
  raw_->token = from.token;
  raw_->status = from.status;
  raw_->scratch_schema = from.scratch_schema;
  raw_->self = place(from.self);
  raw_->caller = place(from.caller);
  raw_->action = place(from.action);
  raw_->error = place(from.error);
  raw_->scratch = place(from.scratch);
  raw_->part_type = place(from.part_type);
  char* end = pages_->at + pages_->usable;
  if (!from.part.empty()) {
    std::memcpy(end - from.part.size(), from.part.data(), from.part.size());
    raw_->part = {end - from.part.size(), from.part.size()};
  }
  raw_->request = place(from.request);
  raw_->response = place(from.response);
  for (const auto& [key, value] : from.meta) {
    metadata_.push_back({place(key), place(value)});
  }
  raw_->metadata = metadata_.data();
  raw_->n_metadata = static_cast<std::uint32_t>(metadata_.size());
  raw_->hops = from.hops;
  raw_->now_unix_ms = from.now_unix_ms;
  raw_->deadline_unix_ms = from.deadline_unix_ms;
}

pinned_step::~pinned_step() = default;

spawn_slice pinned_step::place(std::string_view bytes) {
  const std::string& kept = held_.emplace_back(bytes);
  return kept.empty() ? spawn_slice{nullptr, 0} : spawn_slice{kept.data(), kept.size()};
}

spawn_actor_ref pinned_step::place(const actor& from) {
  return {place(from.system), place(from.parent), place(from.name)};
}

spawn_payload pinned_step::place(const payload& from) {
  return {from.presence, 0, place(from.type_url), place(from.value)};
}

command copy_of(const spawn_wf_command& from) {
  command c;
  c.kind = from.kind;
  c.mode = from.mode;
  c.flags = from.flags;
  c.token = from.token;
  c.reply_to = from.reply_to;
  c.timeout_ms = from.timeout_ms;
  c.to = actor_of(from.to);
  c.caller = actor_of(from.caller);
  c.register_ref = text_of(from.register_ref);
  c.action = text_of(from.action);
  c.channel = text_of(from.channel);
  c.bytes = text_of(from.bytes);
  c.payload = {from.payload.presence, text_of(from.payload.type_url), text_of(from.payload.value)};
  for (const spawn_kv& entry : std::span(from.metadata, from.n_metadata)) {
    c.meta.emplace_back(text_of(entry.key), text_of(entry.value));
  }
  c.code = from.code;
  c.due_unix_ms = from.due_unix_ms;
  c.schema = from.schema;
  return c;
}

std::string fingerprint_of(const command& c) {
  std::string out;
  for (const std::int64_t number :
       {std::int64_t{c.kind}, std::int64_t{c.mode}, std::int64_t{c.flags},
        static_cast<std::int64_t>(c.token), static_cast<std::int64_t>(c.reply_to),
        static_cast<std::int64_t>(c.timeout_ms), std::int64_t{c.code}, c.due_unix_ms,
        std::int64_t{c.schema}, std::int64_t{c.payload.presence}}) {
    append(out, number);
  }
  append(out, c.to);
  append(out, c.caller);
  for (const std::string* text :
       {&c.register_ref, &c.action, &c.channel, &c.bytes, &c.payload.type_url, &c.payload.value}) {
    append(out, *text);
  }
  for (const auto& [key, value] : c.meta) {
    append(out, key);
    append(out, value);
  }
  return out;
}

}  // namespace spawn::contract
