//! A host without a kernel, for unit tests: the table with standing clocks, and a count of what was
//! ended. An op that is ended twice fails the test.
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::abi::{self, Buf, CreateInfo, Instance, Kv, LifeStep, Op, Slice, Status};
use crate::host::{bytes, slice, NO_BYTES};

pub struct FakeHost {
    table: Box<abi::Host>,
}

static NO_TRACE: u8 = 0;

struct Seen {
    completed: AtomicU32,
}

unsafe fn seen<'a>(h: *const abi::Host) -> &'a Seen {
    &*((*h).host_data as *const Seen)
}

unsafe extern "C" fn get_interface(_: *const abi::Host, _: *const c_char) -> *const c_void {
    ptr::null()
}
unsafe extern "C" fn complete(h: *const abi::Host, ops: *const *mut Op, n: u32) {
    for &op in std::slice::from_raw_parts(ops, n as usize) {
        if (*op).host_private[0].is_null() {
            eprintln!("an op was ended twice, or was never submitted");
            std::process::abort();
        }
        (*op).host_private[0] = ptr::null_mut();
        seen(h).completed.fetch_add(1, Ordering::SeqCst);
    }
}
unsafe extern "C" fn log(_: *const abi::Host, _: i32, _: Slice, _: *const Kv, _: u32) {}
unsafe extern "C" fn log_enabled(_: *const abi::Host, _: i32) -> u8 {
    0
}
unsafe extern "C" fn fault(_: *const abi::Host, why: Status, text: Slice) {
    eprintln!("fault {why}: {}", String::from_utf8_lossy(bytes(&text)));
    std::process::abort();
}
unsafe extern "C" fn now_ns(_: *const abi::Host) -> u64 {
    1_000_000_000
}
unsafe extern "C" fn unix_ms(_: *const abi::Host) -> i64 {
    1_700_000_000_000
}
unsafe extern "C" fn health(_: *const abi::Host, _: u32, _: Slice) {}

impl FakeHost {
    pub fn new() -> Self {
        let seen = Box::new(Seen { completed: AtomicU32::new(0) });
        FakeHost {
            table: Box::new(abi::Host {
                struct_size: std::mem::size_of::<abi::Host>() as u32,
                abi_minor: abi::ABI_MINOR as u32,
                host_data: Box::into_raw(seen) as *mut c_void,
                get_interface,
                complete,
                log,
                log_enabled,
                fault,
                now_ns,
                unix_ms,
                health,
            }),
        }
    }
    /// An op that has to end once.
    pub fn op(&self, code: u16, struct_size: usize) -> Op {
        Op {
            struct_size: struct_size as u32,
            code,
            flags: 0,
            op_id: 1,
            deadline_ns: 0,
            trace: ptr::null(),
            status: -1,
            retry_after_ms: 0,
            error: NO_BYTES,
            plugin_scratch: [ptr::null_mut(); 4],
            host_private: [&NO_TRACE as *const u8 as *mut c_void, ptr::null_mut()],
        }
    }
    pub fn completed(&self) -> u32 {
        unsafe { seen(&*self.table) }.completed.load(Ordering::SeqCst)
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        drop(unsafe { Box::from_raw(self.table.host_data as *mut Seen) });
    }
}

/// An instance that has started; taken through its end when it is dropped.
pub struct Plugin<'a> {
    host: &'a FakeHost,
    raw: *mut Instance,
    steps: Cell<u32>,
}

impl Plugin<'_> {
    pub fn raw(&self) -> *mut Instance {
        self.raw
    }
    /// How many ops of its life have ended.
    pub fn steps(&self) -> u32 {
        self.steps.get()
    }
    /// The plugin's table of that id (a C string).
    pub fn table<T>(&self, id: &'static [u8]) -> &'static T {
        let found = unsafe { ((*(*self.raw).vt).get_interface)(self.raw, id.as_ptr() as *const c_char) };
        unsafe { (found as *const T).as_ref() }.expect("the plugin has the table of its kind")
    }
    fn step(&self, step: LifeStep) {
        let mut op = self.host.op(0, std::mem::size_of::<Op>());
        unsafe { step(self.raw, &mut op) };
        assert_eq!(op.status, abi::OK);
        self.steps.set(self.steps.get() + 1);
    }
}

impl Drop for Plugin<'_> {
    fn drop(&mut self) {
        let vt = unsafe { &*(*self.raw).vt };
        for step in [vt.quiesce, vt.drain, vt.stop] {
            self.step(step);
        }
        unsafe { (vt.destroy)(self.raw) };
    }
}

pub fn started<'a>(host: &'a FakeHost, config: &str) -> Plugin<'a> {
    let entry = unsafe { &*crate::spawn_plugin_entry_1() };
    let info = CreateInfo {
        struct_size: std::mem::size_of::<CreateInfo>() as u32,
        lanes: 1,
        name: slice(b"test"),
        config_json: slice(config.as_bytes()),
        secrets: ptr::null(),
        n_secrets: 0,
        reserved: 0,
    };
    let mut raw = ptr::null_mut();
    let mut error: Buf = NO_BYTES;
    let status = unsafe { (entry.create)(&*host.table, &info, &mut raw, &mut error) };
    assert_eq!(status, abi::OK);
    let made = Plugin { host, raw, steps: Cell::new(0) };
    made.step(unsafe { (*(*raw).vt).start });
    made
}
