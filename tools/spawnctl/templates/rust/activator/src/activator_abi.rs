//! The C structs of `activator.h`, field for field; that header says what each means.
use crate::abi::{ActorRef, Buf, Host, Instance, Kv, Payload, Slice, Status};

pub const ACTIVATOR: &[u8] = b"spawn.activator/1\0";
pub const HOST_ACTIVATOR: &[u8] = b"spawn.host.activator/1\0";

pub const CAP_RETRY_DELAY: u64 = 1;
pub const CAP_DEAD_LETTER: u64 = 2;

pub const ACK: u32 = 1;
pub const RETRY: u32 = 2;
pub const DEAD: u32 = 3;
pub const EXTEND: u32 = 4;

#[repr(C)]
pub struct Delivery {
    pub struct_size: u32,
    pub flags: u32,
    pub token: u64,
    pub source: Slice,
    pub partition: Slice,
    pub to: ActorRef,
    pub register_ref: Slice,
    pub action: Slice,
    pub content_type: Slice,
    pub payload: Payload,
    pub order_key: Slice,
    pub dedup_id: Slice,
    pub headers: *const Kv,
    pub n_headers: u32,
    pub attempt: u32,
    pub settle_by_ns: u64,
    pub deadline_ns: u64,
    pub owner: Buf,
}

#[repr(C)]
pub struct Settle {
    pub struct_size: u32,
    pub verdict: u32,
    pub token: u64,
    pub delay_ms: u32,
    pub status: Status,
    pub reply: Payload,
    pub error: Slice,
    pub reply_headers: *const Kv,
    pub n_reply_headers: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct HostActivator {
    pub struct_size: u32,
    pub reserved: u32,
    pub offer: unsafe extern "C" fn(*const Host, u32, *const *const Delivery, u32) -> u32,
    pub lag: unsafe extern "C" fn(*const Host, Slice, u64, u64),
    pub cursor_set: unsafe extern "C" fn(*const Host, Slice, Slice) -> Status,
    pub cursor_get: unsafe extern "C" fn(*const Host, Slice, *mut Buf) -> Status,
}

/// Opaque to the kernel; here the one lane is the instance itself.
pub type Lane = Instance;

#[repr(C)]
pub struct Table {
    pub struct_size: u32,
    pub reserved: u32,
    pub capabilities: unsafe extern "C" fn(*mut Instance) -> u64,
    pub lane_open: unsafe extern "C" fn(*mut Instance, u32, *mut *mut Lane) -> Status,
    pub set_window: unsafe extern "C" fn(*mut Lane, u32, u32),
    pub settle: unsafe extern "C" fn(*mut Lane, *const *const Settle, u32),
    pub lane_close: unsafe extern "C" fn(*mut Lane),
}
