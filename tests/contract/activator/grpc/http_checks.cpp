// HTTP transcoding: paths, queries, bodies, answers, errors.
#include <map>

#include "contract/activator/grpc/actor_kernel.hpp"
#include "contract/activator/grpc/checks.hpp"
#include "contract/activator/grpc/contracts.hpp"
#include "contract/activator/grpc/http_client.hpp"

namespace grpc_test {
namespace {

using contract::require;
using contract::require_equal;
using contract::target;

actor_kernel::options with_http(const std::string& more = {}) {
  return {.more = {}, .window = 64, .http = true, .http_more = more};
}

std::optional<given> say_done(const request&) {
  return reply("done");
}

std::optional<given> say_done_or_nothing(const request& r) {
  given out = reply("done");
  out.presence = r.action == "Drop" ? SPAWN_P_NOOP : SPAWN_P_VALUE;
  return out;
}

// The fields of a message by number: JSON has no order. Those of one number keep theirs.
std::string sorted(const std::string& message) {
  std::multimap<int, std::string> fields;
  const auto number = [&](std::size_t& at) {
    std::uint64_t out = 0;
    for (int shift = 0; at < message.size(); shift += 7) {
      const auto c = static_cast<unsigned char>(message[at++]);
      out |= static_cast<std::uint64_t>(c & 0x7f) << shift;
      if (c < 0x80) {
        break;
      }
    }
    return out;
  };
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t from = at;
    const std::uint64_t tag = number(at);
    const std::uint64_t value = number(at);
    at += (tag & 7) == 2 ? value : 0;
    fields.emplace(static_cast<int>(tag >> 3), message.substr(from, at - from));
  }
  std::string out;
  for (const auto& [key, bytes] : fields) {
    out += bytes;
  }
  return out;
}

// The bytes of the request that this HTTP request became.
class sent {
 public:
  explicit sent(const target& t)
      : kernel(t.entry, say_done_or_nothing, with_http()), http(kernel.http_port()) {}
  std::string payload(const std::string& verb, const std::string& path,
                      const std::string& body = "", int status = 200) {
    const std::size_t before = kernel.count();
    const auto got = http.ask(verb, path, body, "");
    require_equal(got.status, status, verb + " " + path + ": " + got.body);
    return status == 200 ? sorted(kernel.requests(before + 1).back().payload) : got.body;
  }
  actor_kernel kernel;
  http_client http;
};

void a_path_names_fields(const target& t) {
  sent s(t);
  require_equal(s.payload("GET", "/v1/orders/o-1/parts/wheel"),
                field(1, "o-1") + field(4, field(1, "wheel")), "two variables, one nested");
  require_equal(s.payload("GET", "/v1/orders/a%2Fb%20c/parts/%C3%BC"),
                field(1, "a/b c") + field(4, field(1, "\xc3\xbc")), "percent-encoding");
  require_equal(s.payload("GET", "/v1/shelves/7/books/x/y%2Fz:find"),
                field(1, "shelves/7/books/x/y%2Fz"), "a variable of many segments");
  require_equal(s.payload("GET", "/v1/shelves/7/books:find"), field(1, "shelves/7/books"),
                "** may be nothing");
  require_equal(s.payload("DELETE", "/v1/say/exactly"), field(1, "exactly"), "DELETE");
  const auto last = s.kernel.requests(5);
  require_equal(last[0].name, std::string("o-1"), "the instance");
  require_equal(last[4].action, std::string("Drop"), "the action");
  (void)s.payload("GET", "/v1/say/exactly");
  require_equal(s.kernel.requests(6)[5].action, std::string("Named"), "a text before a variable");
  for (const char* path : {"/v1/orders//parts/x", "/v1/nothing", "/v1/say/", "/",
                           "/v1/shelves/7/books/x", "/v1/orders/%zz/parts/x"}) {
    (void)s.payload("GET", path, "", 404);
  }
  (void)s.payload("PATCH", "/v1/say", "", 404);
  s.kernel.end();
}

void a_query_names_fields(const target& t) {
  sent s(t);
  require_equal(s.payload("GET", "/v1/say?text=a+b%26c"), field(1, "a b&c"), "a text");
  require_equal(
      s.payload("GET", "/v1/orders/o/parts/p?count=3&tags=x&tags=y&part.size=4&color=BLUE"),
      field(1, "o") + field(2, std::uint64_t{3}) + field(3, "x") + field(3, "y") +
          field(4, field(1, "p") + field(2, std::uint64_t{4})) + field(5, std::uint64_t{2}),
      "numbers, repeated and nested fields, an enum");
  require_equal(s.payload("GET",
                          "/v1/say/exactly?bigNumber=9007199254740993&raw=AP8%3D&"
                          "placed=1970-01-01T00:00:05Z"),
                field(6, std::uint64_t{9007199254740993}) + field(7, std::string("\0\xff", 2)) +
                    field(8, field(1, std::uint64_t{5}) + field(2, std::uint64_t{0})),
                "names of JSON, a long number, bytes, a time");
  require_equal(s.payload("GET", "/v1/say/exactly?big_number=5"), field(6, std::uint64_t{5}),
                "names of the contract");
  for (const char* query : {"nothing=1", "text.x=1", "text=%z1"}) {
    (void)s.payload("GET", std::string("/v1/say?") + query, "", 400);
  }
  (void)s.payload("GET", "/v1/say/exactly?count=many", "", 400);
  (void)s.payload("GET", "/v1/orders/o/parts/p?id=other", "", 400);
  s.kernel.end();
}

void a_body_is_json(const target& t) {
  sent s(t);
  require_equal(s.payload("POST", "/v1/orders/o-1", R"({"count": 2, "id": "ignored"})"),
                field(1, "o-1") + field(2, std::uint64_t{2}), "all of it; the path wins");
  require_equal(s.payload("POST", "/v1/orders/o-1"), field(1, "o-1"), "no body");
  require_equal(s.payload("PUT", "/v1/orders/o-1/part?count=7", R"({"name": "p", "size": 1})"),
                field(1, "o-1") + field(2, std::uint64_t{7}) +
                    field(4, field(1, "p") + field(2, std::uint64_t{1})),
                "one field of it");
  for (const char* body : {"{", "[]", R"({"nothing": 1})", R"({"count": "many"})"}) {
    (void)s.payload("POST", "/v1/orders/o-1", body, 400);
  }
  (void)s.payload("POST", "/v1/orders/o-1?count=1", "{}", 400);
  (void)s.payload("GET", "/v1/say", "{}", 400);
  require_equal(s.http
                    .ask("POST", "/v1/orders/o-1", "x=1",
                         "Content-Type: application/x-www-form-urlencoded\r\n")
                    .status,
                400, "another content type");
  (void)s.payload("POST", "/v1/sum", "{}", 501);
  s.kernel.end();
}

void an_answer_is_json(const target& t) {
  given full = reply("hi");
  full.value += field(2, std::string("\x01\x02", 2)) + field(3, std::uint64_t{9007199254740993});
  full.with = {{"x-seen", "yes"}, {"Content-Length", "7"}, {"x-bad", "a\r\nb"}};
  bool empty = false;
  actor_kernel kernel(
      t.entry, [&](const request&) { return std::optional(empty ? reply("") : full); },
      with_http());
  http_client http(kernel.http_port());
  const auto got = http.get("/v1/say");
  require_equal(got.body, std::string(R"({"text":"hi","numbers":[1,2],"big":"9007199254740993"})"),
                "the answer");
  require(got.head.find("x-seen: yes") != std::string::npos, "a header of the answer");
  require(got.head.find("x-bad") == std::string::npos, "a header that HTTP can not carry");
  require(got.head.find("Content-Type: application/json") != std::string::npos, got.head);
  require_equal(http.get("/v1/shelves/7/books/x:find").body, std::string("[1,2]"),
                "a field of the answer");
  empty = true;
  require_equal(http.get("/v1/say").body, std::string(R"({"text":""})"), "an empty text");
  require_equal(http.get("/v1/shelves/7/books/x:find").body, std::string("[]"), "an empty field");
  kernel.end();
}

void an_error_has_its_status(const target& t) {
  const std::vector<std::pair<spawn_status, int>> all{
      {SPAWN_E_INVALID, 400},  {SPAWN_E_NOT_FOUND, 404}, {SPAWN_E_ABORTED, 409},
      {SPAWN_E_DENIED, 403},   {SPAWN_E_EXHAUSTED, 429}, {SPAWN_E_UNAVAILABLE, 503},
      {SPAWN_E_DEADLINE, 504}, {SPAWN_E_INTERNAL, 500},  {SPAWN_E_UNSUPPORTED, 501}};
  std::size_t next = 0;
  actor_kernel kernel(
      t.entry,
      [&](const request&) {
        given out;
        out.status = all[next].first;
        out.error = "the \"reason\"";
        return std::optional(out);
      },
      with_http());
  http_client http(kernel.http_port());
  for (next = 0; next < all.size(); ++next) {
    require_equal(http.get("/v1/say").status, all[next].second, "status");
  }
  next = 1;
  require_equal(http.get("/v1/say").body,
                std::string(R"({"code":5,"message":"Failed to invoke request for Actor Desk. )"
                            R"(Details: the \"reason\"","details":[]})"),
                "the error");
  kernel.end();
}

