#include "wire/host_call.hpp"

#include "base/limits.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/common.hpp"

namespace spawn::wire {
namespace {

std::size_t entry_size(kv_view entry) {
  return text_size(entry.key.size()) + text_size(entry.value.size());
}

// The caller's, and what the kernel says: the two never have a key in common.
template <class F>
void each_metadata(const host_request& call, F&& f) {
  for (const auto& entry : call.metadata) {
    if (!is_told_by_kernel(entry.key)) {
      f(entry);
    }
  }
  if (!call.message_id.empty()) {
    f(kv_view{metadata_message_id, call.message_id});
  }
  if (!call.revision.empty()) {
    f(kv_view{metadata_revision, call.revision});
  }
}

std::size_t context_size(const host_request& call) {
  std::size_t size = field_size(actor_id_size(call.self)) + call.tags.size();
  if (!call.state_any.empty()) {
    size += field_size(call.state_any.size());
  }
  if (call.has_caller) {
    size += field_size(actor_id_size(call.caller));
  }
  each_metadata(call, [&](kv_view entry) { size += field_size(entry_size(entry)); });
  return size;
}

tl::unexpected<error> bad(std::string_view what) {
  return fail(errc::invalid,
              "the host's answer is not an ActorInvocationResponse (" + std::string(what) + ")");
}

result<void> read_context(std::string_view bytes, host_response& out) {
  std::vector<kv_view> tags;
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      out.state_any = r.bytes();
      any_view parsed;
      if (!r.ok() || !read_any(out.state_any, parsed)) {
        return bad("updated_context.state");
      }
      // An Any with neither type nor value says nothing, so it changes nothing.
      out.has_state = !out.state_any.empty();
    } else if (r.field() == 5) {
      kv_view entry;
      if (!read_entry(r.bytes(), entry)) {
        return bad("updated_context.tags");
      }
      tags.push_back(entry);
    } else {
      r.skip();
    }
  }
  if (!r.ok()) {
    return bad("updated_context");
  }
  if (!tags.empty()) {
    out.tags = canonical_tags(tags);
  }
  return {};
}

result<void> read_workflow(std::string_view bytes, host_response& out) {
  workflow_part broadcast;
  workflow_part routing;
  std::vector<workflow_part> others;
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.parts.push_back({"effect", r.bytes()});
        break;
      case 2:
        broadcast = {"broadcast", r.bytes()};
        break;
      case 3:
        routing = {"pipe", r.bytes()};
        break;
      case 4:
        routing = {"forward", r.bytes()};
        break;
      case 1000: {
        any_view part;
        if (!read_any(r.bytes(), part) || last_segment(part.type_url).empty()) {
          return bad("workflow.parts");
        }
        others.push_back({last_segment(part.type_url), part.value});
        break;
      }
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return bad("workflow");
  }
  if (!broadcast.type.empty()) {
    out.parts.push_back(broadcast);
  }
  out.parts.insert(out.parts.end(), others.begin(), others.end());
  if (!routing.type.empty()) {
    out.parts.push_back(routing);
  }
  if (out.parts.size() > limits::in_force.commands_per_turn) {
    return fail(errc::too_large, "the host's answer has " + std::to_string(out.parts.size()) +
                                     " workflow parts, at most " +
                                     std::to_string(limits::in_force.commands_per_turn) +
                                     " are allowed");
  }
  return {};
}

}  // namespace

std::string_view append_host_request(std::string& out, const host_request& call,
                                     std::size_t inline_max) {
  put_actor_id(out, 1, call.self);
  put_text(out, 2, call.action);
  put_tag(out, 3, type::bytes);
  put_varint(out, context_size(call));
  if (!call.state_any.empty()) {
    put_bytes(out, 1, call.state_any);
  }
  if (call.has_caller) {
    put_actor_id(out, 2, call.caller);
  }
  put_actor_id(out, 3, call.self);
  each_metadata(call, [&](kv_view entry) { put_entry(out, 4, entry); });
  out += call.tags;
  if (call.argument.kind == presence::value && call.argument.any.size() > inline_max) {
    if (call.has_caller) {
      put_actor_id(out, 6, call.caller);
    }
    put_tag(out, 4, type::bytes);
    put_varint(out, call.argument.any.size());
    return call.argument.any;
  }
  if (call.argument.kind == presence::value) {
    put_bytes(out, 4, call.argument.any);
  } else if (call.argument.kind == presence::noop) {
    put_bytes(out, 5, {});
  }
  if (call.has_caller) {
    put_actor_id(out, 6, call.caller);
  }
  return {};
}

result<host_response> read_host_response(std::string_view bytes) {
  if (bytes.empty()) {
    return fail(errc::invalid, "the host's answer is empty");
  }
  host_response out;
  bool has_context = false;
  std::string_view workflow;
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 3: {
        has_context = true;
        const auto context = r.bytes();
        if (r.ok()) {
          SPAWN_CHECK(read_context(context, out));
        }
        break;
      }
      case 4: {
        out.value = {presence::value, r.bytes()};
        any_view parsed;
        if (!r.ok() || !read_any(out.value.any, parsed)) {
          return bad("value");
        }
        break;
      }
      case 5:
        workflow = r.bytes();
        break;
      case 6:
        static_cast<void>(r.bytes());
        out.value = {presence::noop, {}};
        break;
      case 7:
        out.checkpoint = r.boolean();
        break;
      case 1:
      case 2:
        static_cast<void>(r.text());
        break;
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return bad("protobuf");
  }
  if (!has_context) {
    return fail(errc::invalid, "the host's answer has no updated_context: the action failed");
  }
  if (!workflow.empty()) {
    SPAWN_CHECK(read_workflow(workflow, out));
  }
  return out;
}

}  // namespace spawn::wire
