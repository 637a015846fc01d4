//! What the kind has to keep: the rules of the store, and the plugin over its C table on a fake host.
use std::ptr;

use crate::abi::{self, Op, Status, E_ABORTED, E_CONFLICT, E_EXHAUSTED, E_NOT_FOUND, OK};
use crate::fake_host::{started, FakeHost};
use crate::host::{bytes, slice};
use crate::store::{Stage, Store, Write};
use crate::store_abi::{self, Load, Save, Table};
use crate::NO_RECORD;

fn save(key: &[u8], expect: u64) -> Write<'_> {
    Write {
        code: store_abi::SAVE,
        flags: 0,
        key,
        expect_revision: expect,
        expect_writer: 7,
        new_revision: expect + 1,
        writer: 7,
        written_ms: 0,
        type_url: b"type",
        meta: b"meta",
        payload: Some(b"value".to_vec()),
    }
}

fn written(store: &mut Store, w: Write) -> Status {
    let mut stage = Stage::new();
    let outcome = store.write(w, 1, &mut stage);
    store.take_over(stage);
    outcome.status
}

#[test]
fn a_save_that_expects_something_else_changes_nothing() {
    let mut store = Store::new(10);
    assert_eq!(written(&mut store, save(b"a", 0)), OK);
    assert_eq!(written(&mut store, save(b"a", 0)), E_CONFLICT);
    assert_eq!(written(&mut store, save(b"a", 5)), E_CONFLICT);
    assert_eq!(written(&mut store, save(b"a", 1)), OK);
    assert_eq!(store.load(b"a", 0).1.map(|r| r.revision), Some(2));
}

#[test]
fn a_full_store_says_exhausted() {
    let mut store = Store::new(1);
    assert_eq!(written(&mut store, save(b"a", 0)), OK);
    assert_eq!(written(&mut store, save(b"b", 0)), E_EXHAUSTED);
    assert_eq!(written(&mut store, save(b"a", 1)), OK);
}

fn save_op(host: &FakeHost, key: &'static [u8], group: u64, payload: &abi::Slice) -> Save {
    Save {
        op: host.op(store_abi::SAVE, std::mem::size_of::<Save>()),
        key: slice(key),
        key_hash: 0,
        expect_revision: 0,
        expect_writer: 0,
        new_revision: 1,
        writer: 7,
        atomic_group: group,
        ttl_s: 0,
        keep_history: 0,
        keep_history_ms: 0,
        type_url: slice(b""),
        meta: slice(b""),
        payload,
        n_payload: 1,
        n_fields: 0,
        fields: ptr::null(),
        out_revision: 0,
        out_writer: 0,
        written_unix_ms: 0,
    }
}

#[test]
fn a_group_that_loses_leaves_nothing_behind() {
    let host = FakeHost::new();
    let plugin = started(&host, "{}");
    let table: &Table = plugin.table(store_abi::STATESTORE);
    let value = slice(b"value");
    let mut ops = [b"a", b"b", b"a"].map(|key| save_op(&host, key, 1, &value));
    let raw: Vec<*mut Op> = ops.iter_mut().map(|op| &mut op.op as *mut Op).collect();
    unsafe { (table.submit)(plugin.raw(), raw.as_ptr(), 3) };
    assert_eq!(ops.map(|op| op.op.status), [E_ABORTED, E_ABORTED, E_CONFLICT]);

    let mut load = Load {
        op: host.op(store_abi::LOAD, std::mem::size_of::<Load>()),
        key: slice(b"a"),
        key_hash: 0,
        at_revision: 0,
        out: NO_RECORD,
    };
    let mut raw = &mut load.op as *mut Op;
    unsafe { (table.submit)(plugin.raw(), &mut raw, 1) };
    assert_eq!(load.op.status, E_NOT_FOUND);

    let mut alone = save_op(&host, b"a", 0, &value);
    let mut raw = &mut alone.op as *mut Op;
    unsafe { (table.submit)(plugin.raw(), &mut raw, 1) };
    load.op = host.op(store_abi::LOAD, std::mem::size_of::<Load>());
    let mut raw = &mut load.op as *mut Op;
    unsafe { (table.submit)(plugin.raw(), &mut raw, 1) };
    assert_eq!((alone.op.status, load.op.status), (OK, OK));
    let payload = abi::Slice { ptr: load.out.payload.ptr, len: load.out.payload.len };
    assert_eq!(unsafe { bytes(&payload) }, b"value");
    for buf in [load.out.type_url, load.out.payload, load.out.meta] {
        unsafe { buf.release.unwrap()(buf.ctx, buf.ptr, buf.len) };
    }
    assert_eq!(host.completed(), 6 + plugin.steps());
}
