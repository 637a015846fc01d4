//! The host's table as Rust calls, bytes in both directions, and the border that no panic crosses.
#![allow(dead_code)] // what the kernel offers, whether this plugin uses it or not
use std::ffi::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::abi::{self, Buf, Op, Slice, Status};

/// The host of one instance; good until its destroy returns. Any thread.
#[derive(Clone, Copy)]
pub struct Host(*const abi::Host);

// SAFETY: the functions of the table may be called on any thread.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// `raw` is what the kernel handed to `create`.
    pub unsafe fn new(raw: *const abi::Host) -> Self {
        Host(raw)
    }
    fn table(&self) -> &abi::Host {
        // SAFETY: see `new`.
        unsafe { &*self.0 }
    }
    pub fn now_ns(&self) -> u64 {
        // SAFETY: as above; so are the calls below.
        unsafe { (self.table().now_ns)(self.0) }
    }
    pub fn unix_ms(&self) -> i64 {
        unsafe { (self.table().unix_ms)(self.0) }
    }
    /// Ends the ops; their memory is the host's again.
    pub fn complete(&self, ops: &[*mut Op]) {
        unsafe { (self.table().complete)(self.0, ops.as_ptr(), ops.len() as u32) }
    }
    /// Another table of the host by its id, a C string; None: this host does not have it.
    pub fn find<T>(&self, id: &'static [u8]) -> Option<&'static T> {
        let found = unsafe { (self.table().get_interface)(self.0, id.as_ptr() as *const c_char) };
        unsafe { (found as *const T).as_ref() }
    }
    pub fn raw(&self) -> *const abi::Host {
        self.0
    }
    /// Level 2 is info; the message is a constant, the rest are fields.
    pub fn log(&self, level: i32, message: &str, key: &str, value: &str) {
        let field = abi::Kv { key: slice(key.as_bytes()), value: slice(value.as_bytes()) };
        unsafe { (self.table().log)(self.0, level, slice(message.as_bytes()), &field, 1) }
    }
    pub fn health(&self, serving: bool, why: &str) {
        unsafe { (self.table().health)(self.0, serving as u32, slice(why.as_bytes())) }
    }
    pub fn fault(&self, why: Status, text: &str) {
        unsafe { (self.table().fault)(self.0, why, slice(text.as_bytes())) }
    }
    /// Runs `work`; a panic becomes a fault of the instance, and None.
    pub fn guarded<R>(&self, work: impl FnOnce() -> R) -> Option<R> {
        let done = catch_unwind(AssertUnwindSafe(work));
        if done.is_err() {
            self.fault(abi::E_INTERNAL, "a panic");
        }
        done.ok()
    }
}

pub fn slice(bytes: &[u8]) -> Slice {
    Slice { ptr: bytes.as_ptr() as *const c_void, len: bytes.len() as u64 }
}

pub const NO_BYTES: Buf = Buf { ptr: std::ptr::null(), len: 0, release: None, ctx: std::ptr::null_mut() };

/// # Safety
/// The bytes of the slice are there for as long as the result is used.
pub unsafe fn bytes<'a>(s: &Slice) -> &'a [u8] {
    if s.len == 0 {
        return &[];
    }
    std::slice::from_raw_parts(s.ptr as *const u8, s.len as usize)
}

unsafe extern "C" fn drop_box<T>(ctx: *mut c_void, _: *const c_void, _: u64) {
    drop(Box::from_raw(ctx as *mut T));
}

/// `len` bytes at `ptr`, which live in `owner`: a heap value that the release drops.
pub fn lend<T>(ptr: *const c_void, len: u64, owner: Box<T>) -> Buf {
    Buf { ptr, len, release: Some(drop_box::<T>), ctx: Box::into_raw(owner) as *mut c_void }
}

/// Gives bytes to the host. Never a null pointer: empty is not absent.
pub fn give(bytes: Vec<u8>) -> Buf {
    let owner = Box::new(bytes);
    lend(owner.as_ptr() as *const c_void, owner.len() as u64, owner)
}

/// The whole number of a top-level member of a flat config; `otherwise` when it is not there.
/// The kernel hands out canonical JSON that the plugin's schema has accepted.
pub fn config_number(json: &[u8], key: &str, otherwise: u64) -> u64 {
    let text = String::from_utf8_lossy(json);
    let member = format!("\"{key}\":");
    let digits = text.split_once(&member).map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(otherwise)
}

/// The text of such a member, without escapes; empty when it is not there.
pub fn config_text(json: &[u8], key: &str) -> String {
    let text = String::from_utf8_lossy(json);
    let member = format!("\"{key}\":\"");
    let rest = text.split_once(&member).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or("").to_string()
}
