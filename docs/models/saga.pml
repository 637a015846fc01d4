/* A saga over message rows: docs/durability.md, rules 12, 19 and 22.
 *
 * Modelled: a coordinator that asks two participants at once to do a step each. If one does not do
 * its step, the other is asked to undo its own. The coordinator is called with an idempotency key
 * by a client that calls twice, because it saw no answer, and again if it must. A participant may
 * refuse any row for good, and need not decide alike each time it runs. Two kernels may both run
 * any of the three actors at any time (a split brain that never ends); other traffic saves any of
 * them in between; kernels crash.
 *
 * Processes
 *   coordinator, participant   the actor in one kernel: takes a row, runs it, commits or buries it
 *   client     calls the coordinator twice, then again while nothing is known under its key
 *   others     saves an actor for another reason while a turn of it runs
 *   crasher    ends a kernel with all its cells; it starts again at once
 *
 * Abstracted: a cell is loaded for each turn; one that keeps its state and is overtaken only
 * conflicts. So the revision of a record is one bit per cell: somebody saved since. Order, hints,
 * attempts and doubt are in delivery.pml and commit.pml. The flow's state is part of the
 * coordinator's record: the same save.
 *
 * Asserted: I4 a step and an undoing take effect once; a key starts one saga. I5 a dead row took
 * no effect. I11 each step of a saga that has not ended has a row on its way, or its outcome is
 * known; a saga that ends has done both steps, or none that is not undone, or says that an undoing
 * is a dead letter: no compensation is lost.
 * Progress, under weak fairness: the saga ends, no row is left, and its `k` row is not RUNNING
 * (I12).
 *
 * Rules are switched off with -DNO_RULE_12 (the row is deleted after the commit), _19, _22.
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef CALLS
#define CALLS 2 /* calls that the client makes whatever happens */
#endif
#ifndef TRAFFIC
#define TRAFFIC 1 /* saves for other reasons */
#endif

/* Rows from or to participant p, as bits of rows[p]. */
#define STEP 1
#define UNDO 2
#define DID 4     /* the result of STEP */
#define UNDID 8   /* the result of UNDO */
#define FAILED 16 /* the failure row of STEP */
#define STUCK 32  /* the failure row of UNDO */
#define FOR_PARTICIPANT (STEP | UNDO)
#define FOR_COORDINATOR (DID | UNDID | FAILED | STUCK)
#define CALL 64 /* no row: the client sends it */

/* The store. */
byte rows[2];
mtype = {ABSENT, RUNNING, OK, ERROR};
mtype key_row = ABSENT;   /* the `k` row, with the answer */
mtype flow = ABSENT;      /* in the coordinator's record */
byte outcome[2];          /* there too: 0, or the row that told it */
bool did[2], undid[2];    /* in the participants' records */

byte calls = CALLS, traffic = TRAFFIC, crashes = CRASHES;
byte sent; /* calls on their way */

/* The three actors in each kernel: [2 * actor + kernel]. Participant p is actor p. */
#define COORDINATOR 2
#define CELLS 6
mtype = {READY, FLYING, BURYING, DELETING};
typedef cell_t {
  mtype phase = READY;
  bool stale; /* somebody saved this actor since the turn began */
  bit p;      /* the participant that the row comes from or goes to */
  byte job;
}
cell_t cell[CELLS];
#define ME cell[c]
#define OTHER cell[c ^ 1]

inline rest(c) { cell[c].phase = READY; cell[c].stale = false; cell[c].p = 0; cell[c].job = 0 }
inline saved() { if :: OTHER.phase == FLYING -> OTHER.stale = true :: else fi }

inline take(which, what, how) {
  ME.p = which; ME.job = what; ME.phase = how;
  printf("kernel %d: row %d of participant %d runs\n", k, what, which)
}

inline consume() {
#ifdef NO_RULE_12
  ME.phase = DELETING
#else
  rows[ME.p] = rows[ME.p] & ~ME.job;
  rest(c)
#endif
}

inline end_saga(how) { flow = how; key_row = how; printf("the saga ends: %e\n", how) }
#define ENDED (flow == OK || flow == ERROR)
#define ON_ITS_WAY(p) (rows[p] || outcome[p] == UNDID || outcome[p] == FAILED || \
                       outcome[p] == STUCK || (outcome[p] == DID && !outcome[1 - p]))
#define SETTLED(p) ((did[p] == undid[p] && outcome[p] != DID) || \
                    (did[p] && !undid[p] && outcome[p] == STUCK))
inline check() {
  assert(flow != RUNNING || (ON_ITS_WAY(0) && ON_ITS_WAY(1)));  /* I11: a row is on its way */
  assert(flow != OK || (did[0] && did[1] && !undid[0] && !undid[1])); /* I11: both are done */
  assert(flow != ERROR || (SETTLED(0) && SETTLED(1)))           /* I11: what was done is undone */
}

/* The coordinator hears of participant q; when both have answered it goes on. */
inline hear(q, what) {
  outcome[q] = what;
  if
  :: what == UNDID || what == STUCK -> end_saga(ERROR)
  :: else ->
     if
     :: !outcome[1 - q] -> skip
     :: what == DID && outcome[1 - q] == DID -> end_saga(OK)
     :: what == FAILED && outcome[1 - q] == FAILED -> end_saga(ERROR)
     :: what == DID && outcome[1 - q] == FAILED -> rows[q] = rows[q] | UNDO
     :: what == FAILED && outcome[1 - q] == DID -> rows[1 - q] = rows[1 - q] | UNDO
     fi
  fi
}

