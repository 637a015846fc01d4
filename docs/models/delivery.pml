/* Delivering message rows: docs/durability.md, rules 11 to 14, 18 and 19.
 *
 * Modelled: two senders, two rows from each, two receivers, two kernels that may both run any
 * receiver at any time (a split brain that never ends). The rows of one sender to one receiver are
 * a lane. Hints are lost, doubled, late and out of order. Hosts fail, kernels crash, and one row
 * of the first sender may be odd: timed, refused by its action for good, or deadly: it ends the
 * kernel whenever it runs (the receivers are native, they live in the kernel's process).
 *
 * Processes
 *   cell_of   one receiver in one kernel: takes rows from the store or from hints, runs, commits
 *   sender    commits its rows in order; takes the failure rows that come back
 *   crasher   ends a kernel with all its cells; it starts again at once
 *
 * Abstracted: a sender's commit is one step, for commit.pml is about that. The revision of a
 * record is one bit per cell: the other kernel saved since. LIST, loading and the start of the
 * turn are one step: a row that was listed earlier and has changed since only makes the cell look
 * again. So the mailbox holds hinted rows alone; it promises no order between lanes. A group that
 * lands long after its kernel died is one of a cell in the other kernel that is slow. There is no
 * time: "due" and "try again at" may be any moment.
 *
 * Asserted: I4 a row takes effect once. I5 a row that is consumed took effect, a dead one did not.
 * I7 effects of a lane come in the order of its rows, timed and dead rows aside.
 * Progress, under weak fairness: every row is consumed or dead, and of each dead row its sender
 * gets the failure row.
 *
 * Rules are switched off with -DNO_RULE_11, _12 (the receiver keeps a high-water mark per sender),
 * _12_ROW (no mark either: the row is deleted after the commit), _13 (whatever is hinted is
 * admitted), _13_LANE (a row that failed does not hold back those behind it), _14 (no scans: a row
 * is found if its hint arrives), _18, _19.
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef FAILURES
#define FAILURES 1 /* host failures that may be tried again */
#endif
#ifndef TRIES
#define TRIES 2 /* written attempts after which a row is buried */
#endif
/* The kinds of odd row that a run looks at: -DNATIVE_ONLY for DEADLY, else the first so many of
   PLAIN, TIMED, REFUSED. */
#ifndef KINDS
#define KINDS 3
#endif
#ifndef LAYOUTS
#define LAYOUTS 3 /* the first so many of the layouts in init: which row goes to which receiver */
#endif
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef KERNELS
#define KERNELS 2
#endif
#define ROWS 4 /* 2 * sender + 0 or 1 */
#define NOBODY 255
#define SENDER(i) ((i) / 2)
#define BIT(i) (1 << (i))

/* The store: rows, their written attempts (each moves the row's revision on), failure rows. */
mtype = {ABSENT, PENDING, CONSUMED, DEAD};
mtype row[ROWS] = ABSENT;
mtype failure[ROWS] = ABSENT;
byte tries[ROWS];
#ifdef NO_RULE_12
byte mark[4]; /* [2 * receiver + sender]: the last row consumed, counted from 1 */
#endif
#ifdef NO_RULE_14
byte hinted; /* rows whose hint arrived, as bits */
#define FOUND(i) (hinted & BIT(i))
#else
#define FOUND(i) true
#endif

/* The scenario. */
mtype = {PLAIN, TIMED, REFUSED, DEADLY};
mtype odd = PLAIN;
byte odd_row;
bool to[ROWS];
#define NATIVE (odd == DEADLY) /* the receivers live in the kernel's process */
#define IS(kind, i) (odd == kind && odd_row == (i))

byte effect; /* rows that changed their receiver, as bits; only the assertions look at it */

/* A receiver in a kernel. A copy of a row is 4 * row + the attempts it was read with. */
mtype = {OUT, READY, FLYING, BURYING, DELETING};
typedef cell_t {
  mtype phase = OUT;
  bool stale;   /* the other kernel saved this receiver since it was loaded */
  bool first[2]; /* per sender: its first row was the last that was admitted */
  byte mailbox; /* rows that came with hints, as bits */
  byte job;     /* a copy of the row that runs, or whose group is out */
}
cell_t cell[4]; /* [2 * receiver + kernel] */
byte crashes = CRASHES, failures = FAILURES;

#define ME cell[c]
#define OTHER cell[c ^ 1]
#define COPY(i) (4 * (i) + tries[i])
#define ROW(copy) ((copy) / 4)
/* The row is still as it was read. */
#define UNCHANGED(copy) (row[ROW(copy)] == PENDING && tries[ROW(copy)] == (copy) % 4)

inline forget(c) {
  cell[c].phase = OUT; cell[c].stale = false; cell[c].first[0] = false; cell[c].first[1] = false;
  cell[c].mailbox = 0; cell[c].job = 0
}

inline crash(k) { printf("kernel %d crashes\n", k); forget(k); forget(2 + k) }