void a_request_waits_only_so_long(const target& t) {
  actor_kernel kernel(
      t.entry, [](const request&) { return std::nullopt; }, with_http(R"(, "timeout_ms": 50)"));
  http_client http(kernel.http_port());
  require_equal(http.get("/v1/say").status, 504, "an actor that does not answer");
  kernel.answer(kernel.requests(1).front().token, reply("too late"));
  require_equal(http.get("/v1/say").status, 504, "the answer to another request");
  kernel.end();
}

void facts_and_headers_are_told(const target& t) {
  sent s(t);
  require_equal(s.http
                    .ask("GET", "/v1/say?text=x", "",
                         "X-Color: red\r\nAuthorization: Bearer 1\r\ngrpc-peer: forged\r\n")
                    .status,
                200, "status");
  const request one = s.kernel.requests(1).front();
  require(one.header("x-color") != nullptr && *one.header("x-color") == "red", "a header");
  require(one.header("host") == nullptr, "a header of the connection");
  require_equal(*one.header("grpc-http-method"), std::string("GET"), "grpc-http-method");
  require_equal(*one.header("grpc-http-target"), std::string("/v1/say?text=x"), "grpc-http-target");
  require(*one.header("grpc-peer") != "forged", "a forged fact");
  require(one.deadline_ns > s.kernel.host().clock.now_ns(), "deadline");
  s.kernel.end();
}

