#include "check_host.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace spawn::check {
namespace {

constexpr std::uint32_t newer_bytes = sizeof(spawn_host) + 64;  // slots that nobody knows yet

spawn_host_transport transport_services() {
  spawn_host_transport out{};
  out.struct_size = sizeof(out);
  out.deliver = [](const spawn_host*, std::uint32_t, const spawn_tp_message* all,
                   std::uint32_t n) noexcept {
    for (const spawn_tp_message& one : std::span(all, n)) {
      spawn_buf owned = one.payload;
      plugin::release(owned);
    }
  };
  out.link_state = [](const spawn_host*, std::uint32_t) noexcept {};
  return out;
}

// The window is 0 all the time, so nothing that is offered is taken.
spawn_host_activator activator_services() {
  spawn_host_activator out{};
  out.struct_size = sizeof(out);
  out.offer = [](const spawn_host*, std::uint32_t, const spawn_delivery* const*,
                 std::uint32_t) noexcept { return std::uint32_t{0}; };
  out.lag = [](const spawn_host*, spawn_slice, std::uint64_t, std::uint64_t) noexcept {};
  out.cursor_set = [](const spawn_host*, spawn_slice, spawn_slice) noexcept {
    return spawn_status{SPAWN_OK};
  };
  out.cursor_get = [](const spawn_host*, spawn_slice, spawn_buf*) noexcept {
    return spawn_status{SPAWN_E_NOT_FOUND};
  };
  return out;
}

}  // namespace

check_host::check_host(std::uint16_t minor, std::uint32_t bytes)
    : table_(bytes,
             "it reads past the end of the host's table: it uses a slot of a newer kernel "
             "without asking struct_size"),
      transport_(transport_services()),
      activator_(activator_services()) {
  std::memset(table_.data(), 0, bytes);
  std::memcpy(table_.data(), table(), std::min<std::size_t>(bytes, sizeof(spawn_host)));
  auto* own = table_.as<spawn_host>();
  own->struct_size = bytes;
  own->abi_minor = minor;
  own->get_interface = [](const spawn_host* h, const char* id) noexcept -> const void* {
    check_host& self = of(h);
    const std::string_view wanted(id);
    if (!self.services_on_) {
      return nullptr;
    }
    return wanted == SPAWN_HOST_TRANSPORT   ? static_cast<const void*>(&self.transport_)
           : wanted == SPAWN_HOST_ACTIVATOR ? static_cast<const void*>(&self.activator_)
                                            : nullptr;
  };
  own->complete = [](const spawn_host* h, spawn_op* const* ops, std::uint32_t n) noexcept {
    of(h).ended(std::span(ops, n));
  };
  table_.read_only("it writes to the host's table");
}

std::unique_ptr<check_host> check_host::newer() {
  return std::unique_ptr<check_host>(new check_host(SPAWN_ABI_MINOR + 1, newer_bytes));
}

check_host& check_host::of(const spawn_host* h) noexcept {
  return *static_cast<check_host*>(static_cast<fake_host*>(h->host_data));
}

void check_host::ended(std::span<spawn_op* const> ops) {
  for (spawn_op* op : ops) {
    const std::lock_guard hold(ends_mutex_);
    if (++ends_[op] == 1 && at_end_ != nullptr) {
      at_end_(at_end_arg_, op);
    }
  }
  one_ended_.notify_all();
}

unsigned check_host::ends(const spawn_op* op) {
  const std::lock_guard hold(ends_mutex_);
  const auto at = ends_.find(op);
  return at == ends_.end() ? 0 : at->second;
}

bool check_host::wait_end(const spawn_op* op, std::chrono::milliseconds patience) {
  std::unique_lock hold(ends_mutex_);
  return one_ended_.wait_for(hold, patience, [&] { return ends_.contains(op); });
}

bool check_host::faulted() const {
  const auto said = const_cast<check_host*>(this)->violations();
  return std::any_of(said.begin(), said.end(),
                     [](const std::string& one) { return one.starts_with("fault "); });
}

}  // namespace spawn::check
