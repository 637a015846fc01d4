#include "model/invocation.hpp"

namespace spawn {

invocation::~invocation() {
  fail(failure::internal, "the request was dropped without an answer");
  if (budget != nullptr) {
    budget->give_back(charged_bytes);
  }
}

}  // namespace spawn
