#include "router/registrar.hpp"

#include <atomic>

#include "base/log.hpp"
#include "lane/paced.hpp"
#include "lane/post.hpp"
#include "wire/reader.hpp"

namespace spawn {
namespace {

constexpr std::string_view type_url = "spawn.kernel/Registration";
constexpr std::size_t per_task = 8;  // definitions read, written or installed at a stretch

outcome refused(failure why, std::string text) {
  return outcome::failed(why, std::move(text));
}

failure failure_of(errc code) {
  switch (code) {
    case errc::unknown_outcome:
      return failure::outcome_unknown;
    case errc::invalid:
    case errc::too_large:
      return failure::invalid_argument;
    case errc::corrupt:
    case errc::denied:
      return failure::corrupt;
    default:
      return failure::unavailable;
  }
}

}  // namespace

struct registrar::request {
  std::string body;
  wire::registration read;  // its parts lie in `body`
  std::optional<host_address> host_override;
  std::vector<std::pair<key, stored>> wanted;
  std::size_t written = 0;
  std::size_t outstanding = 0;
  std::optional<error> failed;
  reply_slot* reply = nullptr;
};

registrar::registrar(lane_set& lanes, std::span<lane_router* const> routers, const policies& rules,
                     record_writer& records, record_codec& codec, journal& store)
    : lanes_(lanes),
      routers_(routers.begin(), routers.end()),
      rules_(rules),
      records_(records),
      codec_(codec),
      store_(store) {}

registrar::~registrar() = default;

result<definition_ptr> registrar::define(std::string_view encoded_actor, std::string_view system,
                                         std::string_view name, std::string_view encoded_service,
                                         const std::optional<host_address>& host_override) {
  SPAWN_TRY(auto def, wire::read_definition(encoded_actor, system, name));
  std::string service;
  if (auto info = wire::read_service_info(encoded_service)) {
    service = info->name;
  }
  if (const auto taken = rules_.virtuals.find(def->type); taken != rules_.virtuals.end()) {
    return fail(errc::invalid, "actor " + def->type + ": workflow " +
                                   std::string(taken->second.served_by->name()) +
                                   " serves the actors of this name");
  }
  if (const definition* taken = rules_.native_of(def->system, def->type)) {
    return fail(errc::invalid, "actor " + def->type + ": " + taken->host->name +
                                   " has the actors of this name, in the kernel itself");
  }
  def->policy = rules_.policy_of(def->type);
  def->host = host_override ? std::make_shared<const spawn::host_address>(*host_override)
                            : rules_.host_of(def->type, service);
  const auto or_default = [](auto& value, auto fallback) {
    if (value == 0) {
      value = fallback;
    }
  };
  or_default(def->deactivate_ms, rules_.deactivate_ms);
  or_default(def->snapshot_ms, rules_.snapshot_ms);
  or_default(def->pool_max, rules_.pool_parallel);
  def->generation = ++generation_;
  return definition_ptr(std::move(def));
}

std::string registrar::encode(const stored& from) {
  std::string out;
  wire::put_bytes(out, 1, from.encoded_actor);
  wire::put_bytes(out, 2, from.encoded_service);
  wire::put_number(out, 3, static_cast<std::uint64_t>(from.registered_ms));
  if (from.host_override) {
    wire::put_text(out, 4, from.host_override->address);
    wire::put_number(out, 5, from.host_override->port);
  }
  return out;
}

result<registrar::stored> registrar::decode(std::string_view bytes, std::string_view system,
                                            std::string_view type) {
  stored out;
  host_address told;
  wire::reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.encoded_actor = r.bytes();
        break;
      case 2:
        out.encoded_service = r.bytes();
        break;
      case 3:
        out.registered_ms = r.int64();
        break;
      case 4:
        told.address = r.text();
        break;
      case 5:
        told.port = static_cast<std::uint16_t>(r.varint());
        break;
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return fail(errc::corrupt, "the record is not a registration");
  }
  if (told.port != 0) {
    told.name = "registered";
    out.host_override = told;
  }
  SPAWN_TRY(out.def,
            define(out.encoded_actor, system, type, out.encoded_service, out.host_override));
  return out;
}

void registrar::register_host(std::string body, std::optional<host_address> host_override,
                              reply_slot& reply) {
  auto work = std::make_shared<request>();
  work->body = std::move(body);
  work->host_override = std::move(host_override);
  work->reply = &reply;
  auto read = wire::read_registration(work->body);
  if (!read) {
    reply.answer(refused(failure::invalid_argument, read.error().text));
    return;
  }
  work->read = std::move(*read);
  waiting_.push_back(std::move(work));
  if (waiting_.size() == 1) {
    next();
  }
}

bool registrar::take(request& work, const wire::actor_entry& actor) {
  const auto& read = work.read;
  auto def =
      define(actor.encoded, read.system, actor.name, read.encoded_service, work.host_override);
  if (!def) {
    work.failed = def.error();
    return false;
  }
  stored entry;
  entry.encoded_actor = actor.encoded;
  entry.encoded_service = read.encoded_service;
  entry.host_override = work.host_override;
  entry.registered_ms = store_.home().unix_ms();
  entry.def = *def;
  key at{(*def)->system, (*def)->type};
  work.wanted.emplace_back(std::move(at), std::move(entry));
  return true;
}

