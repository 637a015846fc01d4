#include "state/record.hpp"

namespace spawn {

void sealed_record::fill(spawn_ss_save& op) noexcept {
  payload_slice = slice_of(payload);
  op.type_url = slice_of(type_url);
  op.meta = slice_of(meta);
  op.payload = has_payload ? &payload_slice : nullptr;
  op.n_payload = has_payload ? 1 : 0;
}

result<void> record_codec::seal(std::string_view key, std::uint64_t revision, std::uint64_t writer,
                                const record_meta& meta, bool has_payload,
                                std::string_view type_url, std::string_view payload,
                                sealed_record& out) {
  out.has_payload = has_payload;
  out.type_url = type_url;
  out.payload.clear();
  if (has_payload) {
    make_aad(aad_, key, revision, writer, seal_part::payload);
    SPAWN_CHECK(sealer_.seal(aad_, std::span(&payload, 1), out.payload));
  }
  encode_meta(meta, scratch_);
  make_aad(aad_, key, revision, writer, seal_part::meta);
  const std::string_view plain = scratch_;
  return sealer_.seal(aad_, std::span(&plain, 1), out.meta);
}

result<record> record_codec::open(std::string_view key, const spawn_ss_record& in) {
  record out;
  out.revision = in.revision;
  out.writer = in.writer;
  out.written_ms = in.written_unix_ms;
  out.type_url = view_of(in.type_url);
  const auto meta = view_of(in.meta);
  if (!meta.empty()) {
    make_aad(aad_, key, in.revision, in.writer, seal_part::meta);
    auto opened = sealer_.open(aad_, meta, scratch_);
    if (!opened) {
      return fail(std::move(opened.error()).within("record " + std::string(key) + ", meta"));
    }
    auto decoded = decode_meta(scratch_);
    if (!decoded) {
      return fail(std::move(decoded.error()).within("record " + std::string(key)));
    }
    out.meta = std::move(*decoded);
  }
  out.has_payload = in.payload.ptr != nullptr;
  if (out.has_payload) {
    make_aad(aad_, key, in.revision, in.writer, seal_part::payload);
    auto opened = sealer_.open(aad_, view_of(in.payload), out.payload);
    if (!opened) {
      return fail(std::move(opened.error()).within("record " + std::string(key)));
    }
  }
  return out;
}

void release(spawn_ss_record& from) noexcept {
  release(from.type_url);
  release(from.payload);
  release(from.meta);
}

}  // namespace spawn
