#include "contract/activator/grpc/contracts.hpp"

namespace grpc_test {

namespace {

void put_number(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    to.push_back(static_cast<char>(value | 0x80));
  }
  to.push_back(static_cast<char>(value));
}

}  // namespace

std::string_view shop_proto() {
  return R"(
syntax = "proto3";
package shop.v1;

import "google/api/annotations.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "spawn/actors/extensions.proto";

enum Color { RED = 0; BLUE = 2; }
message Part { string name = 1; int32 size = 2; }
message Order {
  string id = 1 [(spawn.actors.actor_id) = true];
  int32 count = 2;
  repeated string tags = 3;
  Part part = 4;
  Color color = 5;
  int64 big_number = 6;
  bytes raw = 7;
  google.protobuf.Timestamp placed = 8;
}
message Plain { string text = 1; }
message Numbered { sint64 id = 1 [(spawn.actors.actor_id) = true]; }
message Fixed { fixed32 id = 1 [(spawn.actors.actor_id) = true]; }
message Reply { string text = 1; repeated int32 numbers = 2; int64 big = 3; }

service order_actor {
  option (spawn.actors.actor) = { kind: UNNAMED stateful: true };
  rpc Place(Order) returns (Reply) {
    option (google.api.http) = {
      post: "/v1/orders/{id}" body: "*"
      additional_bindings { get: "/v1/orders/{id}/parts/{part.name}" }
      additional_bindings { put: "/v1/orders/{id}/part" body: "part" }
      additional_bindings { get: "/v1/{id=shelves/*/books/**}:find" response_body: "numbers" }
    };
  }
  rpc Count(Numbered) returns (Reply);
  rpc Weigh(Fixed) returns (Reply);
  rpc Nameless(Plain) returns (Reply);
}
service Counter {
  option (spawn.actors.actor) = { stateful: true };
  rpc Add(Order) returns (Reply);
  rpc All(Plain) returns (Reply);
}
service Desk {
  option (spawn.actors.actor) = { kind: NAMED };
  rpc Say(Plain) returns (Reply) { option (google.api.http) = { get: "/v1/say" }; }
  rpc Drop(Plain) returns (google.protobuf.Empty) {
    option (google.api.http) = { delete: "/v1/say/{text}" };
  }
  rpc Named(Order) returns (Reply) { option (google.api.http) = { get: "/v1/say/exactly" }; }
  rpc Talk(stream Plain) returns (stream Reply);
  rpc Sum(stream Plain) returns (Reply) {
    option (google.api.http) = { post: "/v1/sum" body: "*" };
  }
  rpc List(Plain) returns (stream Reply);
  rpc Readiness(google.protobuf.Empty) returns (google.protobuf.Empty);
}
service Pool {
  option (spawn.actors.actor) = { kind: POOLED };
  rpc Do(Plain) returns (Reply);
}
service Hidden {
  rpc Secret(Plain) returns (Reply);
}
)";
}

std::string field(std::uint32_t number, std::string_view bytes) {
  std::string out;
  put_number(out, (number << 3) | 2);
  put_number(out, bytes.size());
  return out.append(bytes);
}

std::string field(std::uint32_t number, std::uint64_t value) {
  std::string out;
  put_number(out, number << 3);
  put_number(out, value);
  return out;
}

}  // namespace grpc_test
