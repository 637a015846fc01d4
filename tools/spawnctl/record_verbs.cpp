// state export, import, rekey and prune: what is done to all records of a store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>

#include "maintenance.hpp"
#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

constexpr int export_format = 1;

struct records_options {
  std::string store, config, file, prefix, cursor;
  bool history = false;
  std::uint64_t keep = 0;
  std::string older_than;
};

// The kernel that does the work: the running one, or one without service for a configuration.
bool reach(tool& t, const records_options& from, std::unique_ptr<maintenance_kernel>& own) {
  if (from.config.empty()) {
    return true;
  }
  auto made = maintenance_kernel::start(from.config, t.target.timeout_ms);
  if (!made) {
    t.fail(exit_failed, made.error().text);
    return false;
  }
  own = std::move(*made);
  t.target.address = own->socket();
  return true;
}

std::optional<json> parsed(tool& t, const std::optional<std::string>& answer) {
  if (!answer) {
    return std::nullopt;
  }
  json out = json::parse(*answer, nullptr, false);
  if (!out.is_object()) {
    t.fail(exit_failed, "the answer is not JSON; is this a Spawn kernel?");
    return std::nullopt;
  }
  return out;
}

// The instance asked for, or the kernel's default one.
std::optional<json> chosen_store(tool& t, const std::string& wanted) {
  const auto answer = parsed(t, t.fetch("GET", "/v1/stores?stats=false"));
  if (!answer) {
    return std::nullopt;
  }
  for (const json& each : answer->value("stores", json::array())) {
    if (wanted.empty() ? each.value("default", false) : text_of(each, "name") == wanted) {
      return each;
    }
  }
  t.fail(exit_failed, "the kernel has no statestore " + wanted);
  return std::nullopt;
}

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// What an export goes into: states in clear, perhaps, so nobody else may read it; under its name
// only once it is whole and on the disk.
class private_file {
 public:
  private_file() = default;
  private_file(const private_file&) = delete;
  private_file& operator=(const private_file&) = delete;
  ~private_file() {
    if (!part_.empty()) {
      stream_.close();
      ::unlink(part_.c_str());
    }
  }
  [[nodiscard]] bool open(const std::string& name) {
    name_ = name;
    const std::string part = name + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::fchmod(fd, 0600) != 0) {
      return false;
    }
    ::close(fd);
    part_ = part;
    stream_.open(part_, std::ios::binary | std::ios::trunc);
    return stream_.is_open();
  }
  [[nodiscard]] std::ostream& stream() noexcept { return stream_; }
  [[nodiscard]] bool keep() {
    stream_.close();
    const int fd = ::open(part_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = stream_.good() && fd >= 0 && ::fsync(fd) == 0;
    ::close(fd);
    if (!synced || ::rename(part_.c_str(), name_.c_str()) != 0) {
      return false;
    }
    part_.clear();
    return true;
  }

 private:
  std::string name_, part_;
  std::ofstream stream_;
};

void do_export(tool& t, const records_options& from) {
  std::unique_ptr<maintenance_kernel> own;
  if (!reach(t, from, own)) {
    return;
  }
  const auto store = chosen_store(t, from.store);
  if (!store) {
    return;
  }
  private_file file;
  if (!from.file.empty() && !file.open(from.file)) {
    t.fail(exit_failed, "can not write " + from.file + ": " + std::strerror(errno));
    return;
  }
  std::ostream& out = from.file.empty() ? std::cout : file.stream();
  out << json{{"spawn_export", export_format},
              {"store", text_of(*store, "name")},
              {"plugin", text_of(*store, "plugin")},
              {"with_history", from.history},
              {"at_ms", unix_ms()}}
             .dump()
      << '\n';
  std::uint64_t records = 0;
  std::string cursor;
  do {
    const auto page = parsed(
        t, t.fetch("GET", "/v1/stores/" + escape(text_of(*store, "name")) +
                              "/records?history=" + (from.history ? "true" : "false") +
                              "&prefix=" + escape(from.prefix) + "&cursor=" + escape(cursor)));
    if (!page) {
      return;
    }
    for (const json& each : page->value("records", json::array())) {
      out << each.dump() << '\n';
      ++records;
    }
    cursor = text_of(*page, "cursor");
  } while (!cursor.empty() && out.good());
  out << json{{"spawn_export_end", records}}.dump() << '\n' << std::flush;
  if (!out.good() || (!from.file.empty() && !file.keep())) {
    t.fail(exit_failed, "writing " + (from.file.empty() ? "the output" : from.file) + " failed");
    return;
  }
  std::cerr << "exported " << records << " records of store " << text_of(*store, "name") << '\n';
}

