//! Records in an ordered map. A group is staged beside the map and taken over as a whole, so that a
//! group that loses leaves nothing behind. Safe Rust only: the C side is in `lib.rs`.
use std::collections::BTreeMap;
use std::ops::Bound;

use crate::abi::{Status, E_CONFLICT, E_EXHAUSTED, E_INVALID, E_NOT_FOUND, OK};
use crate::store_abi::{
    CHECK, DELETE, F_ERASE, F_IMPORT, F_NO_TOMBSTONE, PRUNE, REWRITE, SAVE,
};

const KEY_BYTES_MAX: usize = 1024;
const PAGE_ROWS_MAX: usize = 1000;

#[derive(Clone)]
pub struct Record {
    pub revision: u64,
    pub writer: u64,
    pub written_ms: i64,
    pub type_url: Vec<u8>,
    pub meta: Vec<u8>,
    pub payload: Option<Vec<u8>>,
    pub tombstone: bool,
}

/// A write as the op says it, with bytes of its own.
pub struct Write<'a> {
    pub code: u16,
    pub flags: u16,
    pub key: &'a [u8],
    pub expect_revision: u64,
    pub expect_writer: u64,
    pub new_revision: u64,
    pub writer: u64,
    pub written_ms: i64,
    pub type_url: &'a [u8],
    pub meta: &'a [u8],
    pub payload: Option<Vec<u8>>,
}

impl Write<'_> {
    fn imports(&self) -> bool {
        self.flags & F_IMPORT != 0 && self.makes_revision()
    }
    fn makes_revision(&self) -> bool {
        self.code == SAVE || self.code == DELETE
    }
    fn malformed(&self) -> bool {
        let next = if self.imports() {
            self.new_revision > self.expect_revision
        } else {
            Some(self.new_revision) == self.expect_revision.checked_add(1)
        };
        self.key.is_empty()
            || self.key.len() > KEY_BYTES_MAX
            || (self.makes_revision() && !next)
            || (self.code == REWRITE && self.expect_revision == 0)
    }
}

/// The outcome of a write; on a conflict, what is stored.
pub struct Outcome {
    pub status: Status,
    pub stored: (u64, u64),
}

impl Outcome {
    fn plain(status: Status) -> Self {
        Outcome { status, stored: (0, 0) }
    }
}

/// What a group has written so far; None: the key goes as a whole.
pub type Stage = BTreeMap<Vec<u8>, Option<Record>>;

pub struct Page {
    pub rows: Vec<(Vec<u8>, Record)>,
    pub more: bool,
}

pub struct Asked<'a> {
    pub from: &'a [u8],
    pub to: &'a [u8],
    pub cursor: &'a [u8],
    pub limit: usize,
    pub reverse: bool,
    pub tombstones: bool,
}

pub struct Store {
    records: BTreeMap<Vec<u8>, Record>,
    records_max: u64,
}

impl Store {
    pub fn new(records_max: u64) -> Self {
        Store { records: BTreeMap::new(), records_max }
    }

    fn find<'a>(&'a self, key: &[u8], stage: &'a Stage) -> Option<&'a Record> {
        match stage.get(key) {
            Some(staged) => staged.as_ref(),
            None => self.records.get(key),
        }
    }

    pub fn write(&self, w: Write, now_ms: i64, stage: &mut Stage) -> Outcome {
        if w.malformed() {
            return Outcome::plain(E_INVALID);
        }
        if w.code == PRUNE {
            return Outcome::plain(OK); // there is no history
        }
        let stored = self.find(w.key, stage);
        let as_expected = match stored {
            None => w.expect_revision == 0,
            Some(r) => {
                w.expect_revision != 0
                    && (r.revision, r.writer) == (w.expect_revision, w.expect_writer)
            }
        };
        let needs_record = w.code == REWRITE || (w.code == DELETE && !w.imports());
        if !as_expected || (needs_record && stored.is_none()) {
            let stored = stored.map_or((0, 0), |r| (r.revision, r.writer));
            return Outcome { status: E_CONFLICT, stored };
        }
        if w.code == CHECK {
            return Outcome::plain(OK);
        }
        let fresh = stage.keys().filter(|k| !self.records.contains_key(*k)).count();
        if stored.is_none() && (self.records.len() + fresh) as u64 >= self.records_max {
            return Outcome::plain(E_EXHAUSTED);
        }
        let next = next_of(&w, stored, now_ms);
        stage.insert(w.key.to_vec(), next);
        Outcome::plain(OK)
    }

    pub fn take_over(&mut self, stage: Stage) {
        for (key, next) in stage {
            match next {
                Some(record) => self.records.insert(key, record),
                None => self.records.remove(&key),
            };
        }
    }

    /// The status, and the record where there is one: NOT_FOUND also has a tombstone's.
    pub fn load(&self, key: &[u8], at_revision: u64) -> (Status, Option<&Record>) {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return (E_INVALID, None);
        }
        match self.records.get(key) {
            Some(r) if at_revision == 0 || at_revision == r.revision => {
                (if r.tombstone { E_NOT_FOUND } else { OK }, Some(r))
            }
            _ => (E_NOT_FOUND, None),
        }
    }

    /// The cursor is the last key of the page before.
    pub fn list(&self, asked: &Asked) -> Page {
        let mut low = Bound::Included(asked.from);
        let mut high = if asked.to.is_empty() { Bound::Unbounded } else { Bound::Excluded(asked.to) };
        let mut nothing = !asked.to.is_empty() && asked.from >= asked.to;
        if !asked.cursor.is_empty() && asked.reverse {
            nothing |= asked.cursor <= asked.from;
            high = Bound::Excluded(asked.cursor);
        } else if !asked.cursor.is_empty() {
            nothing |= !asked.to.is_empty() && asked.cursor >= asked.to;
            low = Bound::Excluded(asked.cursor);
        }
        if nothing {
            return Page { rows: Vec::new(), more: false };
        }
        let limit = if asked.limit == 0 { PAGE_ROWS_MAX } else { asked.limit.min(PAGE_ROWS_MAX) };
        let live = |r: &Record| asked.tombstones || !r.tombstone;
        let range = self.records.range::<[u8], _>((low, high)).filter(|(_, r)| live(r));
        let owned = |(k, r): (&Vec<u8>, &Record)| (k.clone(), r.clone());
        let mut rows: Vec<_> = if asked.reverse {
            range.rev().take(limit + 1).map(owned).collect()
        } else {
            range.take(limit + 1).map(owned).collect()
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        Page { rows, more }
    }
}

fn next_of(w: &Write, stored: Option<&Record>, now_ms: i64) -> Option<Record> {
    if let (REWRITE, Some(old)) = (w.code, stored) {
        let payload = if old.tombstone { None } else { w.payload.clone() };
        return Some(Record { meta: w.meta.to_vec(), payload, ..old.clone() });
    }
    let deletes = w.code == DELETE;
    if deletes && w.flags & F_NO_TOMBSTONE != 0 {
        return None;
    }
    let erased = deletes && w.flags & F_ERASE != 0;
    Some(Record {
        revision: w.new_revision,
        writer: w.writer,
        written_ms: if w.imports() { w.written_ms } else { now_ms },
        type_url: if deletes { Vec::new() } else { w.type_url.to_vec() },
        meta: if erased { Vec::new() } else { w.meta.to_vec() },
        payload: if deletes { None } else { w.payload.clone() },
        tombstone: deletes,
    })
}
