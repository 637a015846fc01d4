// The metrics of an instance, as its process counts them.
#pragma once
#include "plugin/host_metrics.hpp"
#include "plugin/isolate/frames.hpp"

namespace spawn::isolate {

template <class A>
void fields(A& a, metric_series& v) {
  put_all(a, v.labels, [](A& to, std::string& t) { put_text(to, t); });
  a.value(v.value);
  a.value(v.count);
  put_all(a, v.buckets, [](A& to, std::uint64_t& n) { to.value(n); });
}

template <class A>
void fields(A& a, metric_family& v) {
  auto type = static_cast<std::uint32_t>(v.type);
  a.value(type);
  v.type = static_cast<metric_type>(type);
  put_text(a, v.name);
  put_text(a, v.help);
  put_all(a, v.labels, [](A& to, std::string& t) { put_text(to, t); });
  put_all(a, v.series, [](A& to, metric_series& s) { fields(to, s); });
}

}  // namespace spawn::isolate
