/* Saving one actor: docs/durability.md, rules 1, 2, 3, 7, 8 and idempotency keys.
 *
 * Modelled: one record of one store; two kernels that may both run the actor at any time (a split
 * brain that never ends); three requests, the last one with an idempotency key; turns that gather
 * behind a save that is out; saves that end in doubt and may land at any later time, or never;
 * saves that certainly fail; kernel crashes; one deletion whose tombstone is collected.
 *
 * Processes
 *   kernel    one kernel with its cell of the actor: load, run turns, save, settle, answer
 *   network   lands saves that nobody waits for any more
 *   client    repeats the call that has a key until it is answered OK
 *   operator  deletes the actor and lets its tombstone be collected
 *   crasher   ends a kernel; it starts again at once
 *
 * Abstracted: content is the list of requests that made it (base 4, newest last), so "two saves
 * have one content" is exact. A fresh writer is the lowest number nobody holds: a number that
 * nothing refers to can not be told from a new one, and the state space stays finite. Store and
 * network are one: a group lands, or not, in one step. Collecting a tombstone waits until no save
 * can be on its way (24 h against 1 h); what a cell has in memory it does not wait for.
 *
 * Asserted: I1 a save replaces the content it was built on. I2 answered OK means it landed. I3
 * NOT_APPLIED means it never lands. I4 a request lands once.
 * Progress, under weak fairness: every request is answered, the one with a key is answered OK.
 *
 * Rules are switched off with -DNO_RULE_1, _2, _7, _8, _22. With -DALWAYS_RERUN a request that was
 * certainly not applied always runs again. With -DNO_REPEAT the client gives up at the first
 * error: then progress must fail.
 */
#ifndef TROUBLES
#define TROUBLES 2 /* crashes, saves that end in doubt, saves that certainly fail: in all */
#endif
#ifndef REQUESTS
#define REQUESTS 3
#endif
#define KERNELS 2
#define STRAYS TROUBLES
#define ALL ((1 << REQUESTS) - 1)
#define KEYED (1 << (REQUESTS - 1))

/* The store. Revision 0: there is no record. `key_row`: the `k` row, with its response. */
byte s_revision, s_writer, s_log;
bool key_row;

/* Requests, as sets of bits. A request is in one of the four, or inside a cell. */
byte waiting = ALL, answered_ok, not_applied, unknown;
byte landed; /* what the store ever took: only the assertions look at it */

/* A save: replaces (revision, writer), whose content was `base`, by (revision + 1, mine, log). */
typedef save {
  bool used;
  byte revision, writer, base;
  byte mine, log, requests;
}
save stray[STRAYS]; /* on their way, nobody waits for them */

mtype = {OUT, READY, FLYING, DOUBT};
typedef cell_t {
  mtype phase = OUT;
  save out;         /* the save that is out; its base is also what READY rests on */
  byte log, gather; /* memory: newest content, requests that ran since `out` */
}
cell_t cell[KERNELS];
byte troubles = TROUBLES;
#ifdef NO_RULE_2
byte incarnation[KERNELS];
#endif

#define HOLDS(s, w) (s.writer == w || s.mine == w)

#define ANY_STRAY(has) (has(stray[0]) || has(stray[1 % STRAYS]) || has(stray[2 % STRAYS]) || \
                        has(stray[3 % STRAYS])) /* so at most 4 troubles */
#define NAMES_W(s) HOLDS(s, w)
#define ON_ITS_WAY(s) s.used

inline fresh(w) {
  w = 1;
  do
  :: w == s_writer || HOLDS(cell[0].out, w) || HOLDS(cell[1].out, w) || ANY_STRAY(NAMES_W) -> w++
#ifdef NO_RULE_2
  :: else -> if :: w == incarnation[0] || w == incarnation[1] -> w++ :: else -> break fi
#else
  :: else -> break
#endif
  od
}

inline clear(s) {
  s.used = false; s.revision = 0; s.writer = 0; s.base = 0; s.mine = 0; s.log = 0; s.requests = 0
}

