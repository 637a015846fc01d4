#include "base/log.hpp"

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/utf8.hpp"

namespace spawn::log {
namespace {

std::atomic<int> threshold_now{static_cast<int>(level::info)};
bool as_json = false;

constexpr std::size_t waiting_lines_max = 1024;

std::shared_ptr<spdlog::logger> prepared(std::shared_ptr<spdlog::logger> made) {
  made->set_level(spdlog::level::trace);
  made->set_pattern("%v");
  return made;
}

// Loggers are never destroyed before the process ends: a plugin's stray thread may hold one.
struct outlet {
  std::shared_ptr<spdlog::logger> direct = prepared(
      std::make_shared<spdlog::logger>("spawn", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  std::vector<std::shared_ptr<spdlog::logger>> background;
  std::shared_ptr<spdlog::details::thread_pool> writer;  // [control]
  std::atomic<spdlog::logger*> now = direct.get();
};

outlet& out() {
  static outlet it;
  return it;
}

// What is no UTF-8 becomes U+FFFD, so that a line is always one JSON object.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t good = utf8_prefix(text);
    for (const char c : text.substr(0, good)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (byte < 0x20) {
        char hex[8];
        std::snprintf(hex, sizeof hex, "\\u%04x", byte);
        out += hex;
      } else {
        out += c;
      }
    }
    if (good < text.size()) {
      out += "\\ufffd";
      text.remove_prefix(good + 1);
    } else {
      break;
    }
  }
}

void append_value(std::string& out, const field& f, bool json) {
  if (const auto* text = std::get_if<std::string_view>(&f.value)) {
    const bool plain = !json && !text->empty() && text->find_first_of(" \"=\n\t\\") == text->npos;
    if (plain) {
      out += *text;
      return;
    }
    out += '"';
    append_escaped(out, *text);
    out += '"';
  } else if (const auto* i = std::get_if<std::int64_t>(&f.value)) {
    out += std::to_string(*i);
  } else if (const auto* u = std::get_if<std::uint64_t>(&f.value)) {
    out += std::to_string(*u);
  } else if (const auto* d = std::get_if<double>(&f.value)) {
    // JSON has no number for these.
    const bool quoted = json && !std::isfinite(*d);
    out += quoted ? "\"" + std::to_string(*d) + "\"" : std::to_string(*d);
  } else {
    out += std::get<bool>(f.value) ? "true" : "false";
  }
}

constexpr std::string_view level_name(level at) {
  switch (at) {
    case level::trace:
      return "trace";
    case level::debug:
      return "debug";
    case level::info:
      return "info";
    case level::warn:
      return "warn";
    case level::error:
      return "error";
    case level::off:
      break;
  }
  return "off";
}

std::string timestamp() {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  tm utc{};
  ::gmtime_r(&ts.tv_sec, &utc);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + n, sizeof text - n, ".%03ldZ", ts.tv_nsec / 1'000'000);
  return text;
}

}  // namespace

void init(level threshold, format how) {
  threshold_now = static_cast<int>(threshold);
  as_json = how == format::json || (how == format::automatic && ::isatty(STDERR_FILENO) == 0);
}

level parse_level(std::string_view text) noexcept {
  if (text == "trace") {
    return level::trace;
  }
  if (text == "debug") {
    return level::debug;
  }
  if (text == "warn" || text == "warning") {
    return level::warn;
  }
  if (text == "error") {
    return level::error;
  }
  if (text == "off") {
    return level::off;
  }
  return level::info;
}

bool enabled(level at) noexcept {
  return static_cast<int>(at) >= threshold_now.load(std::memory_order_relaxed);
}

void write(level at, std::string_view message, std::initializer_list<field> fields) {
  std::string line;
  line.reserve(160);
  if (as_json) {
    line += R"({"time":")";
    line += timestamp();
    line += R"(","level":")";
    line += level_name(at);
    line += R"(","msg":")";
    append_escaped(line, message);
    line += '"';
    for (const auto& f : fields) {
      line += ",\"";
      append_escaped(line, f.key);
      line += "\":";
      append_value(line, f, true);
    }
    line += '}';
  } else {
    line += timestamp();
    line += ' ';
    line += level_name(at);
    line += ' ';
    line += message;
    for (const auto& f : fields) {
      line += ' ';
      line += f.key;
      line += '=';
      append_value(line, f, false);
    }
  }
  out().now.load(std::memory_order_acquire)->log(spdlog::level::info, line);
}

void flush() {
  out().now.load(std::memory_order_acquire)->flush();
}

void write_in_background() {
  outlet& o = out();
  o.writer = std::make_shared<spdlog::details::thread_pool>(
      waiting_lines_max, 1, [] { ::pthread_setname_np(::pthread_self(), "spawn.log"); });
  o.background.push_back(prepared(std::make_shared<spdlog::async_logger>(
      "spawn", std::make_shared<spdlog::sinks::stderr_sink_mt>(), o.writer,
      spdlog::async_overflow_policy::overrun_oldest)));
  o.now.store(o.background.back().get(), std::memory_order_release);
}

void write_directly() {
  outlet& o = out();
  o.now.store(o.direct.get(), std::memory_order_release);
  o.writer.reset();  // writes what waits and joins
}

std::uint64_t lines_dropped() noexcept {
  const auto& writer = out().writer;
  return writer == nullptr ? 0 : writer->overrun_counter();
}

}  // namespace spawn::log
