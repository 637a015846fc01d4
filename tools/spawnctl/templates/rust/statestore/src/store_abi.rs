//! The C structs of `statestore.h`, field for field; that header says what each means.
use crate::abi::{Buf, Instance, Kv, Op, Slice, Status};

pub const STATESTORE: &[u8] = b"spawn.statestore/1\0";

pub const LOAD: u16 = 1;
pub const SAVE: u16 = 2;
pub const DELETE: u16 = 3;
pub const LIST: u16 = 4;
pub const REWRITE: u16 = 6;
pub const CHECK: u16 = 7;
pub const PRUNE: u16 = 8;

pub const F_NO_TOMBSTONE: u16 = 2;
pub const F_ERASE: u16 = 4;
pub const F_IMPORT: u16 = 8;
pub const F_TOMBSTONES: u16 = 16;

pub const CAP_ATOMIC_GROUP: u64 = 1 << 1;
pub const CAP_LIST: u64 = 1 << 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Record {
    pub revision: u64,
    pub writer: u64,
    pub written_unix_ms: i64,
    pub type_url: Buf,
    pub payload: Buf,
    pub meta: Buf,
}

#[repr(C)]
pub struct Load {
    pub op: Op,
    pub key: Slice,
    pub key_hash: u64,
    pub at_revision: u64,
    pub out: Record,
}

#[repr(C)]
pub struct Save {
    pub op: Op,
    pub key: Slice,
    pub key_hash: u64,
    pub expect_revision: u64,
    pub expect_writer: u64,
    pub new_revision: u64,
    pub writer: u64,
    pub atomic_group: u64,
    pub ttl_s: u32,
    pub keep_history: u32,
    pub keep_history_ms: u64,
    pub type_url: Slice,
    pub meta: Slice,
    pub payload: *const Slice,
    pub n_payload: u32,
    pub n_fields: u32,
    pub fields: *const Kv,
    pub out_revision: u64,
    pub out_writer: u64,
    pub written_unix_ms: i64,
}

#[repr(C)]
pub struct Row {
    pub key: Slice,
    pub rec: Record,
    pub expires_unix_ms: i64,
    pub tombstone: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct List {
    pub op: Op,
    pub from: Slice,
    pub to: Slice,
    pub cursor: Slice,
    pub from_revision: u64,
    pub to_revision: u64,
    pub limit: u32,
    pub with_payload: u32,
    pub reverse: u32,
    pub reserved: u32,
    pub out_rows: *const Row,
    pub out_row_stride: u32,
    pub out_n: u32,
    pub out_owner: Buf,
    pub out_cursor: Buf,
}

/// Opaque to the kernel; here every lane is the instance itself.
pub type Lane = Instance;

#[repr(C)]
pub struct Table {
    pub struct_size: u32,
    pub reserved: u32,
    pub capabilities: unsafe extern "C" fn(*mut Instance) -> u64,
    pub lane_open: unsafe extern "C" fn(*mut Instance, u32, *mut *mut Lane) -> Status,
    pub submit: unsafe extern "C" fn(*mut Lane, *const *mut Op, u32),
    pub cancel: unsafe extern "C" fn(*mut Lane, *mut Op),
    pub lane_close: unsafe extern "C" fn(*mut Lane),
}
