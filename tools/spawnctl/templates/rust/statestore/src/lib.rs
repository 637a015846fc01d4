//! The statestore as a plugin: entry, instance, lanes; between the C structs and `store.rs`.
mod abi;
#[cfg(test)]
mod fake_host;
mod host;
mod manifest;
mod plugin;
mod store;
mod store_abi;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};

use abi::{Buf, Instance, Op, Status};
use host::{bytes, give, lend, slice, Host, NO_BYTES};
use plugin::{of, Plugin};
use store::{Asked, Stage, Store, Write};
use store_abi::{Lane, List, Load, Record, Row, Save, Table};

struct StoreInstance {
    host: Host,
    store: Mutex<Store>, // lanes call at the same time
}

fn locked(i: &StoreInstance) -> MutexGuard<'_, Store> {
    // A panic leaves the store as it was: a stage is taken over as a whole.
    i.store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_write(code: u16) -> bool {
    use store_abi::{CHECK, DELETE, PRUNE, REWRITE, SAVE};
    [SAVE, DELETE, CHECK, REWRITE, PRUNE].contains(&code)
}

unsafe fn as_write<'a>(op: *mut Op) -> Option<&'a mut Save> {
    let fits = is_write((*op).code) && (*op).struct_size as usize >= std::mem::size_of::<Save>();
    fits.then(|| &mut *(op as *mut Save))
}

unsafe fn write_of<'a>(op: &'a Save) -> Write<'a> {
    let payload = (op.n_payload != 0).then(|| {
        let parts = std::slice::from_raw_parts(op.payload, op.n_payload as usize);
        parts.iter().flat_map(|p| bytes(p).iter().copied()).collect()
    });
    Write {
        code: op.op.code,
        flags: op.op.flags,
        key: bytes(&op.key),
        expect_revision: op.expect_revision,
        expect_writer: op.expect_writer,
        new_revision: op.new_revision,
        writer: op.writer,
        written_ms: op.written_unix_ms,
        type_url: bytes(&op.type_url),
        meta: bytes(&op.meta),
        payload,
    }
}

/// One write, or a group: all of it, or nothing.
unsafe fn write_unit(i: &StoreInstance, store: &mut Store, unit: &[*mut Op]) {
    let mut stage = Stage::new();
    for &raw in unit {
        let Some(op) = as_write(raw) else { continue };
        if late(i, raw) {
            op.op.status = abi::E_DEADLINE;
        } else {
            let outcome = store.write(write_of(op), i.host.unix_ms(), &mut stage);
            op.op.status = outcome.status;
            (op.out_revision, op.out_writer) = outcome.stored;
        }
        if op.op.status != abi::OK {
            for &other in unit.iter().filter(|&&other| other != raw) {
                (*other).status = abi::E_ABORTED;
            }
            return;
        }
    }
    store.take_over(stage);
}

unsafe fn late(i: &StoreInstance, op: *mut Op) -> bool {
    (*op).deadline_ns != 0 && i.host.now_ns() > (*op).deadline_ns
}

fn record_of(r: &store::Record, with_payload: bool) -> Record {
    Record {
        revision: r.revision,
        writer: r.writer,
        written_unix_ms: r.written_ms,
        type_url: give(r.type_url.clone()),
        meta: give(r.meta.clone()),
        payload: match &r.payload {
            Some(p) if with_payload => give(p.clone()),
            _ => NO_BYTES,
        },
    }
}

const NO_RECORD: Record = Record {
    revision: 0,
    writer: 0,
    written_unix_ms: 0,
    type_url: NO_BYTES,
    payload: NO_BYTES,
    meta: NO_BYTES,
};

unsafe fn load(store: &Store, op: &mut Load) {
    let (status, found) = store.load(bytes(&op.key), op.at_revision);
    op.out = found.map_or(NO_RECORD, |r| record_of(r, true));
    op.op.status = status;
}

/// The rows of a page and what they point to; dropped by the page's release.
struct HeldPage {
    records: Vec<(Vec<u8>, store::Record)>,
    rows: Vec<Row>,
}

