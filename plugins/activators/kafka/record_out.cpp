#include "record_out.hpp"

#include <array>

namespace kafka_activator {

namespace {

rd_kafka_vu_t memory(rd_kafka_vtype_t kind, std::string_view bytes, bool there) {
  static const char nothing = 0;
  rd_kafka_vu_t out{};
  out.vtype = kind;
  // An empty value is not the same as none, which deletes the key in a compacted topic.
  out.u.mem.ptr = !there ? nullptr : const_cast<char*>(bytes.empty() ? &nothing : bytes.data());
  out.u.mem.size = bytes.size();
  return out;
}

}  // namespace

rd_kafka_resp_err_t record_out::send(rd_kafka_t* through, void* opaque) {
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic_.c_str();
  parts[1] = memory(RD_KAFKA_VTYPE_KEY, key_, key_.data() != nullptr);
  parts[2] = memory(RD_KAFKA_VTYPE_VALUE, value_, has_value_);
  parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[3].u.i = RD_KAFKA_MSG_F_COPY;
  parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[4].u.ptr = opaque;
  parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[5].u.headers = headers_.get();
  const error_ptr wrong(rd_kafka_produceva(through, parts.data(), parts.size()));
  if (wrong != nullptr) {
    return rd_kafka_error_code(wrong.get());
  }
  (void)headers_.release();  // the record has taken them
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace kafka_activator
