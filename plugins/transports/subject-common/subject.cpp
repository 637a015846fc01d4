#include "subject-common/subject.hpp"

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/subject.h"

namespace subjects {

using spawn::plugin::slice;

bool valid_subject(std::string_view subject) noexcept {
  return spawn_subject_valid(slice(subject), 0) != 0;
}
bool valid_pattern(std::string_view pattern) noexcept {
  return spawn_subject_valid(slice(pattern), 1) != 0;
}

bool matches(std::string_view pattern, std::string_view subject) noexcept {
  return spawn_subject_matches(slice(pattern), slice(subject)) != 0;
}

}  // namespace subjects
