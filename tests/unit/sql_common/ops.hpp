// Ops for tests, made in one line each and kept where they are.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "spawn/plugin/cpp/units.hpp"

namespace sql_store::test {

class ops {
 public:
  spawn_ss_save& write(std::uint16_t code, std::string key, std::uint64_t expect_revision,
                       std::uint64_t expect_writer, std::uint64_t writer, std::uint64_t group = 0) {
    texts_.push_back(std::move(key));
    spawn_ss_save& op = writes_.emplace_back();
    op = {};
    op.op.struct_size = sizeof op;
    op.op.code = code;
    op.key = spawn::plugin::slice(texts_.back());
    op.expect_revision = expect_revision;
    op.expect_writer = expect_writer;
    op.new_revision = expect_revision + 1;
    op.writer = writer;
    op.atomic_group = group;
    all.push_back(&op.op);
    return op;
  }
  spawn_ss_save& save(std::string key, std::uint64_t revision, std::uint64_t writer,
                      std::uint64_t group = 0) {
    return write(SPAWN_SS_SAVE, std::move(key), revision, revision == 0 ? 0 : writer, writer,
                 group);
  }
  spawn_ss_load& load(std::string key) {
    texts_.push_back(std::move(key));
    spawn_ss_load& op = loads_.emplace_back();
    op = {};
    op.op.struct_size = sizeof op;
    op.op.code = SPAWN_SS_LOAD;
    op.key = spawn::plugin::slice(texts_.back());
    all.push_back(&op.op);
    return op;
  }
  ~ops() {
    for (spawn_op* op : all) {
      spawn::plugin::release(op->error);
    }
  }

  std::vector<spawn_op*> all;  // in the order they were made

 private:
  std::deque<std::string> texts_;
  std::deque<spawn_ss_save> writes_;
  std::deque<spawn_ss_load> loads_;
};

}  // namespace sql_store::test
