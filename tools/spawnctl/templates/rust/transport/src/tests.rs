//! What the kind has to keep: the patterns, and the plugin over its C table on a fake host.
use std::ptr;
use std::sync::atomic::Ordering;

use crate::abi::{self, Op, Status};
use crate::fake_host::{breach, seen, started, FakeHost, Plugin};
use crate::host::{bytes, slice, NO_BYTES};
use crate::subject::{matches, valid};
use crate::transport_abi::{self as tp, HostTransport, Message, Send, Sub, Table};
use crate::Lane;

unsafe extern "C" fn deliver(h: *const abi::Host, _: u32, m: *const Message, n: u32) {
    for m in std::slice::from_raw_parts(m, n as usize) {
        if !seen(h).use_credit() {
            breach("a delivery beyond the credit");
        }
        let payload = abi::Slice { ptr: m.payload.ptr, len: m.payload.len };
        seen(h).hear(m.sub_id, bytes(&m.subject), bytes(&payload));
        if let Some(release) = m.payload.release {
            release(m.payload.ctx, m.payload.ptr, m.payload.len);
        }
    }
}
unsafe extern "C" fn link_state(h: *const abi::Host, up: u32) {
    seen(h).serving.store(up != 0, Ordering::SeqCst);
}

static SERVICES: HostTransport = HostTransport {
    struct_size: std::mem::size_of::<HostTransport>() as u32,
    reserved: 0,
    deliver,
    link_state,
};

fn bus_host() -> FakeHost {
    let host = FakeHost::new();
    host.seen().serving.store(false, Ordering::SeqCst);
    host.offer(tp::HOST_TRANSPORT, &SERVICES);
    host
}

/// Lane 0 of an instance, with its ops as calls; each ends inside its submit.
struct OpenLane<'a> {
    host: &'a FakeHost,
    table: &'static Table<Lane>,
    raw: *mut Lane,
}

impl<'a> OpenLane<'a> {
    fn of(host: &'a FakeHost, plugin: &Plugin) -> Self {
        let table: &Table<Lane> = plugin.table(tp::TRANSPORT);
        let mut raw = ptr::null_mut();
        assert_eq!(unsafe { (table.lane_open)(plugin.raw(), 0, &mut raw) }, abi::OK);
        OpenLane { host, table, raw }
    }
    fn submit(&self, op: *mut Op) {
        unsafe { (self.table.submit)(self.raw, &op, 1) };
    }
    fn publish(&self, subject: &str, payload: &str) -> Status {
        let part = slice(payload.as_bytes());
        let mut op = Send {
            op: self.host.op(tp::PUBLISH, std::mem::size_of::<Send>()),
            subject: slice(subject.as_bytes()),
            headers: ptr::null(),
            payload: &part,
            n_headers: 0,
            n_payload: 1,
            dedup_id: 0,
            out_reply: NO_BYTES,
            out_headers: ptr::null(),
            n_out_headers: 0,
            reserved: 0,
        };
        self.submit(&mut op.op);
        op.op.status
    }
    fn subscription(&self, code: u16, sub_id: u64, pattern: &str, credit: u32) -> Status {
        let mut op = Sub {
            op: self.host.op(code, std::mem::size_of::<Sub>()),
            pattern: slice(pattern.as_bytes()),
            queue_group: slice(b""),
            sub_id,
            initial_credit: credit,
            reserved: 0,
        };
        self.host.seen().credit.fetch_add(credit, Ordering::SeqCst);
        self.submit(&mut op.op);
        op.op.status
    }
}

impl Drop for OpenLane<'_> {
    fn drop(&mut self) {
        unsafe { (self.table.lane_close)(self.raw) };
    }
}

#[test]
fn patterns_stand_for_subjects() {
    for (pattern, subject, hears) in [
        ("a.b", "a.b", true),
        ("a.*", "a.b", true),
        ("a.*", "a.b.c", false),
        ("a.>", "a.b.c", true),
        ("a.>", "a", false),
        ("a.b", "a", false),
    ] {
        assert_eq!(matches(pattern.as_bytes(), subject.as_bytes()), hears, "{pattern} {subject}");
    }
    assert!(valid(b"a.*.>", true) && valid(b"a.b", false));
    for bad in ["", "a.", "a..b", "a.>.b", "a*.b", "a b"] {
        assert!(!valid(bad.as_bytes(), true), "{bad}");
    }
}

#[test]
fn nothing_comes_beyond_the_credit() {
    let host = bus_host();
    let plugin = started(&host, r#"{"bus":"credit","max_held":1}"#);
    let lane = OpenLane::of(&host, &plugin);
    assert!(host.seen().serving.load(Ordering::SeqCst), "the link is up");
    assert_eq!(lane.subscription(tp::SUBSCRIBE, 7, "shop.*", 1), abi::OK);
    for payload in ["one", "two", "lost"] {
        assert_eq!(lane.publish("shop.orders", payload), abi::OK);
    }
    assert_eq!(host.heard().len(), 1);
    host.seen().credit.fetch_add(10, Ordering::SeqCst);
    unsafe { (lane.table.grant)(lane.raw, 7, 10) };
    let heard: Vec<_> = host.heard().into_iter().map(|h| (h.id, h.name, h.text)).collect();
    let expected = |text: &str| (7, "shop.orders".to_string(), text.to_string());
    assert_eq!(heard, [expected("one"), expected("two")]);
}

#[test]
fn unsubscribed_is_silent() {
    let host = bus_host();
    let plugin = started(&host, r#"{"bus":"silent"}"#);
    let lane = OpenLane::of(&host, &plugin);
    assert_eq!(lane.subscription(tp::SUBSCRIBE, 7, "s", 10), abi::OK);
    assert_eq!(lane.subscription(tp::UNSUBSCRIBE, 7, "", 0), abi::OK);
    assert_eq!(lane.subscription(tp::UNSUBSCRIBE, 7, "", 0), abi::E_NOT_FOUND);
    assert_eq!(lane.publish("s", "one"), abi::OK);
    assert!(host.heard().is_empty());
}
