// Keys, passwords and signatures of the verbs keygen, sign, verify and inspect.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "trust/public_key.hpp"

namespace spawn::ctl {

// Which keys count: those named, and those of a configuration.
struct trust_options {
  std::vector<std::string> keys;  // lines or paths
  std::string config;             // empty: none
};

[[nodiscard]] result<std::vector<trust::public_key>> trusted_keys(const trust_options& from);

// One line from standard input; on a terminal it asks, and shows nothing of what is typed.
[[nodiscard]] result<std::string> read_password(const std::string& prompt);

// A new file with these bytes and this mode; INVALID when there is one already.
[[nodiscard]] result<void> write_new(const std::filesystem::path& file, std::string_view bytes,
                                     ::mode_t mode);
// The same, in one step in place of one that is there.
[[nodiscard]] result<void> write_over(const std::filesystem::path& file, std::string_view bytes,
                                      ::mode_t mode);

// A trusted comment for people: minisign puts tabs into it.
[[nodiscard]] std::string comment_words(std::string comment);

// The text of a secret key. DENIED when it has no password and others may read it.
[[nodiscard]] result<std::string> read_secret_file(const std::filesystem::path& file);

}  // namespace spawn::ctl
