#include "contract/workflow/plugin_under_test.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include <cstring>
#include <deque>
#include <span>
#include <stdexcept>

namespace spawn::contract {
namespace {

// What the host keeps about an op in flight; host_private[0] points to it.
struct flight {
  std::atomic<std::uint32_t> completions{0};
};

void no_log(const spawn_host*, std::int32_t, spawn_slice, const spawn_kv*, std::uint32_t) {}
std::uint8_t log_off(const spawn_host*, std::int32_t) {
  return 0;
}
const void* no_interface(const spawn_host*, const char*) {
  return nullptr;
}
void no_health(const spawn_host*, std::uint32_t, spawn_slice) {}
// A workflow may not read a clock; a constant makes a plugin that does show up as a wrong due time.
std::uint64_t fixed_ns(const spawn_host*) {
  return 1;
}
std::int64_t fixed_ms(const spawn_host*) {
  return 1;
}

std::string take(spawn_buf& b) {
  std::string text =
      b.len == 0 ? std::string{} : std::string(static_cast<const char*>(b.ptr), b.len);
  if (b.release != nullptr) {
    b.release(b.ctx, b.ptr, b.len);
  }
  b = spawn_buf{};
  return text;
}

step_outcome outcome_of(spawn_wf_step& raw, const flight& f) {
  step_outcome out;
  out.status = raw.op.status;
  out.completions = f.completions;
  out.inside_submit = f.completions > 0;
  out.error = take(raw.op.error);
  if (raw.op.status != SPAWN_OK) {
    out.out_untouched = raw.out == nullptr && raw.n_out == 0 && raw.out_owner.release == nullptr;
    return out;
  }
  const char* at = reinterpret_cast<const char*>(raw.out);
  for (std::uint32_t i = 0; i < raw.n_out; ++i, at += raw.out_stride) {
    out.commands.push_back(copy_of(*reinterpret_cast<const spawn_wf_command*>(at)));
  }
  if (raw.out_owner.release != nullptr) {
    raw.out_owner.release(raw.out_owner.ctx, raw.out_owner.ptr, raw.out_owner.len);
  }
  return out;
}

}  // namespace

std::string step_outcome::fingerprint() const {
  std::string out = std::to_string(status) + ';' + error + ';';
  for (const command& c : commands) {
    out += fingerprint_of(c);
    out += '|';
  }
  return out;
}

plugin_under_test::plugin_under_test() {
  host_.struct_size = sizeof(host_);
  host_.abi_minor = SPAWN_ABI_MINOR;
  host_.host_data = this;
  host_.get_interface = no_interface;
  host_.complete = on_complete;
  host_.log = no_log;
  host_.log_enabled = log_off;
  host_.fault = on_fault;
  host_.now_ns = fixed_ns;
  host_.unix_ms = fixed_ms;
  host_.health = no_health;
}

std::unique_ptr<plugin_under_test> plugin_under_test::open(const std::string& file,
                                                           const std::string& config_json) {
  const auto fail = [&](const std::string& why) -> std::runtime_error {
    return std::runtime_error(file + ": " + why);
  };
  // Another file in place of all, which stands before this one.
  const char* instead = std::getenv("SPAWN_CONTRACT_PLUGIN");
  if (instead != nullptr) {
    ::setenv("SPAWN_ISOLATED_PLUGIN", file.c_str(), 1);
  }
  void* library =
      ::dlopen(instead != nullptr ? instead : file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    throw fail(::dlerror());
  }
  auto entry_fn = reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL));
  if (entry_fn == nullptr) {
    throw fail("no " SPAWN_ENTRY_SYMBOL);
  }
  return of(entry_fn(), file, config_json);
}