#ifdef NO_RULE_1
#define SAME(s) (s.revision == s_revision)
#else
#define SAME(s) (s.revision == s_revision && s.writer == s_writer)
#endif
#ifdef NO_RULE_22
#define KEY_FREE(s) true
#else
#define KEY_FREE(s) !((s.requests & KEYED) && key_row)
#endif

/* The store's side of one group. */
inline submit(s) {
  ok = SAME(s) && KEY_FREE(s);
  printf("store: save of %x on (%d, %d) by writer %d: %d\n", s.requests, s.revision, s.writer,
         s.mine, ok);
  if
  :: ok ->
     assert(s.base == s_log);                  /* I1 */
     assert((s.requests & landed) == 0);       /* I4 */
     assert((s.requests & not_applied & ~KEYED) == 0); /* I3 */
     landed = landed | s.requests;
     s_revision++; s_writer = s.mine; s_log = s.log;
     key_row = key_row || (s.requests & KEYED);
     /* All that is on its way expects this revision or an earlier one: none of it can land now. */
     i = 0;
     do :: i == STRAYS -> break :: else -> clear(stray[i]); i++ od
  :: else
  fi
}

/* A copy of the save goes on without anybody waiting. */
inline leave_behind(s) {
  i = 0;
  do
  :: s.revision < s_revision || i == STRAYS -> break /* it could not land: no need to keep it */
  :: else -> if
     :: !stray[i].used ->
        stray[i].used = true; stray[i].revision = s.revision; stray[i].writer = s.writer;
        stray[i].base = s.base; stray[i].mine = s.mine; stray[i].log = s.log;
        stray[i].requests = s.requests;
        break
     :: else -> i++
     fi
  od
}

inline drop(c) { clear(c.out); c.log = 0; c.gather = 0; c.phase = OUT }

/* The save was written: callers get OK, the cell rests on what it saved. */
inline settle(c) {
  assert((c.out.requests & ~landed) == 0); /* I2 */
  printf("answered OK: %x\n", c.out.requests);
  answered_ok = answered_ok | c.out.requests;
  c.out.revision++; c.out.writer = c.out.mine; c.out.base = c.out.log;
  c.out.requests = 0;
  c.phase = READY
}

/* Certainly not written. Each caller may be told so, or its request may run again: both are allowed
   by on_conflict, and by a client that repeats a NOT_APPLIED. */
inline certainly_not(c) {
  if
#ifndef ALWAYS_RERUN
  :: printf("answered NOT_APPLIED: %x\n", c.out.requests | c.gather);
     not_applied = not_applied | c.out.requests | c.gather
#endif
  :: printf("runs again: %x\n", c.out.requests | c.gather);
     waiting = waiting | c.out.requests | c.gather
  fi;
  drop(c)
}

/* It may have landed. Turns behind it were never submitted, so they certainly did not. */
inline stays_unknown(c) {
#ifdef NO_RULE_8
  certainly_not(c)
#else
  printf("answered OUTCOME_UNKNOWN: %x\n", c.out.requests);
  unknown = unknown | c.out.requests;
  not_applied = not_applied | c.gather;
  drop(c)
#endif
}

#define ME cell[me]
#define WRITTEN_BY_ME (s_writer == ME.out.mine && s_revision >= ME.out.revision + 1)

