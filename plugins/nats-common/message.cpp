#include "nats-common/message.hpp"

#include <charconv>
#include <cstdlib>

namespace nats_common {

namespace {

struct free_array {
  void operator()(const char** names) const noexcept {
    std::free(static_cast<void*>(const_cast<char**>(names)));
  }
};
using name_array = std::unique_ptr<const char*, free_array>;

std::string_view view(const char* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

std::string_view subject_of(const natsMsg* m) noexcept {
  return view(natsMsg_GetSubject(m));
}

std::string_view reply_of(const natsMsg* m) noexcept {
  return view(natsMsg_GetReply(m));
}

std::string_view payload_of(const natsMsg* m) noexcept {
  const int size = natsMsg_GetDataLength(m);
  return size <= 0 ? std::string_view()
                   : std::string_view(natsMsg_GetData(m), static_cast<std::size_t>(size));
}

std::string_view header_of(natsMsg* m, const char* key) noexcept {
  const char* value = nullptr;
  return natsMsgHeader_Get(m, key, &value) == NATS_OK ? view(value) : std::string_view();
}

std::vector<std::pair<std::string_view, std::string_view>> headers_of(natsMsg* m) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  const char** raw_names = nullptr;
  int names = 0;
  if (natsMsgHeader_Keys(m, &raw_names, &names) != NATS_OK) {
    return out;
  }
  const name_array held_names(raw_names);
  for (int i = 0; i < names; ++i) {
    const char* name = raw_names[i];
    const char** raw_values = nullptr;
    int values = 0;
    if (natsMsgHeader_Values(m, name, &raw_values, &values) != NATS_OK) {
      continue;
    }
    const name_array held_values(raw_values);
    for (int k = 0; k < values; ++k) {
      out.emplace_back(view(name), view(raw_values[k]));
    }
  }
  return out;
}

int server_status_of(natsMsg* m) noexcept {
  if (natsMsg_GetDataLength(m) != 0) {
    return 0;
  }
  const std::string_view text = header_of(m, "Status");
  int out = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool valid_header_name(std::string_view name) noexcept {
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == ':') {
      return false;
    }
  }
  return !name.empty();
}

bool valid_header_value(std::string_view value) noexcept {
  for (const char c : value) {
    if (c == '\r' || c == '\n' || c == '\0') {
      return false;
    }
  }
  return value.empty() || (value.front() != ' ' && value.front() != '\t' && value.back() != ' ' &&
                           value.back() != '\t');
}

}  // namespace nats_common
