// lock_file: the proof that this process alone uses a database. An flock on `<path>.lock`, so it
// ends with the process, however that ends. The file itself stays: removing it would let two
// processes lock two different files of one name. [control]
#pragma once
#include <string>

namespace sqlite_store {

class lock_file {
 public:
  lock_file() = default;
  lock_file(const lock_file&) = delete;
  lock_file& operator=(const lock_file&) = delete;
  ~lock_file() { release(); }

  // "" or the reason, naming the path and, when it can be read, the holder.
  [[nodiscard]] std::string acquire(const std::string& database_path);
  void release() noexcept;
  [[nodiscard]] bool held() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace sqlite_store
