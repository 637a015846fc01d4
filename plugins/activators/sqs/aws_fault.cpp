#include "aws_fault.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace sqs {

namespace {

// Parts of codes, the first that is found decides; old and new names of one error have a part in
// common.
constexpr std::array<std::pair<std::string_view, aws_fault>, 27> parts{{
    {"NonExistentQueue", aws_fault::missing},
    {"QueueDoesNotExist", aws_fault::missing},
    {"QueueDeletedRecently", aws_fault::missing},
    {"Throttl", aws_fault::throttled},
    {"TooManyRequests", aws_fault::throttled},
    {"OverLimit", aws_fault::throttled},
    {"SlowDown", aws_fault::throttled},
    {"ExpiredToken", aws_fault::credentials},
    {"RequestExpired", aws_fault::credentials},
    {"RequestTimeTooSkewed", aws_fault::credentials},
    {"InvalidClientTokenId", aws_fault::credentials},
    {"UnrecognizedClient", aws_fault::credentials},
    {"InvalidAccessKeyId", aws_fault::credentials},
    {"SignatureDoesNotMatch", aws_fault::credentials},
    {"InvalidSignature", aws_fault::credentials},
    {"IncompleteSignature", aws_fault::credentials},
    {"MissingAuthenticationToken", aws_fault::credentials},
    {"AccessDenied", aws_fault::denied},
    {"OptInRequired", aws_fault::denied},
    {"NotAuthorized", aws_fault::denied},
    {"BatchRequestTooLong", aws_fault::too_large},
    {"MessageTooLong", aws_fault::too_large},
    {"ServiceUnavailable", aws_fault::busy},
    {"InternalFailure", aws_fault::busy},
    {"InternalError", aws_fault::busy},
    {"InternalServerError", aws_fault::busy},
    {"RequestTimeout", aws_fault::busy},
}};

}  // namespace

aws_fault fault_of(std::string_view code, bool sender) {
  const auto* const at = std::ranges::find_if(
      parts, [&](const auto& part) { return code.find(part.first) != std::string_view::npos; });
  if (at != parts.end()) {
    return at->second;
  }
  return sender ? aws_fault::invalid : aws_fault::busy;
}

std::string bare_code(std::string_view code) {
  if (const auto hash = code.find('#'); hash != std::string_view::npos) {
    code.remove_prefix(hash + 1);
  }
  return std::string(code.substr(0, code.find_first_of(":;")));
}

std::string code_of(const http_answer& answer, const nlohmann::json& body) {
  if (body.is_object()) {
    for (const char* key : {"__type", "code", "Code"}) {
      if (const auto at = body.find(key); at != body.end() && at->is_string()) {
        return bare_code(at->get_ref<const std::string&>());
      }
    }
  }
  for (const char* name : {"x-amzn-errortype", "x-amzn-query-error"}) {
    if (const auto value = answer.header(name); !value.empty()) {
      return bare_code(value);
    }
  }
  return {};
}

spawn_status sink_status(aws_fault fault) {
  switch (fault) {
    case aws_fault::none:
      return SPAWN_OK;
    case aws_fault::unsent:
    case aws_fault::credentials:
      return SPAWN_E_UNAVAILABLE;
    case aws_fault::throttled:
      return SPAWN_E_EXHAUSTED;
    case aws_fault::unanswered:
    case aws_fault::busy:
      return SPAWN_E_UNKNOWN_OUTCOME;
    case aws_fault::denied:
      return SPAWN_E_DENIED;
    case aws_fault::missing:
      return SPAWN_E_NOT_FOUND;
    case aws_fault::invalid:
      return SPAWN_E_INVALID;
    case aws_fault::too_large:
      return SPAWN_E_TOO_LARGE;
  }
  return SPAWN_E_INTERNAL;
}

}  // namespace sqs
