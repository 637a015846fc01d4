//! What the kind has to keep, over the plugin's C table on a fake host.
use std::fs;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::abi::{self, Buf, Host, Payload, Slice, Status};
use crate::activator_abi::{self as ac, Delivery, HostActivator, Lane, Settle, Table};
use crate::fake_host::{seen, started, FakeHost, Heard, Plugin};
use crate::host::{bytes, slice};

unsafe extern "C" fn offer(h: *const Host, _: u32, all: *const *const Delivery, n: u32) -> u32 {
    for (taken, &d) in std::slice::from_raw_parts(all, n as usize).iter().enumerate() {
        if !seen(h).use_credit() {
            return taken as u32;
        }
        let d = &*d;
        seen(h).hear(d.token, bytes(&d.order_key), bytes(&d.payload.value));
        d.owner.release.unwrap()(d.owner.ctx, d.owner.ptr, d.owner.len);
    }
    n
}
unsafe extern "C" fn lag(_: *const Host, _: Slice, _: u64, _: u64) {}
unsafe extern "C" fn cursor_set(_: *const Host, _: Slice, _: Slice) -> Status {
    abi::OK
}
unsafe extern "C" fn cursor_get(_: *const Host, _: Slice, _: *mut Buf) -> Status {
    abi::E_NOT_FOUND
}

static SERVICES: HostActivator = HostActivator {
    struct_size: std::mem::size_of::<HostActivator>() as u32,
    reserved: 0,
    offer,
    lag,
    cursor_set,
    cursor_get,
};

/// A folder of one test, gone with it.
struct Inbox(PathBuf);

impl Inbox {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, SeqCst);
        let path = std::env::temp_dir().join(format!("inbox-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Inbox(path)
    }
    fn put(&self, name: &str, text: &str) {
        let next = self.0.with_extension("next");
        fs::write(&next, text).unwrap();
        fs::rename(next, self.0.join(name)).unwrap();
    }
    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }
    fn config(&self) -> String {
        format!(r#"{{"folder":"{}","poll_ms":1}}"#, self.0.display())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn source_host() -> FakeHost {
    let host = FakeHost::new();
    host.offer(ac::HOST_ACTIVATOR, &SERVICES);
    host
}

struct OpenLane<'a> {
    host: &'a FakeHost,
    table: &'static Table,
    raw: *mut Lane,
}

impl<'a> OpenLane<'a> {
    fn of(host: &'a FakeHost, plugin: &Plugin) -> Self {
        let table: &Table = plugin.table(ac::ACTIVATOR);
        let mut raw = ptr::null_mut();
        assert_eq!(unsafe { (table.lane_open)(plugin.raw(), 0, &mut raw) }, abi::OK);
        OpenLane { host, table, raw }
    }
    fn window(&self, window: u32) {
        self.host.seen().credit.store(window, SeqCst);
        unsafe { (self.table.set_window)(self.raw, window, 0) };
    }
    /// A final verdict: there is room for one more.
    fn settle(&self, token: u64, verdict: u32, delay_ms: u32) {
        let none = slice(b"");
        let one = Settle {
            struct_size: std::mem::size_of::<Settle>() as u32,
            verdict,
            token,
            delay_ms,
            status: abi::OK,
            reply: Payload { presence: abi::P_UNSET, reserved: 0, type_url: none, value: none },
            error: none,
            reply_headers: ptr::null(),
            n_reply_headers: 0,
            reserved: 0,
        };
        self.host.seen().credit.fetch_add(1, SeqCst);
        let one: *const Settle = &one;
        unsafe { (self.table.settle)(self.raw, &one, 1) };
    }
    /// The delivery number `n`, counted from 0; waits for it.
    fn taken(&self, n: usize) -> Heard {
        self.host.eventually(|| self.host.heard().len() > n);
        self.host.heard()[n].clone()
    }
}

impl Drop for OpenLane<'_> {
    fn drop(&mut self) {
        unsafe { (self.table.lane_close)(self.raw) };
    }
}

#[test]
fn files_are_offered_within_the_window() {
    let (host, inbox) = (source_host(), Inbox::new());
    inbox.put("1-anna", "one");
    inbox.put("2-ben", "two");
    let plugin = started(&host, &inbox.config());
    let lane = OpenLane::of(&host, &plugin);
    lane.window(1);
    let first = lane.taken(0);
    assert_eq!((first.name.as_str(), first.text.as_str()), ("anna", "one"));
    assert_eq!(host.heard().len(), 1);
    lane.settle(first.id, ac::ACK, 0);
    let second = lane.taken(1);
    assert_eq!(second.text, "two");
    assert!(!inbox.has("1-anna"), "a file that is done is gone");
    lane.settle(second.id, ac::DEAD, 0);
    host.eventually(|| inbox.has("dead/2-ben"));
}

#[test]
fn a_retry_comes_after_its_delay() {
    let (host, inbox) = (source_host(), Inbox::new());
    inbox.put("1-anna", "one");
    let plugin = started(&host, &inbox.config());
    let lane = OpenLane::of(&host, &plugin);
    lane.window(10);
    lane.settle(lane.taken(0).id, ac::RETRY, 5_000);
    inbox.put("2-ben", "two");
    assert_eq!(lane.taken(1).text, "two");
    host.pass(6_000);
    assert_eq!(lane.taken(2).text, "one");
    for n in 1..3 {
        lane.settle(lane.taken(n).id, ac::ACK, 0);
    }
}

#[test]
fn it_starts_without_its_folder() {
    let (host, inbox) = (source_host(), Inbox::new());
    fs::remove_dir(&inbox.0).unwrap();
    let plugin = started(&host, &inbox.config());
    host.eventually(|| !host.seen().serving.load(SeqCst));
    fs::create_dir(&inbox.0).unwrap();
    host.eventually(|| host.seen().serving.load(SeqCst));
    assert_eq!(plugin.steps(), 1);
}