/* The row did not go through: those behind it leave the mailbox, a LIST opens the lane again. */
inline close_lane(c) {
#ifndef NO_RULE_13_LANE
  if
  :: IS(TIMED, ROW(cell[c].job))
  :: else ->
     cell[c].first[SENDER(ROW(cell[c].job))] = false;
     cell[c].mailbox = cell[c].mailbox & ~(3 << (2 * SENDER(ROW(cell[c].job))))
  fi;
#endif
  cell[c].job = 0
}

/* Before a row is tried again, the attempt is written into it. */
inline count_attempt(copy) {
#ifdef NO_RULE_18
  skip
#else
  if :: UNCHANGED(copy) -> tries[ROW(copy)]++ :: else fi
#endif
}

/* The turn: `job` runs, and its host answers, or not. */
inline run_turn(c) {
  printf("kernel %d: receiver %d runs row %d, attempts %d\n", k, r, ROW(cell[c].job),
         cell[c].job % 4);
  if
  :: IS(DEADLY, ROW(cell[c].job)) -> crash(k)
  :: IS(REFUSED, ROW(cell[c].job)) -> cell[c].phase = BURYING
  :: !IS(DEADLY, ROW(cell[c].job)) && !IS(REFUSED, ROW(cell[c].job)) -> cell[c].phase = FLYING
  :: failures -> failures--; printf("its host fails\n");
     if :: NATIVE :: else -> count_attempt(cell[c].job) fi;
     close_lane(c)
  fi
}

inline consume(i) {
  assert(effect & BIT(i)); /* I5: a row that is gone took effect */
  row[i] = CONSUMED; tries[i] = 0
}

#define OVERTAKES(i) (i % 2 == 1 && to[i] == to[i - 1] && row[i - 1] == PENDING && \
                      !IS(TIMED, i) && !IS(TIMED, i - 1))
inline saved() { if :: OTHER.phase != OUT -> OTHER.stale = true :: else fi }

inline take_effect(i) {
  printf("row %d takes effect\n", i);
  assert(!(effect & BIT(i))); /* I4: once */
  assert(row[i] != DEAD);     /* I5: a dead row takes no effect */
  assert(!OVERTAKES(i));      /* I7: in the order of the lane */
  effect = effect | BIT(i)
}

/* The first row of sender s's lane to this receiver that the cell does not have yet. */
#define LISTED(i) (row[i] == PENDING && FOUND(i) && to[i] == r && !IS(TIMED, i) && \
                   !(ME.mailbox & BIT(i)))
#define FIRST(s) (LISTED(2 * s) -> 2 * s : (LISTED(2 * s + 1) -> 2 * s + 1 : NOBODY))
#define DUE (odd == TIMED && row[odd_row] == PENDING && FOUND(odd_row) && to[odd_row] == r)
#define IDLE (ME.phase == OUT || ME.phase == READY)

/* From the store. A native row may have ended the kernel before, so an attempt is written first. */
inline take(i) {
  if :: ME.phase == OUT -> ME.phase = READY :: else fi;
  if :: IS(TIMED, i) :: else -> ME.first[SENDER(i)] = i % 2 == 0 fi;
  if
#ifdef NO_RULE_12
  :: !ME.stale && 1 + i % 2 <= mark[2 * r + SENDER(i)] ->
     printf("row %d is below the mark\n", i); ME.job = COPY(i); ME.phase = DELETING
#endif
  :: tries[i] == TRIES -> ME.job = COPY(i); ME.phase = BURYING
  :: else ->
     if :: NATIVE -> count_attempt(COPY(i)) :: else fi;
     ME.job = COPY(i);
     run_turn(c)
  fi
}

proctype cell_of(bit r; bit k; byte c) {
  byte i; /* the row of the step that runs */
end:
  do
  :: atomic { IDLE && (FIRST(0) != NOBODY || FIRST(1) != NOBODY || DUE) ->
       if
       :: FIRST(0) != NOBODY -> i = FIRST(0)
       :: FIRST(1) != NOBODY -> i = FIRST(1)
       :: DUE -> i = odd_row
       fi;
       take(i); i = 0 }

  /* A hint carries the row as it was inserted, and may come at any time and again. It is admitted
     if the row before it was admitted last; otherwise it is only a reason to look. */
#define HINTED(i) (to[i] == r && row[i] != ABSENT && FOUND(i) && !IS(TIMED, i) && \
                   !(ME.mailbox & BIT(i)))