#ifdef NO_RULE_22
#define KEY_FREE true
#else
#define KEY_FREE (key_row == ABSENT)
#endif
#define LOWEST(set) ((set) & -(set))

proctype coordinator(bit k; byte c) {
end:
  do
  :: atomic { ME.phase == READY && (rows[0] | rows[1]) & FOR_COORDINATOR ->
       if
       :: rows[0] & FOR_COORDINATOR -> take(0, LOWEST(rows[0] & FOR_COORDINATOR), FLYING)
       :: rows[1] & FOR_COORDINATOR -> take(1, LOWEST(rows[1] & FOR_COORDINATOR), FLYING)
       fi }
  :: atomic { ME.phase == READY && sent -> sent--; take(0, CALL, FLYING) }

  :: d_step { ME.phase == FLYING && ME.job == CALL ->
       if
       :: !ME.stale && KEY_FREE ->
          printf("the saga begins\n");
          assert(flow == ABSENT); /* I4: a key starts one saga */
          flow = RUNNING; key_row = RUNNING; saved();
          rows[0] = rows[0] | STEP; rows[1] = rows[1] | STEP
       :: ME.stale && KEY_FREE -> sent++ /* a keyed call that did not apply runs again */
       :: !KEY_FREE                      /* it waits for the answer under its key */
       fi;
       rest(c); check() }

  :: d_step { ME.phase == FLYING && ME.job != CALL ->
       if
       :: !ME.stale && rows[ME.p] & ME.job -> saved(); hear(ME.p, ME.job); consume()
       :: else -> printf("kernel %d: row %d of %d conflicts\n", k, ME.job, ME.p); rest(c)
       fi;
       check() }
#ifdef NO_RULE_12
  :: d_step { ME.phase == DELETING -> rows[ME.p] = rows[ME.p] & ~ME.job; rest(c) }
#endif
  od
}

proctype participant(bit k; byte c; bit p) {
end:
  do
  :: atomic { ME.phase == READY && rows[p] & FOR_PARTICIPANT ->
       take(p, LOWEST(rows[p] & FOR_PARTICIPANT), FLYING) }
  :: atomic { ME.phase == READY && rows[p] & FOR_PARTICIPANT ->
       take(p, LOWEST(rows[p] & FOR_PARTICIPANT), BURYING) }

  :: d_step { ME.phase == FLYING ->
       if
       :: !ME.stale && rows[p] & ME.job ->
          printf("row %d of participant %d takes effect\n", ME.job, p);
          saved();
          if
          :: ME.job == STEP ->
             assert(!did[p]);             /* I4: once */
             did[p] = true; rows[p] = rows[p] | DID
          :: ME.job == UNDO ->
             assert(did[p] && !undid[p]); /* I4: once */
             undid[p] = true; rows[p] = rows[p] | UNDID
          fi;
          consume()
       :: else -> printf("kernel %d: row %d of %d conflicts\n", k, ME.job, p); rest(c)
       fi;
       check() }
#ifdef NO_RULE_12
  :: d_step { ME.phase == DELETING -> rows[ME.p] = rows[ME.p] & ~ME.job; rest(c) }
#endif

  /* Refused for good. The record is not looked at: the row alone decides. */
  :: d_step { ME.phase == BURYING ->
       if
       :: rows[p] & ME.job ->
          printf("row %d of participant %d is dead\n", ME.job, p);
          assert(ME.job == STEP -> !did[p] : !undid[p]); /* I5: a dead row took no effect */
          rows[p] = rows[p] & ~ME.job;
#ifndef NO_RULE_19
          rows[p] = rows[p] | (ME.job == STEP -> FAILED : STUCK)
#endif
       :: else
       fi;
       rest(c); check() }
  od
}

proctype client() {
end:
  do
  :: d_step { calls -> calls--; sent++ }
  :: d_step { !calls && !sent && key_row == ABSENT -> sent++ }
  od
}

proctype others() {
  byte c;
end:
  do
  :: atomic { traffic && (cell[0].phase == FLYING || cell[1].phase == FLYING ||
                          cell[2].phase == FLYING || cell[3].phase == FLYING ||
                          cell[4].phase == FLYING || cell[5].phase == FLYING) ->
       select (c : 0 .. CELLS - 1);
       if
       :: cell[c].phase == FLYING -> traffic--; ME.stale = true; saved()
       :: else
       fi; c = 0 }
  od
}

inline crash(k) { printf("kernel %d crashes\n", k); rest(k); rest(k + 2); rest(k + 4) }
#define BUSY(c) (cell[c].phase != READY)
#define RUNS(k) (BUSY(k) || BUSY(k + 2) || BUSY(k + 4))
proctype crasher() {
end:
  do
  :: d_step { crashes && RUNS(0) -> crashes--; crash(0) }
  :: d_step { crashes && RUNS(1) -> crashes--; crash(1) }
  od
}

init {
  atomic {
    run participant(0, 0, 0); run participant(1, 1, 0);
    run participant(0, 2, 1); run participant(1, 3, 1);
    run coordinator(0, 4); run coordinator(1, 5);
    run client(); run others(); run crasher()
  }
}

ltl ended { <> (ENDED && key_row != RUNNING && !rows[0] && !rows[1]) }