void health_has_its_paths(const target& t) {
  sent s(t);
  for (const char* path : {"/health/liveness", "/health/readiness"}) {
    const auto got = s.http.get(path);
    require_equal(got.status, 200, path);
    require(got.body.find(R"("status":"OK")") != std::string::npos, got.body);
  }
  require_equal(s.kernel.count(), std::size_t{0}, "requests that reached the kernel");
  s.kernel.end();
}

void bad_requests_cost_nobody_else(const target& t) {
  sent s(t);
  const auto long_body =
      s.http.ask_raw("POST /v1/orders/o HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n");
  require_equal(long_body.status, 429, "a body that is too long");
  http_client deep(s.kernel.http_port());
  std::string nested(20'000, '[');
  require_equal(deep.post("/v1/orders/o", R"({"tags": )" + nested).status, 400, "half a JSON");
  nested.append(std::string(20'000, ']'));
  require_equal(deep.post("/v1/orders/o", R"({"tags": )" + nested + "}").status, 400,
                "a deep JSON");
  require_equal(deep.get("/v1/say?text=%ff").status, 400, "a text that is not UTF-8");
  http_client other(s.kernel.http_port());
  require_equal(other.get("/v1/say").status, 200, "the next one");
  s.kernel.end();
}

void connections_are_bounded(const target& t) {
  actor_kernel kernel(t.entry, say_done, with_http(R"(, "max_connections": 1)"));
  auto first = std::make_unique<http_client>(kernel.http_port());
  require_equal(first->get("/v1/say").status, 200, "the first");
  http_client second(kernel.http_port());  // waits to be accepted
  first.reset();
  require_equal(second.get("/v1/say").status, 200, "the second, when the first has gone");
  kernel.end();
}

}  // namespace

std::vector<contract::check> http_checks() {
  return {{"http.a_path_names_fields", a_path_names_fields},
          {"http.a_query_names_fields", a_query_names_fields},
          {"http.a_body_is_json", a_body_is_json},
          {"http.an_answer_is_json", an_answer_is_json},
          {"http.an_error_has_its_status", an_error_has_its_status},
          {"http.a_request_waits_only_so_long", a_request_waits_only_so_long},
          {"http.facts_and_headers_are_told", facts_and_headers_are_told},
          {"http.health_has_its_paths", health_has_its_paths},
          {"http.bad_requests_cost_nobody_else", bad_requests_cost_nobody_else},
          {"http.connections_are_bounded", connections_are_bounded}};
}

}  // namespace grpc_test