#ifdef NO_RULE_13
#define FITS(s) HINTED(2 * s + 1)
#else
#define FITS(s) (HINTED(2 * s + 1) && to[2 * s] == r && !IS(TIMED, 2 * s) && ME.first[s])
#endif
  :: atomic { ME.phase != OUT && (FITS(0) || FITS(1)) ->
       if :: FITS(0) -> i = 1 :: FITS(1) -> i = 3 fi;
       printf("kernel %d: a hint of row %d\n", k, i);
       ME.mailbox = ME.mailbox | BIT(i); ME.first[SENDER(i)] = false; i = 0 }
  :: atomic { ME.phase == READY && ME.mailbox ->
       if :: ME.mailbox & BIT(1) -> i = 1 :: ME.mailbox & BIT(3) -> i = 3 fi;
       ME.mailbox = ME.mailbox & ~BIT(i); ME.job = 4 * i; i = 0; run_turn(c) }

  /* The group: the receiver's save, and the row deleted as it was read. */
  :: d_step { ME.phase == FLYING ->
       i = ROW(ME.job);
       if
#if defined NO_RULE_12 || defined NO_RULE_12_ROW
       :: !ME.stale ->
          take_effect(i); saved(); ME.phase = DELETING;
#ifdef NO_RULE_12
          mark[2 * r + SENDER(i)] = 1 + i % 2
#endif
#else
#ifdef NO_RULE_11
       :: !ME.stale && (row[i] != PENDING || UNCHANGED(ME.job)) ->
#else
       :: !ME.stale && UNCHANGED(ME.job) ->
#endif
          take_effect(i); saved(); ME.phase = READY; ME.job = 0; consume(i)
#endif
       :: else -> printf("kernel %d: row %d conflicts\n", k, i); forget(c)
       fi;
       i = 0 }
#if defined NO_RULE_12 || defined NO_RULE_12_ROW
  :: d_step { ME.phase == DELETING ->
       consume(ROW(ME.job)); ME.job = 0; ME.phase = READY }
#endif

  /* No attempt is left, or its action refused it: out of the lane, and its sender is told. */
  :: d_step { ME.phase == BURYING ->
       i = ROW(ME.job);
       if
       :: UNCHANGED(ME.job) ->
          printf("kernel %d: row %d is dead\n", k, i);
          assert(!(effect & BIT(i))); /* I5: a dead row took no effect */
#ifdef SPARED
          assert(IS(DEADLY, i) || !NATIVE); /* not so: see README.md */
#endif
          assert(NATIVE || IS(REFUSED, i) || FAILURES >= TRIES); /* I5: there was a cause */
          row[i] = DEAD; tries[i] = 0;
#ifndef NO_RULE_19
          failure[i] = PENDING;
#endif
          ME.job = 0; ME.phase = READY
       :: else -> printf("kernel %d: row %d conflicts\n", k, i); forget(c)
       fi;
       i = 0 }
  od
}

inline hint(i) {
#ifdef NO_RULE_14
  if :: hinted = hinted | BIT(i) :: printf("the hint of row %d is lost\n", i) fi
#else
  skip
#endif
}

proctype sender(byte s) {
end:
  do
  :: atomic { row[2 * s] == ABSENT -> row[2 * s] = PENDING; hint(2 * s) }
  :: atomic { row[2 * s] != ABSENT && row[2 * s + 1] == ABSENT ->
       row[2 * s + 1] = PENDING; hint(2 * s + 1) }
  :: failure[2 * s] == PENDING -> failure[2 * s] = CONSUMED
  :: failure[2 * s + 1] == PENDING -> failure[2 * s + 1] = CONSUMED
  od
}

proctype crasher() {
end:
  do
  :: d_step { crashes && (cell[0].phase != OUT || cell[2].phase != OUT) -> crashes--; crash(0) }
  :: d_step { crashes && (cell[1].phase != OUT || cell[3].phase != OUT) -> crashes--; crash(1) }
  od
}

init {
  atomic {
    if
#ifdef NATIVE_ONLY
    :: odd = DEADLY
#else
    :: odd = PLAIN
    :: KINDS > 1 -> odd = TIMED
    :: KINDS > 2 -> odd = REFUSED
#endif
    fi;
    if :: true -> odd_row = 0 :: odd != PLAIN -> odd_row = 1 fi;
    if
    :: skip                                /* all to one: two whole lanes meet */
    :: LAYOUTS > 1 -> to[2] = 1; to[3] = 1 /* each sender has its receiver */
    :: LAYOUTS > 2 -> to[3] = 1            /* a lane and a half, and one row elsewhere */
    :: LAYOUTS > 3 -> to[1] = 1            /* as before, but of the first sender */
    :: LAYOUTS > 4 -> to[1] = 1; to[3] = 1 /* no lane has two rows */
    fi;
    run cell_of(0, 0, 0); run cell_of(1, 0, 2);
    if :: KERNELS > 1 -> run cell_of(0, 1, 1); run cell_of(1, 1, 3) :: else fi;
    run sender(0);
    if :: SENDERS > 1 -> run sender(1) :: else fi;
    run crasher()
  }
}

#define SETTLED(i) (SENDER(i) >= SENDERS || row[i] == CONSUMED || \
                    (row[i] == DEAD && failure[i] == CONSUMED))
ltl settled { <> (SETTLED(0) && SETTLED(1) && SETTLED(2) && SETTLED(3)) }
