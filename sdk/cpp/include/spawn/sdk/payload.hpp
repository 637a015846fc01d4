// What travels in a payload or a state: protobuf messages, JSON text, or bytes as they came.
#pragma once

#include <google/protobuf/message_lite.h>

#include <concepts>
#include <string>
#include <string_view>

namespace spawn::sdk {

// JSON text as payload or state; on the wire it is a JSONType. The SDK does not look inside.
struct json {
  std::string text;
};

// Any payload or state, as it came: `type_url` as on the wire ("type.googleapis.com/shop.Order").
struct any_value {
  std::string type_url;
  std::string value;
};

// "No payload": as a state, an actor that keeps none.
struct nothing {};

// How a payload is present on the wire. The three are different things and stay so.
enum class presence { unset, noop, value };

// A payload of a request, borrowed until the action returns.
struct payload_view {
  presence kind = presence::unset;
  std::string_view type_url;
  std::string_view value;
};

// The type name in a type_url: what follows the last '/'.
[[nodiscard]] std::string_view type_name_of(std::string_view type_url);

// True when a payload with this type_url can be read as `type_name`. JSONType is JSONType in any
// package, because each SDK has a package of its own for it. An empty name is every type.
[[nodiscard]] bool same_type(std::string_view type_url, std::string_view type_name);

template <class T>
concept protobuf_message = std::derived_from<T, google::protobuf::MessageLite>;

// How T becomes bytes. Specialise it for types of your own:
//   static std::string_view type_name();                 // "" takes every type
//   static void encode(const T&, std::string& type_url, std::string& value);
//   static bool decode(std::string_view type_url, std::string_view value, T& out);
template <class T>
struct codec;

// `type_name` gets "type.googleapis.com/" in front.
void set_type_url(std::string& type_url, std::string_view type_name);

template <protobuf_message T>
struct codec<T> {
  static std::string_view type_name() {
    static const std::string name = T::default_instance().GetTypeName();
    return name;
  }
  static void encode(const T& from, std::string& type_url, std::string& value) {
    set_type_url(type_url, type_name());
    from.SerializeToString(&value);
  }
  static bool decode(std::string_view, std::string_view value, T& out) {
    return out.ParseFromArray(value.data(), static_cast<int>(value.size()));
  }
};

template <>
struct codec<json> {
  static std::string_view type_name() { return "spawn.JSONType"; }
  static void encode(const json& from, std::string& type_url, std::string& value);
  static bool decode(std::string_view type_url, std::string_view value, json& out);
};

template <>
struct codec<any_value> {
  static std::string_view type_name() { return ""; }
  static void encode(const any_value& from, std::string& type_url, std::string& value);
  static bool decode(std::string_view type_url, std::string_view value, any_value& out);
};

template <class T>
concept encodable = requires(const T& from, T& to, std::string& text, std::string_view view) {
  { codec<T>::type_name() } -> std::convertible_to<std::string_view>;
  codec<T>::encode(from, text, text);
  { codec<T>::decode(view, view, to) } -> std::same_as<bool>;
};

}  // namespace spawn::sdk
