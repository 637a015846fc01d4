// instance: one instance of the plugin under test, taken through its life step by step. A step is
// waited for as long as the subject is patient; its op stays for ever, since a plugin that did not
// end it may still write to it. Life: the constructor calls init and create, the destructor ends
// what was begun; after a failed test it does nothing, as the process ends. Thread: the test's.
#pragma once
#include <memory>
#include <string>

#include "check_host.hpp"
#include "subject.hpp"

namespace spawn::check {

enum class step { start, quiesce, drain, stop };
[[nodiscard]] const char* name(step s) noexcept;

struct step_end {
  bool in_time = false;
  spawn_status status = SPAWN_E_INTERNAL;
  std::string error;
};

class instance {
 public:
  // Throws contract::failed when there is no instance then.
  instance(subject& of, check_host& host) : instance(of, host, of.fresh_config()) {}
  instance(subject& of, check_host& host, const std::string& config, std::uint32_t lanes = 4);
  ~instance();
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  [[nodiscard]] spawn_instance* raw() const noexcept { return raw_; }
  [[nodiscard]] check_host& host() const noexcept { return host_; }

  [[nodiscard]] step_end take(step s);
  // The same, and it has to end with OK.
  void must(step s);
  // quiesce, drain, stop: what of it is left.
  void end();
  // end(), destroy and deinit.
  void destroy();
  // Nothing more is asked of it: the process ends soon.
  void abandon() { abandoned_ = true; }

  template <class Table>
  [[nodiscard]] const Table* interface(const char* id) const {
    return static_cast<const Table*>(raw_->vt->get_interface(raw_, id));
  }

 private:
  subject& subject_;
  check_host& host_;
  const spawn_plugin_entry* entry_;
  spawn_instance* raw_ = nullptr;
  int reached_ = 0;  // steps of the life that were made: start, quiesce, drain, stop
  bool inited_ = false, abandoned_ = false;
};

// "1 (INVALID)"
[[nodiscard]] std::string described_status(spawn_status s);

}  // namespace spawn::check