fn row_of(key: &[u8], r: &store::Record, with_payload: bool) -> Row {
    let part = |b: &[u8]| Buf { ptr: b.as_ptr() as *const c_void, len: b.len() as u64, ..NO_BYTES };
    let payload = r.payload.as_deref().filter(|_| with_payload);
    Row {
        key: slice(key),
        rec: Record {
            revision: r.revision,
            writer: r.writer,
            written_unix_ms: r.written_ms,
            type_url: part(&r.type_url),
            payload: payload.map_or(NO_BYTES, part),
            meta: part(&r.meta),
        },
        expires_unix_ms: 0,
        tombstone: r.tombstone as u32,
        reserved: 0,
    }
}

unsafe fn list(store: &Store, op: &mut List) {
    let page = store.list(&Asked {
        from: bytes(&op.from),
        to: bytes(&op.to),
        cursor: bytes(&op.cursor),
        limit: op.limit as usize,
        reverse: op.reverse != 0,
        tombstones: op.op.flags & store_abi::F_TOMBSTONES != 0,
    });
    let last = page.rows.last().map(|(key, _)| key.clone());
    let mut held = Box::new(HeldPage { records: page.rows, rows: Vec::new() });
    held.rows = held.records.iter().map(|(k, r)| row_of(k, r, op.with_payload != 0)).collect();
    op.out_row_stride = std::mem::size_of::<Row>() as u32;
    op.out_n = held.rows.len() as u32;
    op.out_rows = held.rows.as_ptr();
    op.out_cursor = last.filter(|_| page.more).map_or(NO_BYTES, give);
    let (at, len) = (held.rows.as_ptr() as *const c_void, held.rows.len() as u64);
    op.out_owner = lend(at, len, held);
    op.op.status = abi::OK;
}

unsafe fn read(i: &StoreInstance, store: &Store, op: *mut Op) {
    let size = (*op).struct_size as usize;
    if late(i, op) {
        (*op).status = abi::E_DEADLINE;
    } else if (*op).code == store_abi::LOAD && size >= std::mem::size_of::<Load>() {
        load(store, &mut *(op as *mut Load));
    } else if (*op).code == store_abi::LIST && size >= std::mem::size_of::<List>() {
        list(store, &mut *(op as *mut List));
    } else {
        (*op).status = abi::E_UNSUPPORTED;
    }
}

unsafe fn run(i: &StoreInstance, ops: &[*mut Op]) {
    let mut store = locked(i);
    let mut done = HashSet::new();
    for &op in ops {
        let Some(write) = as_write(op) else {
            read(i, &store, op);
            continue;
        };
        let group = write.atomic_group;
        if group == 0 {
            write_unit(i, &mut store, &[op]);
        } else if done.insert(group) {
            let of_group = |&o: &*mut Op| as_write(o).is_some_and(|w| w.atomic_group == group);
            let unit: Vec<_> = ops.iter().copied().filter(of_group).collect();
            write_unit(i, &mut store, &unit);
        }
    }
}

unsafe extern "C" fn submit(lane: *mut Lane, ops: *const *mut Op, n: u32) {
    let i: &StoreInstance = of(lane);
    let ops = std::slice::from_raw_parts(ops, n as usize);
    for &op in ops {
        (*op).status = abi::E_INTERNAL; // what a panic leaves
    }
    i.host.guarded(|| run(i, ops));
    i.host.complete(ops);
}

unsafe extern "C" fn capabilities(_: *mut Instance) -> u64 {
    store_abi::CAP_ATOMIC_GROUP | store_abi::CAP_LIST
}
unsafe extern "C" fn lane_open(instance: *mut Instance, _: u32, out: *mut *mut Lane) -> Status {
    *out = instance;
    abi::OK
}
unsafe extern "C" fn cancel(_: *mut Lane, _: *mut Op) {}
unsafe extern "C" fn lane_close(_: *mut Lane) {}

static TABLE: Table = Table {
    struct_size: std::mem::size_of::<Table>() as u32,
    reserved: 0,
    capabilities,
    lane_open,
    submit,
    cancel,
    lane_close,
};

impl Plugin for StoreInstance {
    const KIND: &'static [u8] = store_abi::STATESTORE;
    fn table() -> *const c_void {
        &TABLE as *const Table as *const c_void
    }
    fn create(host: Host, _: &str, config: &[u8]) -> Result<Self, String> {
        let max = host::config_number(config, "max_records", 1_000_000);
        Ok(StoreInstance { host, store: Mutex::new(Store::new(max)) })
    }
}

spawn_plugin!(StoreInstance);
