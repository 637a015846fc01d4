#include "config/yaml_tree.hpp"
#include "base/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include "config/interpolate.hpp"
#include "config/scalar.hpp"

namespace spawn::config {
namespace {

// Thrown by the builder to leave the parser at a limit; caught in read_yaml.
struct stopped {
  position at;
  std::string why;
};

position to_position(const YAML::Mark& mark) {
  return mark.is_null() ? position{} : position{mark.line + 1, mark.column + 1, {}};
}

// Builds the tree from the parser's events. A frame is an open list or map.
class builder final : public YAML::EventHandler {
 public:
  builder(const environment& env, problems& found) : env_(env), found_(found) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    value v;
    // The parser's mark is where the next token is; the key says more.
    const bool after_key = !open_.empty() && open_.back().key;
    v.at = after_key ? open_.back().key->at : to_position(mark);
    finish(std::move(v), anchor, false);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(value::kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(value::kind::object, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] value take() { return std::move(root_); }

 private:
  struct frame {
    value built;
    YAML::anchor_t anchor;
    std::string pointer;
    std::optional<member> key;                   // of a map: the key that waits for its value
    std::unordered_map<std::string, int> lines;  // of a map: where each key is
    bool skip = false;  // of a map: the waiting key was refused, its value is dropped
  };

  [[nodiscard]] bool wants_key() const {
    return !open_.empty() && open_.back().built.is == value::kind::object && !open_.back().key;
  }
  [[nodiscard]] std::string pointer_here() const;
  void count(const position& at, std::size_t nodes, std::size_t bytes);
  void count_copy(const position& at, const value& v, std::size_t depth);
  void open(value::kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void close();
  void take_key(value v, bool scalar);
  void finish(value v, YAML::anchor_t anchor, bool scalar);

  const environment& env_;
  problems& found_;
  std::vector<frame> open_;
  std::unordered_map<YAML::anchor_t, value> anchors_;
  value root_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

std::string builder::pointer_here() const {
  if (open_.empty()) {
    return {};
  }
  const frame& top = open_.back();
  return pointer_step(top.pointer, top.built.is == value::kind::list
                                       ? std::to_string(top.built.items.size())
                                       : (top.key ? top.key->key : std::string()));
}

void builder::count(const position& at, std::size_t nodes, std::size_t bytes) {
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ > tree_nodes_max) {
    throw stopped{at, "more than 100000 values, counting what aliases stand for"};
  }
  if (bytes_ > tree_bytes_max) {
    throw stopped{at, "more than 16777216 bytes of text, counting what aliases stand for"};
  }
}

void builder::count_copy(const position& at, const value& v, std::size_t depth) {
  if (depth > static_cast<std::size_t>(tree_depth_max)) {
    throw stopped{at, "nested deeper than 64 levels"};
  }
  count(at, 1, v.text.size());
  for (const auto& item : v.items) {
    count_copy(at, item, depth + 1);
  }
  for (const auto& m : v.members) {
    count(at, 0, m.key.size());
    count_copy(at, m.is, depth + 1);
  }
}

void builder::open(value::kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  const position at = to_position(mark);
  count(at, 1, 0);
  if (open_.size() == static_cast<std::size_t>(tree_depth_max)) {
    throw stopped{at, "nested deeper than 64 levels"};
  }
  if (wants_key()) {
    throw stopped{at, "a key must be a plain word or a string"};
  }
  frame f{{}, anchor, pointer_here(), std::nullopt, {}, false};
  f.built.is = kind;
  f.built.at = at;
  open_.push_back(std::move(f));
}

void builder::close() {
  frame done = std::move(open_.back());
  open_.pop_back();
  finish(std::move(done.built), done.anchor, false);
}

void builder::take_key(value v, bool scalar) {
  frame& top = open_.back();
  if (!scalar) {
    throw stopped{v.at, "a key must be a plain word or a string"};
  }
  const std::string pointer = pointer_step(top.pointer, v.text);
  const auto [first, fresh] = top.lines.emplace(v.text, v.at.line);
  if (!fresh) {
    found_.add(v.at, pointer,
               "this key was given already in line " + std::to_string(first->second));
  }
  if (v.text == "<<") {
    found_.add(v.at, pointer, "merge keys are not supported; use an alias for a whole value");
  }
  top.skip = !fresh || v.text == "<<";
  top.key = member{std::move(v.text), v.at, {}};
}

void builder::finish(value v, YAML::anchor_t anchor, bool scalar) {
  if (anchor != YAML::NullAnchor) {
    count_copy(v.at, v, open_.size());
    anchors_[anchor] = v;
  }
  if (open_.empty()) {
    root_ = std::move(v);
    return;
  }
  if (wants_key()) {
    take_key(std::move(v), scalar);
    return;
  }
  frame& top = open_.back();
  if (top.built.is == value::kind::list) {
    top.built.items.push_back(std::move(v));
    return;
  }
  if (!top.skip) {
    top.key->is = std::move(v);
    top.built.members.push_back(std::move(*top.key));
  }
  top.key.reset();
}

void builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const position at = to_position(mark);
  const auto it = anchors_.find(anchor);
  if (it == anchors_.end()) {
    throw stopped{at, "this alias stands inside what it stands for"};
  }
  count_copy(at, it->second, open_.size());
  value copy = it->second;
  const bool scalar = copy.is == value::kind::string;
  finish(std::move(copy), YAML::NullAnchor, scalar);
}

void builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& text) {
  const position at = to_position(mark);
  count(at, 1, text.size());
  value v = value::of_text(text);
  v.at = at;
  if (!is_utf8(text)) {
    found_.add(at, pointer_here(), "this text is not valid UTF-8");
    v.text.clear();
  }
  if (wants_key()) {
    finish(std::move(v), anchor, true);
    return;
  }
  auto filled = interpolate(v.text, env_);
  if (!filled) {
    found_.add(at, pointer_here(), filled.error().text);
    v.untyped = true;  // already reported: whatever type is wanted here is not missed again
    v.secret = true;
    v.is = value::kind::null;
  } else if (filled->replaced) {
    count(at, 0, filled->text.size());
    v.text = std::move(filled->text);
    v.untyped = true;
    v.secret = true;
  } else if (const auto read = read_scalar(filled->text, tag)) {
    v = *read;
    v.at = at;
  } else {
    found_.add(at, pointer_here(), "the tag " + tag + " does not fit this value");
  }
  finish(std::move(v), anchor, true);
}

// The parser wants a stream; this one reads the text where it is.
struct text_buffer final : std::streambuf {
  explicit text_buffer(std::string_view text) {
    char* start = const_cast<char*>(text.data());  // streambuf's get area is never written
    setg(start, start, start + text.size());
  }
};

// The parser would silently turn bad bytes into U+FFFD.
bool check_bytes(std::string_view text, problems& found) {
  int line = 1;
  std::size_t start = 0;
  while (start <= text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    const auto part = text.substr(start, end - start);
    const auto nul = part.find('\0');
    if (!is_utf8(part) || nul != std::string_view::npos) {
      found.add({line, 1, {}}, "", "this line is not valid UTF-8 text");
      return false;
    }
    start = end + 1;
    ++line;
  }
  return true;
}

}  // namespace

value read_yaml(std::string_view text, const environment& env, problems& found) {
  value empty = value::object();
  if (text.size() > file_bytes_max) {
    found.add({}, "", "the file is larger than 1048576 bytes");
    return empty;
  }
  if (!check_bytes(text, found)) {
    return empty;
  }
  builder build(env, found);
  try {
    text_buffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(build)) {
      builder second(env, found);
      if (parser.HandleNextDocument(second)) {
        found.add({}, "", "one YAML document is expected, this file has more ('---')");
      }
    }
  } catch (const stopped& s) {
    found.add(s.at, "", s.why);
    return empty;
  } catch (const YAML::Exception& e) {
    found.add(to_position(e.mark), "", "YAML: " + e.msg);
    return empty;
  } catch (const std::exception& e) {
    found.add({}, "", std::string("YAML: ") + e.what());
    return empty;
  }
  value root = build.take();
  if (root.is == value::kind::null) {
    return empty;
  }
  if (root.is != value::kind::object) {
    found.add(root.at, "", "expected a map of keys, got " + std::string(kind_name(root.is)));
    return empty;
  }
  return root;
}

}  // namespace spawn::config
