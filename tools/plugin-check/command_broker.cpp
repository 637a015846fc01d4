#include "command_broker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "contract/common/check.hpp"
#include "letter_json.hpp"

namespace spawn::check {

using ::contract::failed;
using ::contract::require;
using nlohmann::json;

namespace {

constexpr std::size_t line_bytes_max = 64u << 20;  // an answer with many large letters
constexpr int answers_in = 4;                      // patiences: it may wait for its server itself

}  // namespace

command_broker::command_broker(const std::string& command, std::chrono::milliseconds patience)
    : patience_(patience) {
  std::array<int, 2> in{}, out{};
  require(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0, "no pipe");
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
  std::string shell = "sh", flag = "-c", line = "exec " + command;
  std::array<char*, 4> argv{shell.data(), flag.data(), line.data(), nullptr};
  const int failure = ::posix_spawn(&pid_, "/bin/sh", &files, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  ::signal(SIGPIPE, SIG_IGN);  // a driver that ended is told as such
  require(failure == 0, "can not run the driver: " + command);
  const json said = ask("traits");
  traits_ = traits_of(said);
  quiet_ = std::chrono::milliseconds(said.value("quiet_ms", quiet_.count()));
}

command_broker::~command_broker() {
  ::close(to_);  // its end
  ::close(from_);
  ::kill(pid_, SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
}

std::string command_broker::read_line() {
  const auto end = std::chrono::steady_clock::now() + answers_in * patience_;
  for (;;) {
    if (const std::size_t at = rest_.find('\n'); at != std::string::npos) {
      std::string out = rest_.substr(0, at);
      rest_.erase(0, at + 1);
      return out;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd one{from_, POLLIN, 0};
    require(left.count() > 0 && ::poll(&one, 1, static_cast<int>(left.count())) == 1,
            "the driver does not answer");
    std::array<char, 65'536> piece;
    const ssize_t got = ::read(from_, piece.data(), piece.size());
    require(got > 0, "the driver ended");
    rest_.append(piece.data(), static_cast<std::size_t>(got));
    require(rest_.size() < line_bytes_max, "the driver's answer is too long");
  }
}

json command_broker::ask(const std::string& what, json with) {
  with["do"] = what;
  const std::string line = with.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t sent = ::write(to_, line.data() + at, line.size() - at);
    require(sent > 0, "the driver ended");
    at += static_cast<std::size_t>(sent);
  }
  const std::string text = read_line();
  const json answer = json::parse(text, nullptr, false);
  require(answer.is_object(), "the driver's answer to " + what + " is no JSON object: " + text);
  if (answer.contains("skip")) {
    throw ::contract::skipped{answer["skip"].get<std::string>()};
  }
  if (answer.contains("error")) {
    throw failed{"the driver says of " + what + ": " + answer["error"].get<std::string>()};
  }
  return answer.value("value", json());
}

void command_broker::pass(std::chrono::milliseconds time) {
  (void)ask("pass", {{"ms", time.count()}});
}

std::string command_broker::fresh_config() {
  return ask("fresh_config").dump();
}

void command_broker::publish(std::span<const ::contract::letter> letters) {
  json all = json::array();
  for (const ::contract::letter& one : letters) {
    all.push_back(json_of(one));
  }
  (void)ask("publish", {{"letters", std::move(all)}});
}

std::optional<std::uint64_t> command_broker::waiting() {
  const json said = ask("waiting");
  return said.is_null() ? std::nullopt : std::optional(said.get<std::uint64_t>());
}

std::optional<std::vector<std::string>> command_broker::dead_letters() {
  const json said = ask("dead_letters");
  return said.is_null() ? std::nullopt : std::optional(bodies_of(said));
}

bool command_broker::go_away() {
  const json said = ask("go_away");
  return said.is_boolean() && said.get<bool>();
}

void command_broker::come_back() {
  (void)ask("come_back");
}

std::optional<std::string> command_broker::config_of_nobody() {
  const json said = ask("config_of_nobody");
  return said.is_null() ? std::nullopt : std::optional(said.dump());
}

std::vector<::contract::bad_config> command_broker::bad_configs() {
  std::vector<::contract::bad_config> out;
  for (const json& one : ask("bad_configs")) {
    out.push_back({one.at("config").dump(), one.at("names").get<std::string>()});
  }
  return out;
}

std::string command_broker::fresh_destination() {
  const json said = ask("fresh_destination");
  if (said.is_null()) {
    throw ::contract::skipped{"the driver knows no sink"};
  }
  return said.get<std::string>();
}

std::vector<::contract::letter> command_broker::received(const std::string& destination,
                                                         std::size_t n) {
  std::vector<::contract::letter> out;
  for (const json& one :
       ask("received", {{"destination", destination}, {"n", n}, {"ms", patience_.count()}})) {
    out.push_back(letter_of(one));
  }
  require(out.size() >= n, std::to_string(out.size()) + " of " + std::to_string(n) +
                               " messages arrived at the destination");
  return out;
}

std::optional<std::string> command_broker::missing_destination() {
  const json said = ask("missing_destination");
  return said.is_null() ? std::nullopt : std::optional(said.get<std::string>());
}

std::size_t command_broker::too_large() {
  const json said = ask("too_large");
  return said.is_null() ? 0 : said.get<std::size_t>();
}

}  // namespace spawn::check
