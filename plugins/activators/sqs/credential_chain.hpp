// credential_chain: the access key that requests are signed with. Asks its sources one after the
// other, keeps what it found, and asks again before that expires. [loop]
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "credential_sources.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace sqs {

class credential_chain {
 public:
  // Both live longer.
  credential_chain(spawn::plugin::host_ref host, http_client& http, credential_settings settings);
  credential_chain(const credential_chain&) = delete;
  credential_chain& operator=(const credential_chain&) = delete;

  // NULL: there are none, `why` says it. Called at once if they are known; the pointer is good for
  // the call.
  using found = std::function<void(const credentials*, const std::string& why)>;
  void get(found then);

  // The service has refused them: the next get() asks the sources again.
  void forget();

 private:
  void refresh();
  void try_source(credential_source which);
  void next_source(credential_source after, const std::string& why);
  void ask_container();
  void ask_instance();
  void ask_instance_role(const std::string& token);
  void take(credentials found_ones);
  void finish(const std::string& why);

  spawn::plugin::host_ref host_;
  http_client& http_;
  credential_settings settings_;
  credentials now_;  // no access_key: none
  bool asking_ = false;
  std::string reasons_;  // of the sources that had none, this time
  std::vector<found> waiting_;
};

}  // namespace sqs