// Collects lines into requests and adds up what became of them.
class importer {
 public:
  importer(tool& t, std::string store)
      : tool_(t), path_("/v1/stores/" + escape(store) + "/records") {}

  // False: the exit code is set.
  bool take(json record) {
    const std::string key =
        record.contains("key") ? text_of(record, "key") : text_of(record, "key_base64");
    if (key == last_key_) {
      record["expect_revision"] = last_revision_;
      record["expect_writer"] = last_writer_;
    }
    last_key_ = key;
    last_revision_ = record.value("revision", json());
    last_writer_ = record.value("writer", json());
    bytes_ += text_of(record, "payload").size() + text_of(record, "meta").size() + 300;
    waiting_.push_back(std::move(record));
    ++taken_;
    return (waiting_.size() < rows_max && bytes_ < bytes_max) || flush();
  }
  bool flush() {
    if (waiting_.empty()) {
      return true;
    }
    const auto answer =
        parsed(tool_, tool_.fetch("POST", path_, json{{"records", std::move(waiting_)}}.dump()));
    waiting_ = json::array();
    bytes_ = 0;
    if (!answer) {
      return false;
    }
    imported_ += answer->value("imported", std::uint64_t{0});
    there_ += answer->value("there", std::uint64_t{0});
    expired_ += answer->value("expired", std::uint64_t{0});
    for (const json& each : answer->value("problems", json::array())) {
      ++problems_;
      tool_.fail(exit_failed, text_of(each, "key") + ", revision " + text_of(each, "revision") +
                                  ": " + text_of(each, "why"));
    }
    return true;
  }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  void tell() const {
    if (tool_.as_json) {
      std::cout << dump({{"imported", imported_},
                         {"there", there_},
                         {"expired", expired_},
                         {"problems", problems_}})
                << '\n';
    } else {
      std::cout << "imported " << imported_ << ", there already " << there_ << ", expired "
                << expired_ << ", problems " << problems_ << '\n';
    }
  }

 private:
  static constexpr std::size_t rows_max = 200;
  static constexpr std::size_t bytes_max = 8u << 20;

  tool& tool_;
  const std::string path_;
  json waiting_ = json::array();
  std::size_t bytes_ = 0;
  std::string last_key_;
  json last_revision_, last_writer_;
  std::uint64_t taken_ = 0, imported_ = 0, there_ = 0, expired_ = 0, problems_ = 0;
};

void do_import(tool& t, const records_options& from) {
  std::unique_ptr<maintenance_kernel> own;
  if (!reach(t, from, own)) {
    return;
  }
  const auto store = chosen_store(t, from.store);
  if (!store) {
    return;
  }
  std::ifstream file;
  if (!from.file.empty()) {
    file.open(from.file, std::ios::binary);
    if (!file.is_open()) {
      t.fail(exit_usage, "can not read " + from.file);
      return;
    }
  }
  std::istream& in = from.file.empty() ? std::cin : file;
  importer into(t, text_of(*store, "name"));
  std::string line;
  std::uint64_t number = 0;
  bool ended = false;
  while (std::getline(in, line)) {
    ++number;
    json record = json::parse(line, nullptr, false);
    const auto bad = [&](const std::string& why) {
      t.fail(exit_failed, "line " + std::to_string(number) + ": " + why);
    };
    if (!record.is_object()) {
      bad("not a JSON object");
      return;
    }
    if (number == 1) {
      const auto format = record.find("spawn_export");
      if (format == record.end() || *format != json(export_format)) {
        bad("not the first line of an export of format " + std::to_string(export_format));
        return;
      }
      continue;
    }
    if (record.contains("spawn_export_end")) {
      ended = true;
      if (record["spawn_export_end"] != json(into.taken())) {
        bad("the export had " + record["spawn_export_end"].dump() + " records, here are " +
            std::to_string(into.taken()));
      }
      break;
    }
    if (!into.take(std::move(record))) {
      into.tell();
      return;
    }
  }
  if (!into.flush()) {
    into.tell();
    return;
  }
  if (!ended) {
    t.fail(exit_failed, "the export ends early, after line " + std::to_string(number) +
                            ": what was there is imported");
  }
  into.tell();
}