std::unique_ptr<plugin_under_test> plugin_under_test::of(const spawn_plugin_entry* entry,
                                                         const std::string& file,
                                                         const std::string& config_json) {
  const auto fail = [&](const std::string& why) -> std::runtime_error {
    return std::runtime_error(file + ": " + why);
  };
  std::unique_ptr<plugin_under_test> p(new plugin_under_test);
  p->file_ = file;
  p->entry_ = entry;
  if (p->entry_->init(&p->host_) != SPAWN_OK) {
    throw fail("init failed");
  }
  spawn_create_info info{};
  info.struct_size = sizeof(info);
  info.lanes = 4;
  info.name = {"under-test", 10};
  info.config_json = {config_json.data(), config_json.size()};
  spawn_buf error{};
  if (p->entry_->create(&p->host_, &info, &p->instance_, &error) != SPAWN_OK) {
    throw fail("create: " + take(error));
  }
  p->table_ = static_cast<const spawn_workflow*>(
      p->instance_->vt->get_interface(p->instance_, SPAWN_WORKFLOW));
  if (p->table_ == nullptr || p->table_->struct_size < sizeof(spawn_workflow)) {
    throw fail("no table " SPAWN_WORKFLOW);
  }
  p->life_cycle(p->instance_->vt->start, "start");
  p->started_ = true;
  for (const char* const* t = p->table_->part_types(p->instance_); *t != nullptr; ++t) {
    p->part_types_.emplace_back(*t);
  }
  const char* const* parents =
      p->table_->virtual_parents != nullptr ? p->table_->virtual_parents(p->instance_) : nullptr;
  for (; parents != nullptr && *parents != nullptr; ++parents) {
    p->parents_.emplace_back(*parents);
  }
  return p;
}

plugin_under_test::~plugin_under_test() {
  if (instance_ != nullptr) {
    if (started_) {
      life_cycle(instance_->vt->quiesce, "quiesce");
      life_cycle(instance_->vt->drain, "drain");
      life_cycle(instance_->vt->stop, "stop");
    }
    instance_->vt->destroy(instance_);
  }
  if (entry_ != nullptr) {
    entry_->deinit();
  }
}

void plugin_under_test::life_cycle(void (*call)(spawn_instance*, spawn_op*), const char* name) {
  flight f;
  spawn_op op{};
  op.struct_size = sizeof(op);
  op.status = -1;
  op.host_private[0] = &f;
  call(instance_, &op);
  const std::string error = take(op.error);
  if (f.completions != 1 || op.status != SPAWN_OK) {
    on_fault(&host_, SPAWN_E_INTERNAL, {name, std::strlen(name)});
  }
}

void plugin_under_test::on_complete(const spawn_host*, spawn_op* const* ops, std::uint32_t n) {
  for (spawn_op* op : std::span(ops, n)) {
    static_cast<flight*>(op->host_private[0])->completions += 1;
  }
}

void plugin_under_test::on_fault(const spawn_host* h, spawn_status, spawn_slice msg) {
  auto* self = static_cast<plugin_under_test*>(h->host_data);
  const std::lock_guard lock(self->faults_mutex_);
  self->faults_.emplace_back(static_cast<const char*>(msg.ptr), msg.len);
}

std::vector<step_outcome> plugin_under_test::run(std::vector<step>& steps, std::uint32_t lane) {
  std::deque<pinned_step> pinned;
  std::deque<flight> flights;
  std::vector<spawn_op*> ops;
  for (const step& s : steps) {
    spawn_op& op = pinned.emplace_back(s).raw().op;
    op.host_private[0] = &flights.emplace_back();
    ops.push_back(&op);
  }
  table_->submit(instance_, lane, ops.data(), static_cast<std::uint32_t>(ops.size()));
  std::vector<step_outcome> out;
  for (std::size_t i = 0; i < pinned.size(); ++i) {
    out.push_back(outcome_of(pinned[i].raw(), flights[i]));
  }
  return out;
}

std::string plugin_under_test::describe(std::uint32_t schema, const std::string& scratch) const {
  spawn_buf out{};
  const spawn_status status =
      table_->describe(instance_, schema, {scratch.data(), scratch.size()}, &out);
  return status == SPAWN_OK ? take(out) : "INVALID";
}

step_outcome plugin_under_test::run(const step& one, std::uint32_t lane) {
  std::vector<step> steps{one};
  return run(steps, lane).front();
}

}  // namespace spawn::contract
