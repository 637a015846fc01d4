//! The C structs of `actors.h` and `live_actors.h`, field for field, and where each field is; those
//! headers say what each means.
use std::ffi::c_void;
use std::mem::{offset_of, size_of};

use crate::abi::{ActorRef, Buf, Instance, Op, Payload, Slice, Status};

pub const ACTORS: &[u8] = b"spawn.actors/1\0";
pub const LIVE_ACTORS: &[u8] = b"spawn.actors.live/1\0";

pub const TELL: u16 = 0;
pub const ASK: u16 = 1;
pub const ANSWER: u16 = 2;
pub const FAILED: u16 = 3;

/// An actor's address; the kernel's.
pub enum Ref {}

/// The plugin's own; the kernel never looks inside.
pub type Lane = c_void;
pub type Object = c_void;

/// Of `actors.h`. Without `submit` where every type is live.
#[repr(C)]
pub struct Table {
    pub struct_size: u32,
    pub reserved: u32,
    pub describe: unsafe extern "C" fn(*mut Instance, *mut Buf) -> Status,
    pub lane_open: unsafe extern "C" fn(*mut Instance, u32, *mut *mut Lane) -> Status,
    pub submit: Option<unsafe extern "C" fn(*mut Lane, *const *mut Op, u32)>,
    pub lane_close: unsafe extern "C" fn(*mut Lane),
}

#[repr(C)]
pub struct Message {
    pub payload: Payload,
    pub token: u64,
    pub from: *mut Ref,
    pub action: u32,
    pub kind: u16,
    pub status: u16,
}

pub type Data = *mut c_void;

#[repr(C)]
pub struct LiveHost {
    pub struct_size: u32,
    pub reserved: u32,
    pub data: Data,
    pub ref_: unsafe extern "C" fn(Data, *const ActorRef) -> *mut Ref,
    pub self_: unsafe extern "C" fn(Data) -> *mut Ref,
    pub retain: unsafe extern "C" fn(Data, *mut Ref),
    pub release: unsafe extern "C" fn(Data, *mut Ref),
    pub name: unsafe extern "C" fn(Data, *const Ref, *mut ActorRef),
    pub tell: unsafe extern "C" fn(Data, *mut Ref, u32, *const Payload) -> Status,
    pub ask: unsafe extern "C" fn(Data, *mut Ref, u32, *const Payload, u64, u32) -> Status,
    pub reply: unsafe extern "C" fn(Data, u64, Status, *const Payload) -> Status,
    pub send: unsafe extern "C" fn(Data, *mut Ref, Slice, *const Payload) -> Status,
    pub call: unsafe extern "C" fn(Data, *mut Ref, Slice, *const Payload, u64, u32) -> Status,
    pub leave: unsafe extern "C" fn(Data),
}

#[repr(C)]
pub struct LiveTable {
    pub struct_size: u32,
    pub reserved: u32,
    pub is_live: unsafe extern "C" fn(*mut Instance, u32) -> u32,
    pub lane_open: unsafe extern "C" fn(*mut Instance, u32, *const LiveHost, *mut *mut Lane) -> Status,
    pub create: unsafe extern "C" fn(*mut Lane, u32, *mut Ref, *mut *mut Object) -> Status,
    pub receive: unsafe extern "C" fn(*mut Lane, *mut Object, *const Message),
    pub destroy: unsafe extern "C" fn(*mut Lane, *mut Object),
    pub lane_close: unsafe extern "C" fn(*mut Lane),
}

/// A struct that is not the kernel's does not compile.
macro_rules! laid_out {
    ($of:ty, $size:literal, $($field:ident: $at:literal),+) => {
        const _: () = assert!(size_of::<$of>() == $size);
        $(const _: () = assert!(offset_of!($of, $field) == $at);)+
    };
}

laid_out!(Table, 40, struct_size: 0, reserved: 4, describe: 8, lane_open: 16, submit: 24, lane_close: 32);
laid_out!(Message, 64, payload: 0, token: 40, from: 48, action: 56, kind: 60, status: 62);
laid_out!(LiveHost, 104, struct_size: 0, reserved: 4, data: 8, ref_: 16, self_: 24, retain: 32,
    release: 40, name: 48, tell: 56, ask: 64, reply: 72, send: 80, call: 88, leave: 96);
laid_out!(LiveTable, 56, struct_size: 0, reserved: 4, is_live: 8, lane_open: 16, create: 24,
    receive: 32, destroy: 40, lane_close: 48);
