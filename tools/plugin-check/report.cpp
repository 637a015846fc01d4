#include "report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace spawn::check {
namespace {

std::string indented(const std::string& text) {
  std::string out = "           ";
  for (const char c : text) {
    out += c;
    if (c == '\n') {
      out += "           ";
    }
  }
  return out + "\n";
}

std::string seconds(std::chrono::milliseconds time) {
  std::string out = std::to_string(time.count());
  out.insert(0, out.size() < 4 ? 4 - out.size() : 0, '0');
  return out.insert(out.size() - 3, ".");
}

// For XML, which has no place for most control characters.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string element(const char* tag, const std::string& message, const std::string& body) {
  return std::string("    <") + tag + " message=\"" + escaped(message) + "\">" + escaped(body) +
         "</" + tag + ">\n";
}

}  // namespace

tally count(const std::vector<finding>& all) {
  tally out;
  for (const finding& one : all) {
    switch (one.result.what) {
      case verdict::passed:
        ++out.passed;
        break;
      case verdict::warned:
        ++out.warned;
        break;
      case verdict::skipped:
        ++out.skipped;
        break;
      case verdict::not_run:
        ++out.not_run;
        break;
      default:
        ++out.bad;
    }
  }
  return out;
}

std::string text_of(const finding& one) {
  std::string out(name(one.result.what));
  out.resize(11, ' ');
  out += one.of->id + "\n";
  if (is_bad(one.result.what)) {
    out += indented("promise: " + one.of->promise);
  }
  if (!one.result.text.empty()) {
    out += indented(one.result.text);
  }
  if (!one.result.output.empty()) {
    out += indented("it wrote: " + one.result.output);
  }
  return out;
}

std::string text_of(const tally& all, const std::string& plugin) {
  return plugin + ": " + std::to_string(all.passed) + " passed, " + std::to_string(all.bad) +
         " failed, " + std::to_string(all.warned) + " warned, " + std::to_string(all.skipped) +
         " skipped, " + std::to_string(all.not_run) + " not run\n";
}

std::string json_of(const std::vector<finding>& all, const options& given,
                    const std::string& label) {
  using nlohmann::json;
  json tests = json::array();
  for (const finding& one : all) {
    tests.push_back({{"id", one.of->id},
                     {"promise", one.of->promise},
                     {"verdict", name(one.result.what)},
                     {"text", one.result.text},
                     {"output", one.result.output},
                     {"ms", one.result.took.count()}});
  }
  const tally sum = count(all);
  const json out{{"plugin", given.plugin}, {"label", label},         {"seed", given.seed},
                 {"passed", sum.passed},   {"failed", sum.bad},      {"warned", sum.warned},
                 {"skipped", sum.skipped}, {"not_run", sum.not_run}, {"tests", std::move(tests)}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string junit_of(const std::vector<finding>& all, const std::string& label) {
  const tally sum = count(all);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" +
                    escaped(label) + "\" tests=\"" + std::to_string(all.size()) + "\" failures=\"" +
                    std::to_string(sum.bad) + "\" skipped=\"" +
                    std::to_string(sum.skipped + sum.not_run) + "\">\n";
  for (const finding& one : all) {
    const std::size_t dot = one.of->id.find('.');
    out += "  <testcase classname=\"" + one.of->id.substr(0, dot) + "\" name=\"" +
           one.of->id.substr(dot + 1) + "\" time=\"" + seconds(one.result.took) + "\">\n";
    if (is_bad(one.result.what)) {
      out += element("failure", one.result.text, one.of->promise + "\n" + one.result.output);
    } else if (one.result.what == verdict::skipped || one.result.what == verdict::not_run) {
      out += element("skipped", one.result.text, "");
    } else if (one.result.what == verdict::warned) {
      out += "    <system-out>" + escaped(one.result.text) + "</system-out>\n";
    }
    out += "  </testcase>\n";
  }
  return out + "</testsuite>\n";
}

std::string list_of(const test_list& tests) {
  std::size_t width = 0;
  for (const test& one : tests) {
    width = std::max(width, one.id.size());
  }
  std::string out;
  for (const test& one : tests) {
    out += one.id + std::string(width + 2 - one.id.size(), ' ') + one.promise + "\n";
  }
  return out;
}

}  // namespace spawn::check
