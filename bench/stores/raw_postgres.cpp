// libpq: one prepared statement over binary arrays, which is its own transaction, so a group is one
// round trip. A group of one is a plain conditional UPDATE.
#include <libpq-fe.h>

#include <array>
#include <cstring>

#include "raw_path.hpp"

namespace spawn::bench {

namespace {

constexpr Oid bytea = 17, int8 = 20, text = 25;
constexpr Oid bytea_array = 1001, text_array = 1009, int8_array = 1016;

// Values in network order at the end of a buffer that keeps its memory.
class encoder {
 public:
  void clear() { bytes_.clear(); }
  void begin_array(Oid element, std::size_t size) {
    u32(1);
    u32(0);
    u32(element);
    u32(static_cast<std::uint32_t>(size));
    u32(1);
  }
  void append(std::string_view v) { bytes_.append(v); }
  void u32(std::uint32_t v) { put(__builtin_bswap32(v)); }
  void u64(std::uint64_t v) { put(__builtin_bswap64(v)); }
  void sized(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    bytes_.append(v);
  }
  void sized_u64(std::uint64_t v) {
    u32(8);
    u64(v);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  template <class Int>
  void put(Int v) {
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof(v));
  }
  std::string bytes_;
};

std::uint64_t word(const PGresult* from, int row, int column) {
  std::uint64_t v = 0;
  std::memcpy(&v, PQgetvalue(from, row, column), sizeof(v));
  return __builtin_bswap64(v);
}

class raw_path final : public store_path {
 public:
  raw_path(const std::string& url, const std::string& table, const workload& what)
      : conn_(PQconnectdb(url.c_str())), what_(what) {
    if (PQstatus(conn_) != CONNECTION_OK) {
      give_up(std::string("raw: ") + PQerrorMessage(conn_));
    }
    const std::string set =
        "revision = n.revision, writer = n.writer, type_url = n.type_url, payload = n.payload,"
        " meta = n.meta, written_at = $8, expires_at = NULL, deleted = false";
    prepare("many",
            "UPDATE " + table + " AS r SET " + set +
                " FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n(key, revision, writer, type_url,"
                " payload, meta, expected) WHERE r.key = n.key AND r.revision = n.expected"
                " AND r.writer = n.writer",
            {bytea_array, int8_array, int8_array, text_array, bytea_array, bytea_array, int8_array,
             int8});
    prepare("one",
            "UPDATE " + table +
                " SET revision = $2, writer = $3, type_url = $4, payload = $5, meta = $6,"
                " written_at = $8, expires_at = NULL, deleted = false"
                " WHERE key = $1 AND revision = $7 AND writer = $3",
            {bytea, int8, int8, text, bytea, bytea, int8, int8});
    prepare("load",
            "SELECT key, revision, writer, written_at, type_url, meta, payload, deleted,"
            " coalesce(expires_at, 0) FROM " +
                table + " WHERE key = ANY($1)",
            {bytea_array});
  }
  raw_path(const raw_path&) = delete;
  raw_path& operator=(const raw_path&) = delete;
  ~raw_path() override { PQfinish(conn_); }

  void save(std::span<const change> rows) override {
    for (encoder& e : columns_) {
      e.clear();
    }
    rows.size() == 1 ? put_one(rows[0]) : put_all(rows);
    columns_[7].u64(static_cast<std::uint64_t>(unix_ms_now()));
    PGresult* got = run(rows.size() == 1 ? "one" : "many", 8);
    if (PQresultStatus(got) != PGRES_COMMAND_OK) {
      give_up(std::string("raw: ") + PQerrorMessage(conn_));
    }
    if (std::strtoull(PQcmdTuples(got), nullptr, 10) != rows.size()) {
      give_up("raw: a row was not as expected");
    }
    PQclear(got);
  }

  std::uint64_t load(std::span<const std::uint32_t> keys) override {
    encoder& wanted = columns_[0];
    wanted.clear();
    wanted.begin_array(bytea, keys.size());
    for (const std::uint32_t key : keys) {
      wanted.sized(what_.key(key));
    }
    PGresult* got = run("load", 1);
    if (PQresultStatus(got) != PGRES_TUPLES_OK || PQntuples(got) != static_cast<int>(keys.size())) {
      give_up(std::string("raw: a row is not there: ") + PQerrorMessage(conn_));
    }
    std::uint64_t sum = 0;
    for (int i = 0; i < PQntuples(got); ++i) {
      sum += seen(word(got, i, 1),
                  {PQgetvalue(got, i, 6), static_cast<std::size_t>(PQgetlength(got, i, 6))});
    }
    PQclear(got);
    return sum;
  }

 private:
  void prepare(const char* name, const std::string& sql, const std::vector<Oid>& types) {
    PGresult* got =
        PQprepare(conn_, name, sql.c_str(), static_cast<int>(types.size()), types.data());
    if (PQresultStatus(got) != PGRES_COMMAND_OK) {
      give_up(std::string("raw: ") + PQerrorMessage(conn_));
    }
    PQclear(got);
  }

  void put_one(const change& row) {
    auto& [key, revision, writer, type, payload, meta, expected, now] = columns_;
    static_cast<void>(now);
    key.append(what_.key(row.key));
    revision.u64(row.revision + 1);
    writer.u64(writer_id);
    type.append(what_.type_url());
    payload.append(what_.payload(row.key, row.revision + 1));
    meta.append(what_.meta());
    expected.u64(row.revision);
  }

  void put_all(std::span<const change> rows) {
    constexpr std::array<Oid, 7> elements{bytea, int8, int8, text, bytea, bytea, int8};
    for (std::size_t i = 0; i < elements.size(); ++i) {
      columns_[i].begin_array(elements[i], rows.size());
    }
    auto& [key, revision, writer, type, payload, meta, expected, now] = columns_;
    static_cast<void>(now);
    for (const change& row : rows) {
      key.sized(what_.key(row.key));
      revision.sized_u64(row.revision + 1);
      writer.sized_u64(writer_id);
      type.sized(what_.type_url());
      payload.sized(what_.payload(row.key, row.revision + 1));
      meta.sized(what_.meta());
      expected.sized_u64(row.revision);
    }
  }

  PGresult* run(const char* name, std::size_t n) {
    std::array<const char*, 8> values{};
    std::array<int, 8> lengths{}, formats{};
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = columns_[i].bytes().data();
      lengths[i] = static_cast<int>(columns_[i].bytes().size());
      formats[i] = 1;
    }
    return PQexecPrepared(conn_, name, static_cast<int>(n), values.data(), lengths.data(),
                          formats.data(), 1);
  }

  PGconn* conn_;
  const workload& what_;
  std::array<encoder, 8> columns_;
};

}  // namespace

std::unique_ptr<store_path> raw_postgres(const std::string& url, const std::string& table,
                                         const workload& what) {
  return std::make_unique<raw_path>(url, table, what);
}

}  // namespace spawn::bench