// One request after the other, from its first definition to its last record: the later one wins.
void registrar::next() {
  if (waiting_.empty()) {
    return;
  }
  const std::shared_ptr<request> work = waiting_.front();
  paced(
      store_.home(), work->read.actors.size(), per_task,
      [this, work](std::size_t i) { return take(*work, work->read.actors[i]); },
      [this, work] {
        if (work->failed) {
          work->reply->answer(refused(failure::invalid_argument, work->failed->text));
          waiting_.pop_front();
          next();
          return;
        }
        SPAWN_LOG(info, "host registers", {"service", work->read.service.name},
                  {"library", work->read.service.library}, {"system", work->read.system},
                  {"actors", work->wanted.size()});
        write(*work);
      });
}

void registrar::write(request& work) {
  work.outstanding = 1;  // this loop's own share, so that an early answer does not finish it
  const auto one_done = [this, &work] {
    if (--work.outstanding != 0) {
      return;
    }
    const std::shared_ptr<request> ended = std::move(waiting_.front());
    waiting_.pop_front();
    reply_slot* reply = ended->reply;
    std::vector<definition_ptr> defs;
    for (const auto& [at, entry] : ended->wanted) {
      defs.push_back(entry.def);
    }
    if (ended->failed) {
      reply->answer(refused(failure_of(ended->failed->code),
                            "the registration could not be "
                            "stored: " +
                                ended->failed->text));
    } else {
      publish(std::move(defs), [reply] { reply->answer(outcome::done({})); });
    }
    next();
  };
  paced(
      store_.home(), work.wanted.size(), per_task,
      [this, &work, one_done](std::size_t i) {
        write_one(work, work.wanted[i].first, work.wanted[i].second, one_done);
        return true;
      },
      one_done);
}

template <class Done>
void registrar::write_one(request& work, const key& at, stored& entry, const Done& one_done) {
  const auto found = known_.find(at);
  auto store_key = registration_key(at.first, at.second);
  if (auto own = actor_key(at.first, {}, at.second); store_key && !own) {
    store_key = tl::unexpected(own.error());
  }
  if (!store_key) {
    work.failed = store_key.error();
    return;
  }
  // The same words again need no second write; the definition is published all the same.
  if (found != known_.end() && found->second.def &&
      found->second.encoded_actor == entry.encoded_actor &&
      found->second.encoded_service == entry.encoded_service &&
      found->second.host_override == entry.host_override) {
    found->second.def = entry.def;
    return;
  }
  ++work.outstanding;
  records_.put(std::move(*store_key), std::string(type_url), encode(entry),
               found == known_.end() ? record_version{} : found->second.version,
               [this, one_done, &work, &at, &entry](result<record_version> put) {
                 if (put) {
                   entry.version = *put;
                   known_[at] = entry;
                 } else {
                   work.failed = put.error();
                 }
                 one_done();
               });
}

void registrar::publish(std::vector<definition_ptr> defs, unique_function<void()> done) {
  struct shared {
    std::vector<definition_ptr> defs;
    unique_function<void()> done;
    std::atomic<std::size_t> left;
  };
  auto all = std::make_shared<shared>();
  all->defs = std::move(defs);
  all->done = std::move(done);
  all->left = routers_.size();
  lane& home = store_.home();
  for (lane_router* router : routers_) {
    post(router->home(), [router, all, &home] {
      paced(
          router->home(), all->defs.size(), per_task,
          [router, all](std::size_t i) {
            router->install(all->defs[i]);
            return true;
          },
          [all, &home] {
            if (--all->left == 0) {
              post(home, [all] { all->done(); });
            }
          });
    });
  }
}

// --- spawning ----------------------------------------------------------------------------------

void registrar::spawn(std::span<lane_router* const> routers, lane_set& lanes, lane& from,
                      std::string body, std::uint64_t revision, reply_slot& reply) {
  auto read = wire::read_spawn(body);
  if (!read) {
    reply.answer(refused(failure::invalid_argument, read.error().text));
    return;
  }
  lane_router& here = *routers[from.index()];
  for (const auto& entry : *read) {
    const actor_type* type = here.find_type(entry.system, entry.parent);
    if (revision != 0 && type != nullptr && type->now->served_by != nullptr) {
      reply.answer(refused(failure::invalid_argument,
                           "actor " + std::string(entry.name) +
                               " is a flow, which is not restored: what it has sent since would be "
                               "sent again"));
      return;
    }
    if (type == nullptr) {
      reply.answer(refused(failure::actor_not_found,
                           "Actor " + std::string(entry.parent) + " not found on ActorSystem " +
                               std::string(entry.system) + " (parent of actor " +
                               std::string(entry.name) + ")"));
      return;
    }
    // Refused here rather than at its first call: nothing could ever be stored for it (D25).
    if (auto key = actor_key(entry.system, entry.parent, entry.name); !key) {
      reply.answer(refused(failure::invalid_argument, key.error().text));
      return;
    }
  }
  struct shared {
    reply_slot* reply = nullptr;
    std::atomic<std::size_t> left{1};
    std::atomic<int> failed{0};
  };
  auto all = std::make_shared<shared>();
  all->reply = &reply;
  all->left = read->size() + 1;
  const auto one_done = [all] {
    if (--all->left != 0) {
      return;
    }
    const auto failed = static_cast<errc>(all->failed.load());
    all->reply->answer(failed == errc::ok
                           ? outcome::done({})
                           : refused(failure_of(failed), "a binding could not be stored"));
  };
  for (const auto& entry : *read) {
    lane_router* owner = routers[lanes.of(lane_hash(entry.system, entry.name)).index()];
    post(owner->home(), [owner, all, one_done, revision,
                         id = actor_id(actor_view{entry.system, entry.parent, entry.name})] {
      owner->bind(id.system, id.name, id.parent, revision, [all, one_done](result<void> bound) {
        if (!bound) {
          all->failed = static_cast<int>(bound.error().code);
        }
        one_done();
      });
    });
  }
  one_done();
}

}  // namespace spawn
