//! The C structs of `workflow.h`, field for field; that header says what each means.
use std::ffi::c_char;

use crate::abi::{ActorRef, Buf, Instance, Kv, Op, Payload, Slice, Status};

pub const WORKFLOW: &[u8] = b"spawn.workflow/1\0";

pub const BEGIN: u32 = 1;
pub const INVOKE: u32 = 1;
pub const DETACH: u32 = 2;
pub const HAS_CALLER: u32 = 4;

#[repr(C)]
pub struct Command {
    pub struct_size: u32,
    pub kind: u32,
    pub token: u64,
    pub reply_to: u64,
    pub mode: u32,
    pub flags: u32,
    pub to: ActorRef,
    pub register_ref: Slice,
    pub action: Slice,
    pub channel: Slice,
    pub payload: Payload,
    pub metadata: *const Kv,
    pub n_metadata: u32,
    pub code: Status,
    pub due_unix_ms: i64,
    pub timeout_ms: u64,
    pub bytes: Slice,
    pub schema: u32,
    pub reserved: u32,
    pub caller: ActorRef,
}

#[repr(C)]
pub struct Step {
    pub op: Op,
    pub event: u32,
    pub attempt: u32,
    pub flow_id: u64,
    pub call_id: u64,
    pub token: u64,
    pub self_: ActorRef,
    pub caller: ActorRef,
    pub action: Slice,
    pub part_type: Slice,
    pub part: Slice,
    pub request: Payload,
    pub response: Payload,
    pub metadata: *const Kv,
    pub n_metadata: u32,
    pub hops: u32,
    pub status: Status,
    pub scratch_schema: u32,
    pub error: Slice,
    pub scratch: Slice,
    pub now_unix_ms: i64,
    pub deadline_unix_ms: i64,
    pub out: *const Command,
    pub n_out: u32,
    pub out_stride: u32,
    pub out_owner: Buf,
}

pub type Strings = unsafe extern "C" fn(*mut Instance) -> *const *const c_char;

#[repr(C)]
pub struct Table {
    pub struct_size: u32,
    pub reserved: u32,
    pub part_types: Strings,
    pub virtual_parents: Option<Strings>,
    pub accepts_scratch: Option<unsafe extern "C" fn(*mut Instance, u32) -> u32>,
    pub submit: unsafe extern "C" fn(*mut Instance, u32, *const *mut Op, u32),
    pub describe: Option<unsafe extern "C" fn(*mut Instance, u32, Slice, *mut Buf) -> Status>,
}
