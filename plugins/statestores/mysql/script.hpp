// script: statements on their way to the server, as many in one piece of text as it takes. A
// statement over many rows is cut in two where the piece would be larger than max_allowed_packet.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"

namespace mysql_store {

// Life: statements, each as open(), rows, close(), then run(). A full piece is sent at once.
// Borrows the connection. Throws sql_error; too_large when a row fits into no piece.
class script {
 public:
  explicit script(connection& db) : db_(db) {}

  // `head`, rows parted by commas, `tail`. A statement without rows is not sent at all. Borrowed
  // until close().
  void open(std::string_view head, std::string_view tail, std::string_view parted_by = ",");
  // The text to append the next row to; then end_row() with the op it is made of.
  std::string& row();
  void end_row(const spawn_op* of = nullptr);
  void close();

  // A statement as it is.
  void statement(std::string_view text);
  // `head (key,key,...) tail`, in pieces of some hundred keys.
  void of_keys(std::string_view head, const std::vector<std::string_view>& keys,
               std::string_view tail = {});

  // Sends what is left; the rows of all statements that have any, in their order.
  std::vector<rows> run();

 private:
  void send();
  void part();

  connection& db_;
  std::string text_;
  std::string_view head_, tail_, parted_by_;
  std::size_t begin_ = 0;  // of the open statement, what parts it from the one before included
  std::size_t row_ = 0;    // of the row under way, what parts it included
  std::size_t rows_ = 0;   // of the open statement, ended
  std::vector<rows> got_;
};

}  // namespace mysql_store
