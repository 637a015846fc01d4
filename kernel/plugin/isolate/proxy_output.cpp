// What a proxy's process writes: its log's lines become the kernel's own. [proxy thread]
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "plugin/isolate/proxy.hpp"

namespace spawn::isolate {
namespace {

constexpr std::size_t line_bytes_max = 4'096;
constexpr std::uint64_t lines_per_s = 200;

}  // namespace

void proxy::read_output() {
  std::array<char, 4'096> piece;
  for (int i = 0; i < 16; ++i) {
    const ssize_t n = ::read(child_->output(), piece.data(), piece.size());
    if (n <= 0) {
      break;
    }
    said_.append(piece.data(), static_cast<std::size_t>(n));
    for (std::size_t end = said_.find('\n'); end != said_.npos; end = said_.find('\n')) {
      write_line(std::string_view(said_).substr(0, std::min(end, line_bytes_max)));
      said_.erase(0, end + 1);
    }
    if (said_.size() > line_bytes_max) {
      write_line(said_);
      said_.clear();
    }
  }
}

// A line of the child's log, as the kernel's own; anything else as it is.
void proxy::write_line(std::string_view line) {
  if (woken_ns_ - said_since_ns_ > ns_per_s) {
    said_since_ns_ = woken_ns_;
    said_lines_ = 0;
  }
  if (++said_lines_ > lines_per_s || line.empty()) {
    return;
  }
  auto read = nlohmann::json::parse(line, nullptr, false);
  if (!read.is_object() || !read.contains("msg") || !read["msg"].is_string()) {
    SPAWN_LOG(warn, "a plugin's process wrote", {"instance", options_.order.instance},
              {"line", line});
    return;
  }
  const auto text = [&](const char* key) {
    const auto found = read.find(key);
    return found != read.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const log::level level = log::parse_level(text("level"));
  const std::string message = text("msg");
  const std::string plugin = text("plugin");
  for (const char* known : {"level", "msg", "time", "plugin", "instance"}) {
    read.erase(known);
  }
  std::string rest;
  for (const auto& [key, value] : read.items()) {
    rest += (rest.empty() ? "" : " ") + (key == "fields" ? std::string() : key + "=") +
            (value.is_string() ? value.get<std::string>() : value.dump());
  }
  if (log::enabled(level)) {
    log::write(level, message,
               {{"plugin", plugin}, {"instance", options_.order.instance}, {"fields", rest}});
  }
}

}  // namespace spawn::isolate
