// The activator as a plugin: settings, instance, lane, entry.
#include <memory>

#include "source.hpp"
#include "spawn/plugin/config.h"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  class lane {
   public:
    explicit lane(source& of) : source_(of) { source_.open_lane(true); }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane() { source_.open_lane(false); }

    void set_window(std::uint32_t window, bool) { source_.set_window(window); }
    void settle(std::span<const spawn_settle* const> verdicts) { source_.settle(verdicts); }

   private:
    source& source_;
  };

  explicit instance(const plugin::create_args& args)
      : source_(args.host, std::string(args.name), folder_of(args),
                static_cast<std::uint32_t>(
                    spawn_config_number(plugin::slice(args.config_json), "poll_ms", 20))) {}

  void start(plugin::pending<spawn_op> op) {
    source_.start();
    op.end(SPAWN_OK);
  }
  void quiesce(plugin::pending<spawn_op> op) {
    source_.quiesce();
    op.end(SPAWN_OK);
  }
  void drain(plugin::pending<spawn_op> op) { source_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    source_.stop();
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_DEAD_LETTER;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(source_);
  }

 private:
  static std::string_view folder_of(const plugin::create_args& args) {
    const spawn_slice folder = spawn_config_text(plugin::slice(args.config_json), "folder");
    if (folder.len == 0) {
      throw plugin::refused(SPAWN_E_INVALID, "config: folder is missing");
    }
    return plugin::text(folder);
  }

  source source_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, plugin::activator_glue<instance>)