proctype kernel(byte me) {
  byte i, q; bool ok;
#ifdef NO_RULE_2
  d_step { fresh(q); incarnation[me] = q; q = 0 }
#endif
end:
  do
  :: atomic { ME.phase == OUT && waiting ->
       ME.out.revision = s_revision; ME.out.writer = s_writer; ME.out.base = s_log;
#ifdef NO_RULE_2
       ME.out.mine = incarnation[me];
#else
       fresh(q); ME.out.mine = q; q = 0;
#endif
       ME.log = s_log; ME.phase = READY;
       printf("kernel %d: loads (%d, %d) as writer %d\n", me, s_revision, s_writer, ME.out.mine) }

  /* A turn. Behind a save that is out it runs on the state in memory. */
  :: atomic { (ME.phase == READY || ME.phase == FLYING) && waiting ->
       /* Requests without a key are alike: of those that wait, the lowest goes first. */
       if
       :: waiting & KEYED -> q = REQUESTS - 1
       :: waiting & 1 -> q = 0
       :: !(waiting & 1) && (waiting & 2 & ~KEYED) -> q = 1
       fi;
       waiting = waiting & ~(1 << q);
       if
#ifndef NO_RULE_22
       :: (1 << q) == KEYED && key_row -> answered_ok = answered_ok | KEYED /* stored response */
#endif
       :: else -> ME.gather = ME.gather | (1 << q); ME.log = ME.log * 4 + q + 1
       fi;
       q = 0 }

  /* One save at a time carries all that gathered. */
  :: atomic { ME.phase == READY && ME.gather ->
       ME.out.used = true; ME.out.log = ME.log; ME.out.requests = ME.gather; ME.gather = 0;
       ME.phase = FLYING;
       printf("kernel %d: sends the save of %x\n", me, ME.out.requests) }

  :: atomic { ME.phase == FLYING ->
       submit(ME.out); i = 0;
       if :: ok -> settle(ME) :: else -> certainly_not(ME) fi; ok = false }
  :: atomic { ME.phase == FLYING && troubles ->
       troubles--; printf("kernel %d: the save fails\n", me); certainly_not(ME) }
  :: atomic { ME.phase == FLYING && troubles -> troubles--; leave_behind(ME.out); i = 0;
       ME.phase = DOUBT; printf("kernel %d: the save is in doubt\n", me) }

  /* Doubt. The cell is frozen; only this ends it. */
  :: atomic { ME.phase == DOUBT ->
#ifdef NO_RULE_7
       /* Reads instead of writing: "nothing is there, so it was not written". */
       if
       :: WRITTEN_BY_ME -> settle(ME)
       :: s_revision == ME.out.revision && s_writer == ME.out.writer -> certainly_not(ME)
       :: else -> stays_unknown(ME)
       fi }
#else
       submit(ME.out); i = 0;
       if
       :: ok || WRITTEN_BY_ME -> settle(ME)
       :: else -> stays_unknown(ME)
       fi; ok = false }
#endif
  /* Or it has lasted too long: the cell is dropped while the save may still land. */
  :: atomic { ME.phase == DOUBT -> stays_unknown(ME) }
  od
}

proctype network() {
  byte i, n; bool ok;
end:
  do
  :: atomic { ANY_STRAY(ON_ITS_WAY) ->
       select (n : 0 .. STRAYS - 1);
       if
       :: stray[n].used -> submit(stray[n]); i = 0; clear(stray[n])
       :: else
       fi; n = 0; ok = false }
  od
}

proctype client() {
end:
  do
#ifndef NO_REPEAT
  :: atomic { (unknown | not_applied) & KEYED ->
       unknown = unknown & ~KEYED; not_applied = not_applied & ~KEYED; waiting = waiting | KEYED }
#else
  :: false
#endif
  od
}

#define NO_SAVE_OUT(c) (c.phase == OUT || c.phase == READY)
proctype operator() {
  byte i;
end:
  atomic { s_revision && NO_SAVE_OUT(cell[0]) && NO_SAVE_OUT(cell[1]) ->
    s_revision = 0; s_writer = 0; s_log = 0; printf("operator: deleted and collected\n");
    do :: i == STRAYS -> break :: else -> clear(stray[i]); i++ od;
    i = 0 }
}

proctype crasher() {
  byte i, k;
end:
  do
  :: atomic { troubles && (cell[0].phase != OUT || cell[1].phase != OUT) ->
       select (k : 0 .. 1);
       if
       :: cell[k].phase != OUT ->
          troubles--; printf("kernel %d: crashes\n", k);
          /* Nobody answers those callers; the save that is out goes on. */
          unknown = unknown | cell[k].out.requests | cell[k].gather;
          if :: cell[k].phase == FLYING -> leave_behind(cell[k].out) :: else fi;
          drop(cell[k]); i = 0;
#ifdef NO_RULE_2
          fresh(i); incarnation[k] = i; i = 0;
#endif
       :: else
       fi; k = 0 }
  od
}

init {
  atomic {
    run kernel(0); run kernel(1); run network(); run client(); run operator(); run crasher()
  }
}

ltl answered { <> ((answered_ok | not_applied | unknown) == ALL && (answered_ok & KEYED)) }
