#include "aws_client.hpp"

#include <ctime>
#include <utility>

namespace sqs {

namespace {

constexpr std::string_view service = "sqs";

bool about_time(std::string_view code, std::string_view error) {
  return code.find("RequestExpired") != std::string_view::npos ||
         code.find("TimeTooSkewed") != std::string_view::npos ||
         error.find("Signature expired") != std::string_view::npos ||
         error.find("Signature not yet current") != std::string_view::npos;
}

std::string text_in(const nlohmann::json& body) {
  for (const char* key : {"message", "Message"}) {
    if (const auto at = body.find(key); at != body.end() && at->is_string()) {
      return at->get<std::string>();
    }
  }
  return {};
}

}  // namespace

void aws_call::cancel() {
  cancelled_ = true;
  if (http_ != nullptr) {
    http_->cancel();
  }
}

aws_client::aws_client(spawn::plugin::host_ref host, http_client& http, credential_chain& chain,
                       place at)
    : host_(host), http_(http), chain_(chain), at_(std::move(at)) {}

std::shared_ptr<aws_call> aws_client::call(std::string_view action, const nlohmann::json& body,
                                           done then, std::uint32_t longer_ms) {
  auto call = std::make_shared<aws_call>();
  http_request request;
  request.to = at_.endpoint;
  request.answer_ms = at_.request_ms + longer_ms;
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  request.headers = {{"host", at_.endpoint.authority()},
                     {"content-type", "application/x-amz-json-1.0"},
                     {"x-amz-target", "AmazonSQS." + std::string(action)}};
  chain_.get([this, call, request = std::move(request), then = std::move(then)](
                 const credentials* who, const std::string& why) mutable {
    if (who == nullptr || call->cancelled_) {
      aws_answer out;
      out.fault = who == nullptr ? aws_fault::credentials : aws_fault::unsent;
      out.error = who == nullptr ? why : "given up";
      return then(std::move(out));
    }
    sign_post(request.headers, request.body, *who,
              {at_.region, service, host_.unix_ms() + service_ahead_ms_});
    call->http_ = http_.send(std::move(request),
                             [this, then](const http_answer& answer) { then(read(answer)); });
  });
  return call;
}

aws_answer aws_client::read(const http_answer& answer) {
  aws_answer out;
  if (answer.how != http_answer::ending::answered) {
    out.fault =
        answer.how == http_answer::ending::not_sent ? aws_fault::unsent : aws_fault::unanswered;
    out.error = answer.error;
    return out;
  }
  const bool fine = answer.status >= 200 && answer.status < 300;
  // Requests that answer nothing may have an empty body.
  out.body = fine && answer.body.empty() ? nlohmann::json::object()
                                         : nlohmann::json::parse(answer.body, nullptr, false);
  if (fine && out.body.is_object()) {
    return out;
  }
  if (fine) {
    out.fault = aws_fault::unanswered;
    out.error = at_.endpoint.authority() + ": the answer is not that of SQS";
    return out;
  }
  out.code = code_of(answer, out.body);
  // An error without a code is not of SQS but of something before it: it proves nothing.
  out.fault = fault_of(out.code, answer.status < 500 && !out.code.empty());
  if (answer.status == 429) {
    out.fault = aws_fault::throttled;
  }
  const std::string said = out.body.is_object() ? text_in(out.body) : std::string();
  out.error = (out.code.empty() ? "status " + std::to_string(answer.status) : out.code) +
              (said.empty() ? "" : ": " + said);
  if (out.fault == aws_fault::credentials) {
    chain_.forget();
  }
  if (about_time(out.code, said)) {
    learn_time(answer);
  }
  return out;
}

void aws_client::learn_time(const http_answer& answer) {
  std::tm parts{};
  const std::string date(answer.header("date"));
  if (::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) != nullptr) {
    service_ahead_ms_ = std::int64_t{::timegm(&parts)} * 1000 - host_.unix_ms();
  }
}

}  // namespace sqs
