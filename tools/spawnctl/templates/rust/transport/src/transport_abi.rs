//! The C structs of `transport.h`, field for field; that header says what each means.
use crate::abi::{Buf, Host, Instance, Kv, Op, Slice, Status};

pub const TRANSPORT: &[u8] = b"spawn.transport/1\0";
pub const HOST_TRANSPORT: &[u8] = b"spawn.host.transport/1\0";

pub const PUBLISH: u16 = 1;
pub const SUBSCRIBE: u16 = 3;
pub const UNSUBSCRIBE: u16 = 4;

pub const CAP_ORDERED_PER_SUBJECT: u64 = 1 << 3;
pub const CAP_HEADERS: u64 = 1 << 4;

#[repr(C)]
pub struct Send {
    pub op: Op,
    pub subject: Slice,
    pub headers: *const Kv,
    pub payload: *const Slice,
    pub n_headers: u32,
    pub n_payload: u32,
    pub dedup_id: u64,
    pub out_reply: Buf,
    pub out_headers: *const Kv,
    pub n_out_headers: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Sub {
    pub op: Op,
    pub pattern: Slice,
    pub queue_group: Slice,
    pub sub_id: u64,
    pub initial_credit: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Message {
    pub sub_id: u64,
    pub token: u64,
    pub subject: Slice,
    pub reply_to: Slice,
    pub headers: *const Kv,
    pub n_headers: u32,
    pub redelivered: u32,
    pub payload: Buf,
}

#[repr(C)]
pub struct HostTransport {
    pub struct_size: u32,
    pub reserved: u32,
    pub deliver: unsafe extern "C" fn(*const Host, u32, *const Message, u32),
    pub link_state: unsafe extern "C" fn(*const Host, u32),
}

#[repr(C)]
pub struct Table<Lane> {
    pub struct_size: u32,
    pub reserved: u32,
    pub capabilities: unsafe extern "C" fn(*mut Instance) -> u64,
    pub lane_open: unsafe extern "C" fn(*mut Instance, u32, *mut *mut Lane) -> Status,
    pub submit: unsafe extern "C" fn(*mut Lane, *const *mut Op, u32),
    pub grant: unsafe extern "C" fn(*mut Lane, u64, u32),
    pub settle: unsafe extern "C" fn(*mut Lane, *const u64, u32, u32),
    pub lane_close: unsafe extern "C" fn(*mut Lane),
}
