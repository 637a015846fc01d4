//! A host without a kernel, for unit tests: the table with clocks that the test moves, a count of
//! what was ended, and what the plugin told the tables of its kind. What a plugin may not do, such as
//! ending an op twice, ends the test.
#![allow(dead_code)] // the tests of each kind use some of it
use std::cell::Cell;
use std::ffi::{c_char, c_void, CStr};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::abi::{self, Buf, CreateInfo, Entry, Instance, Kv, LifeStep, Op, Slice, Status};
use crate::host::{bytes, slice, NO_BYTES};

/// Something that came from the plugin: a delivery, an offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub id: u64,
    pub name: String,
    pub text: String,
}

pub struct Seen {
    completed: AtomicU32,
    clock_ms: AtomicU64,
    pub serving: AtomicBool,
    /// How many faults the test still expects; one more ends it.
    pub faults_expected: AtomicU32,
    /// How much more the plugin may deliver or offer.
    pub credit: AtomicU32,
    heard: Mutex<Vec<Heard>>,
    offered: Mutex<Vec<(&'static [u8], usize)>>,
}

static NO_TRACE: u8 = 0;

/// # Safety
/// `h` is the table of a FakeHost.
pub unsafe fn seen<'a>(h: *const abi::Host) -> &'a Seen {
    &*((*h).host_data as *const Seen)
}

pub fn breach(what: &str) -> ! {
    eprintln!("{what}");
    std::process::abort();
}

impl Seen {
    /// One unit of credit is used; false: there is none.
    pub fn use_credit(&self) -> bool {
        self.credit.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    }
    pub fn hear(&self, id: u64, name: &[u8], payload: &[u8]) {
        let owned = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let one = Heard { id, name: owned(name), text: owned(payload) };
        self.heard.lock().unwrap().push(one);
    }
}

unsafe extern "C" fn get_interface(h: *const abi::Host, id: *const c_char) -> *const c_void {
    let id = CStr::from_ptr(id).to_bytes_with_nul();
    let offered = seen(h).offered.lock().unwrap();
    let found = offered.iter().find(|(known, _)| *known == id);
    found.map_or(ptr::null(), |(_, table)| *table as *const c_void)
}
unsafe extern "C" fn complete(h: *const abi::Host, ops: *const *mut Op, n: u32) {
    for &op in std::slice::from_raw_parts(ops, n as usize) {
        if (*op).host_private[0].is_null() {
            breach("an op was ended twice, or was never submitted");
        }
        (*op).host_private[0] = ptr::null_mut();
        seen(h).completed.fetch_add(1, SeqCst);
    }
}
unsafe extern "C" fn log(_: *const abi::Host, _: i32, _: Slice, _: *const Kv, _: u32) {}
unsafe extern "C" fn log_enabled(_: *const abi::Host, _: i32) -> u8 {
    0
}
unsafe extern "C" fn fault(h: *const abi::Host, why: Status, text: Slice) {
    let expected = &seen(h).faults_expected;
    if expected.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
        breach(&format!("fault {why}: {}", String::from_utf8_lossy(bytes(&text))));
    }
}
unsafe extern "C" fn now_ns(h: *const abi::Host) -> u64 {
    1_000_000_000 + seen(h).clock_ms.load(SeqCst) * 1_000_000
}
unsafe extern "C" fn unix_ms(h: *const abi::Host) -> i64 {
    1_700_000_000_000 + seen(h).clock_ms.load(SeqCst) as i64
}
unsafe extern "C" fn health(h: *const abi::Host, serving: u32, _: Slice) {
    seen(h).serving.store(serving != 0, SeqCst);
}

pub struct FakeHost {
    table: Box<abi::Host>,
}

impl FakeHost {
    pub fn new() -> Self {
        let seen = Box::new(Seen {
            completed: AtomicU32::new(0),
            clock_ms: AtomicU64::new(0),
            serving: AtomicBool::new(true),
            faults_expected: AtomicU32::new(0),
            credit: AtomicU32::new(0),
            heard: Mutex::new(Vec::new()),
            offered: Mutex::new(Vec::new()),
        });
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
    pub fn seen(&self) -> &Seen {
        unsafe { seen(&*self.table) }
    }
    /// Another table of the host, by its id (a C string).
    pub fn offer<T: Sync>(&self, id: &'static [u8], table: &'static T) {
        self.seen().offered.lock().unwrap().push((id, table as *const T as usize));
    }
    /// Time passes on both clocks.
    pub fn pass(&self, ms: u64) {
        self.seen().clock_ms.fetch_add(ms, SeqCst);
    }
    /// All that came so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.seen().heard.lock().unwrap().clone()
    }
    /// Waits for it, up to ten seconds of real time.
    pub fn eventually(&self, holds: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(10);
        while !holds() {
            assert!(Instant::now() < end, "it never came to that");
            std::thread::sleep(Duration::from_millis(1));
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
        self.seen().completed.load(SeqCst)
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
    /// It may end on a thread of the plugin's.
    fn step(&self, step: LifeStep) {
        let before = self.host.completed();
        let mut op = self.host.op(0, std::mem::size_of::<Op>());
        unsafe { step(self.raw, &mut op) };
        self.host.eventually(|| self.host.completed() != before);
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
    started_by(unsafe { &*crate::spawn_plugin_entry_1() }, host, config)
}

/// The same with another entry than the file's.
pub fn started_by<'a>(entry: &Entry, host: &'a FakeHost, config: &str) -> Plugin<'a> {
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
