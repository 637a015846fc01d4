// power_disk: mounts a disk whose power can be cut. Commands come line by line on standard input,
// each is answered by one line: `cut PID...` kills these processes and loses what was not synced,
// `settle` syncs all there is. It unmounts and ends at SIGTERM and when the input ends.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "powercut/disk.hpp"
#include "powercut/file_system.hpp"

namespace {

std::string obey(powercut::disk& d, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  std::ostringstream out;
  if (command == "cut") {
    std::vector<pid_t> processes;
    for (pid_t one = 0; words >> one;) {
      processes.push_back(one);
    }
    const auto done = d.cut(processes);
    out << "cut kept=" << done.kept << " lost=" << done.lost << " torn=" << done.torn
        << " sizes=" << done.sizes << " names_kept=" << done.names_kept
        << " names_lost=" << done.names_lost;
  } else if (command == "settle") {
    d.settle();
    out << "settled";
  } else {
    out << "unknown command: " << line;
  }
  return out.str();
}

// Signals are the main thread's, which is in the loop of FUSE.
void obey_all(powercut::disk& d) {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << obey(d, line) << std::endl;
  }
  ::kill(::getpid(), SIGTERM);
}

int serve(powercut::disk& d, const std::string& mount) {
  std::string program = "power_disk";
  std::string option = "-odefault_permissions,fsname=power_disk";
  option += ::geteuid() == 0 ? ",allow_other" : "";  // a server may run as another user
  std::array<char*, 2> arguments{program.data(), option.data()};
  fuse_args args = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
  fuse* f = fuse_new(&args, &powercut::operations(), sizeof(fuse_operations), &d);
  if (f == nullptr || fuse_mount(f, mount.c_str()) != 0) {
    return 3;  // FUSE has said why
  }
  fuse_set_signal_handlers(fuse_get_session(f));
  sigset_t set;
  sigfillset(&set);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread(obey_all, std::ref(d)).detach();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::cout << "mounted" << std::endl;
  fuse_loop_config config{.clone_fd = 0, .max_idle_threads = 10};
  fuse_loop_mt(f, &config);
  fuse_unmount(f);
  std::cout.flush();
  ::_exit(0);  // the thread that reads may still wait for a line
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"a disk whose power can be cut"};
  powercut::options o;
  std::string mount;
  app.add_option("backing", o.backing, "folder that is the disk")->required();
  app.add_option("mount", mount, "folder to mount it on")->required();
  app.add_option("--seed", o.seed, "of what a cut loses");
  app.add_option("--sync-us", o.sync_us_max, "the longest a sync takes");
  const std::map<std::string, powercut::names::rule> rules{
      {"folder", powercut::names::rule::folder}, {"own", powercut::names::rule::own}};
  app.add_option("--names", o.names_rule, "whose sync keeps a new name: its folder's, or its own")
      ->transform(CLI::CheckedTransformer(rules));
  CLI11_PARSE(app, argc, argv);
  ::umask(0);
  try {
    powercut::disk d(o);
    return serve(d, mount);
  } catch (const std::exception& problem) {
    std::cerr << "power_disk: " << problem.what() << '\n';
    return 2;
  }
}