// Page after page of a work that is named by its path.
void walk(tool& t, const records_options& from, const std::string& verb, const std::string& query,
          const char* changed) {
  if (!from.cursor.empty() && from.store.empty()) {
    t.fail(exit_usage, "--from is a place in one store: name it with --store");
    return;
  }
  std::unique_ptr<maintenance_kernel> own;
  if (!reach(t, from, own)) {
    return;
  }
  std::vector<std::string> stores;
  const auto known = parsed(t, t.fetch("GET", "/v1/stores?stats=false"));
  if (!known) {
    return;
  }
  for (const json& each : known->value("stores", json::array())) {
    if (from.store.empty() || text_of(each, "name") == from.store) {
      stores.push_back(text_of(each, "name"));
    }
  }
  if (stores.empty()) {
    t.fail(exit_failed, "the kernel has no statestore " + from.store);
    return;
  }
  json told = json::array();
  for (const std::string& store : stores) {
    std::uint64_t looked_at = 0, done = 0, meanwhile = 0, problems = 0;
    std::string cursor = from.cursor;
    do {
      const auto page = parsed(t, t.fetch("POST", "/v1/stores/" + escape(store) + "/" + verb +
                                                      "?prefix=" + escape(from.prefix) +
                                                      "&cursor=" + escape(cursor) + query));
      if (!page) {
        if (!cursor.empty()) {
          std::cerr << "to go on from here: --store " << store << " --from " << cursor << '\n';
        }
        for (std::size_t left = told.size() + 1; left < stores.size(); ++left) {
          std::cerr << "not begun: --store " << stores[left] << '\n';
        }
        return;
      }
      looked_at += page->value("looked_at", std::uint64_t{0});
      done += page->value("changed", std::uint64_t{0});
      meanwhile += page->value("changed_meanwhile", std::uint64_t{0});
      for (const json& each : page->value("problems", json::array())) {
        ++problems;
        t.fail(exit_failed, text_of(each, "key") + ", revision " + text_of(each, "revision") +
                                ": " + text_of(each, "why"));
      }
      cursor = text_of(*page, "cursor");
    } while (!cursor.empty());
    told.push_back({{"store", store},
                    {"looked_at", looked_at},
                    {"changed", done},
                    {"changed_meanwhile", meanwhile},
                    {"problems", problems}});
  }
  if (t.as_json) {
    std::cout << dump({{"stores", told}}) << '\n';
    return;
  }
  table out({"STORE", "LOOKED AT", changed, "SAVED MEANWHILE", "PROBLEMS"});
  for (const json& each : told) {
    out.add({text_of(each, "store"), text_of(each, "looked_at"), text_of(each, "changed"),
             text_of(each, "changed_meanwhile"), text_of(each, "problems")});
  }
  out.print(std::cout);
}

void prune(tool& t, const records_options& from) {
  std::string query;
  if (from.keep != 0) {
    query += "&keep=" + std::to_string(from.keep);
  }
  if (!from.older_than.empty()) {
    const auto ms = duration_ms(from.older_than);
    if (!ms) {
      t.fail(exit_usage,
             "--older-than " + from.older_than + " is not a duration such as 30d or 12h");
      return;
    }
    query += "&older_than_ms=" + std::to_string(*ms);
  }
  walk(t, from, "prune", query, "PRUNED");
}

CLI::App* add_records_verb(CLI::App* verbs, const char* name, const char* help,
                           const std::shared_ptr<records_options>& into) {
  auto* verb = verbs->add_subcommand(name, help);
  verb->add_option("--store", into->store, "an instance of the configuration");
  verb->add_option("-c,--config", into->config,
                   "do it without a running kernel, on the stores of this configuration");
  verb->add_option("--prefix", into->prefix, "only keys that begin so, such as a/shop/");
  return verb;
}

}  // namespace

void add_record_verbs(CLI::App* verbs, tool& t) {
  const auto of_records = [&](const char* name, const char* help,
                              std::function<void(tool&, const records_options&)> run) {
    auto what = std::make_shared<records_options>();
    auto* verb = add_records_verb(verbs, name, help, what);
    verb->callback([&t, what, run = std::move(run)] { run(t, *what); });
    return std::pair(verb, what);
  };
  auto [exporting, out] = of_records("export", "writes a store's records as JSON lines", do_export);
  exporting->add_option("-o,--output", out->file, "else to standard output");
  exporting->add_flag("--history", out->history, "earlier revisions too");
  auto [importing, in] = of_records(
      "import", "puts exported records into a store; what is there already stays", do_import);
  importing->add_option("file", in->file, "else from standard input");
  auto [rekeying, keyed] = of_records(
      "rekey", "seals all records under the key of now",
      [](tool& on, const records_options& from) { walk(on, from, "rekey", "", "SEALED"); });
  rekeying->add_option("--from", keyed->cursor, "where an earlier run stopped");
  auto [pruning, pruned] = of_records("prune", "drops earlier revisions", prune);
  pruning->add_option("--keep", pruned->keep, "revisions to keep beside the newest")
      ->check(CLI::Range(1u, UINT32_MAX));
  pruning->add_option("--older-than", pruned->older_than, "age since they were superseded, as 30d");
  pruning->add_option("--from", pruned->cursor, "where an earlier run stopped");
}

}  // namespace spawn::ctl
