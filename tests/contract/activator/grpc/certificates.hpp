// An authority, a server's and a client's certificate, made with the openssl program.
#pragma once
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "contract/common/check.hpp"
#include "contract/common/temp_dir.hpp"

namespace grpc_test {

// Life: files in a folder of its own. The constructor throws skipped without the program.
class certificates {
 public:
  certificates() {
    if (std::system("openssl version >/dev/null 2>&1") != 0) {
      throw contract::skipped{"there is no openssl program"};
    }
    make("-subj /CN=authority -addext keyUsage=critical,keyCertSign", "ca");
    make(
        "-subj /CN=127.0.0.1 -CA ca.pem -CAkey ca.key -addext subjectAltName=IP:127.0.0.1 "
        "-addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth",
        "server");
    make(
        "-subj /CN=client -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE "
        "-addext extendedKeyUsage=clientAuth",
        "client");
  }

  [[nodiscard]] std::string path(const std::string& name) const { return dir_.path(name); }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  void make(const std::string& options, const std::string& name) const {
    const std::string command =
        "cd " + dir_.path() +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 " +
        options + " -keyout " + name + ".key -out " + name + ".pem >/dev/null 2>log";
    contract::require(std::system(command.c_str()) == 0, "openssl can not make " + name + ".pem");
  }
  contract::temp_dir dir_;
};

}  // namespace grpc_test
