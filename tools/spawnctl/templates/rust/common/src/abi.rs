//! The C structs of `abi.h`, `host.h` and `entry.h`, field for field; those headers say what each
//! means. The structs of the plugin's kind are in a file of their own.
#![allow(dead_code)] // the words of the headers, whether this plugin uses them or not
use std::ffi::{c_char, c_void};

pub type Status = i32;
pub const OK: Status = 0;
pub const E_INVALID: Status = 1;
pub const E_NOT_FOUND: Status = 2;
pub const E_CONFLICT: Status = 3;
pub const E_UNKNOWN_OUTCOME: Status = 6;
pub const E_DEADLINE: Status = 7;
pub const E_EXHAUSTED: Status = 9;
pub const E_UNSUPPORTED: Status = 12;
pub const E_SHUTDOWN: Status = 14;
pub const E_INTERNAL: Status = 15;
pub const E_ABORTED: Status = 16;

pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u16 = 0;

pub const P_UNSET: u32 = 0;
pub const P_VALUE: u32 = 1;

/// Borrowed bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    pub ptr: *const c_void,
    pub len: u64,
}

/// Owned bytes: whoever holds it calls `release` once, on any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Buf {
    pub ptr: *const c_void,
    pub len: u64,
    pub release: Option<unsafe extern "C" fn(*mut c_void, *const c_void, u64)>,
    pub ctx: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Payload {
    pub presence: u32,
    pub reserved: u32,
    pub type_url: Slice,
    pub value: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ActorRef {
    pub system: Slice,
    pub parent: Slice,
    pub name: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Kv {
    pub key: Slice,
    pub value: Slice,
}

#[repr(C)]
pub struct Op {
    pub struct_size: u32,
    pub code: u16,
    pub flags: u16,
    pub op_id: u64,
    pub deadline_ns: u64,
    pub trace: *const c_void,
    pub status: Status,
    pub retry_after_ms: u32,
    pub error: Buf,
    pub plugin_scratch: [*mut c_void; 4],
    pub host_private: [*mut c_void; 2],
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub host_data: *mut c_void,
    pub get_interface: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub complete: unsafe extern "C" fn(*const Host, *const *mut Op, u32),
    pub log: unsafe extern "C" fn(*const Host, i32, Slice, *const Kv, u32),
    pub log_enabled: unsafe extern "C" fn(*const Host, i32) -> u8,
    pub fault: unsafe extern "C" fn(*const Host, Status, Slice),
    pub now_ns: unsafe extern "C" fn(*const Host) -> u64,
    pub unix_ms: unsafe extern "C" fn(*const Host) -> i64,
    pub health: unsafe extern "C" fn(*const Host, u32, Slice),
}

#[repr(C)]
pub struct CreateInfo {
    pub struct_size: u32,
    pub lanes: u32,
    pub name: Slice,
    pub config_json: Slice,
    pub secrets: *const Kv,
    pub n_secrets: u32,
    pub reserved: u32,
}

pub type LifeStep = unsafe extern "C" fn(*mut Instance, *mut Op);

#[repr(C)]
pub struct InstanceVtbl {
    pub struct_size: u32,
    pub reserved: u32,
    pub get_interface: unsafe extern "C" fn(*mut Instance, *const c_char) -> *const c_void,
    pub start: LifeStep,
    pub quiesce: LifeStep,
    pub drain: LifeStep,
    pub stop: LifeStep,
    pub destroy: unsafe extern "C" fn(*mut Instance),
}

#[repr(C)]
pub struct Instance {
    pub vt: *const InstanceVtbl,
    pub host: *const Host,
}

#[repr(C)]
pub struct Entry {
    pub struct_size: u32,
    pub abi_minor_built: u16,
    pub abi_minor_min: u16,
    pub manifest_json: *const c_char,
    pub init: unsafe extern "C" fn(*const Host) -> Status,
    pub deinit: unsafe extern "C" fn(),
    pub create: unsafe extern "C" fn(
        *const Host,
        *const CreateInfo,
        *mut *mut Instance,
        *mut Buf,
    ) -> Status,
}

/// The one exported function returns this; its pointers are to constants.
pub struct EntryCell(pub Entry);
// SAFETY: nothing in it is ever written.
unsafe impl Sync for EntryCell {}
