// Actors in a plugin of kind "actors", for the source that spawn_add_actors() puts beside the
// author's. What declares actors needs actor_set.hpp only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spawn/sdk/actor_set.hpp"

namespace spawn::sdk {

// Life cycle: declare, registration(), then lanes. Thread: registration() on one, lanes on theirs.
class plugin_actors : public actor_set {
 public:
  plugin_actors(std::string name, std::string version, std::string config = {});

  // An encoded RegistrationRequest for the kernel's own system. Ends the declarations.
  [[nodiscard]] std::string registration();

  // How the calls of one lane run, with messages that are used again. Borrows the actors.
  class lane {
   public:
    explicit lane(const plugin_actors& of);
    ~lane();
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    enum class verdict { answered, failed, no_request };
    struct outcome {
      verdict what;
      std::string bytes;  // answered: an encoded ActorInvocationResponse, else the error's text
    };
    // An action that throws has failed.
    [[nodiscard]] outcome run(std::string_view request);

   private:
    struct parts;
    std::unique_ptr<parts> parts_;
  };

 private:
  std::string name_;
  std::string version_;
};

}  // namespace spawn::sdk
