//! What the actors do, over the plugin's C tables on a fake lane.
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;

use crate::abi;
use crate::actors_abi::ACTORS;
use crate::counters::{ADD, INT64_URL};
use crate::fake_host::{started, started_by, FakeHost, Plugin};
use crate::fake_lane::{FakeLane, Place, Reply};
use crate::glue::{table_of, Live, Type};
use crate::host::Host;
use crate::live::{Actor, Context, Message, Payload};
use crate::plugin;
use crate::wire::{number_of, put_number};

const SHOW: u32 = 1;

struct Bench<'a> {
    lane: FakeLane,
    one: Rc<Place>,
    total: Rc<Place>,
    _plugin: Plugin<'a>, // it ends after the lane
}

fn bench<'a>(host: &'a FakeHost, config: &str) -> Bench<'a> {
    let plugin = started(host, config);
    let lane = FakeLane::open(&plugin);
    let one = lane.make(0, "@name@", "one").unwrap();
    let total = lane.make(1, "", "@name@-total").unwrap();
    Bench { lane, one, total, _plugin: plugin }
}

impl Bench<'_> {
    fn add(&self, value: i64) -> Reply {
        let mut message = Vec::new();
        put_number(&mut message, 1, value as u64);
        self.lane.ask(&self.one, ADD, Payload::any(INT64_URL, &message))
    }
    fn shown_by(&self, who: &Rc<Place>) -> i64 {
        let said = self.lane.ask(who, SHOW, Payload::NONE);
        assert_eq!(said.status, abi::OK);
        number_of(&said.value).expect("it shows a number")
    }
}

#[test]
fn it_adds_up_and_tells_the_total() {
    let host = FakeHost::new();
    let b = bench(&host, "{}");
    assert_eq!((b.add(2).status, b.add(300).status), (abi::OK, abi::OK));
    assert_eq!(b.shown_by(&b.one), 302);
    let sent = b.lane.sent();
    assert_eq!(sent.len(), 2);
    for each in sent {
        assert!(Rc::ptr_eq(&each.to, &b.total));
        b.lane.tell(&b.one, &each.to, each.action, Payload::of(&each.value));
    }
    assert_eq!(b.shown_by(&b.total), 302);
}

#[test]
fn what_can_not_be_read_is_refused_with_a_text() {
    let host = FakeHost::new();
    let b = bench(&host, r#"{"amount_max":10}"#);
    for amount in [11, -1] {
        let said = b.add(amount);
        assert_eq!((said.status, said.value.is_empty()), (abi::E_INVALID, false), "{amount}");
    }
    for bad in [
        Payload::NONE,
        Payload::of(b"seven b"),
        Payload::any(b"type.example/Other", b"\x08\x01"),
        Payload::any(INT64_URL, b"\x08"),
        Payload::any(INT64_URL, b"\x0a\x01\x01"),
    ] {
        let said = b.lane.ask(&b.one, ADD, bad);
        assert_eq!((said.status, said.value.is_empty()), (abi::E_INVALID, false), "{:?}", bad.value);
    }
    assert_eq!(b.shown_by(&b.one), 0);
    assert!(b.lane.sent().is_empty());
}

#[test]
fn without_room_nothing_is_added() {
    let host = FakeHost::new();
    let b = bench(&host, "{}");
    b.lane.sends_get(abi::E_EXHAUSTED);
    assert_eq!(b.add(1).status, abi::E_EXHAUSTED);
    assert_eq!(b.shown_by(&b.one), 0);
}

/// A plugin whose actors panic: in a message, or while they are made.
struct Panics;

impl plugin::Plugin for Panics {
    const KIND: &'static [u8] = ACTORS;
    fn table() -> *const c_void {
        table_of::<Self>(Self::KIND)
    }
    fn other_table(id: &[u8]) -> *const c_void {
        table_of::<Self>(id)
    }
    fn create(_: Host, _: &str, _: &[u8]) -> Result<Self, String> {
        Ok(Panics)
    }
}

impl Live for Panics {
    const TYPES: &'static [Type<Self>] = &[
        Type { name: "Late", named: true, actions: &["Go"], make: |_, _| Ok(Box::new(Panics)) },
        Type { name: "Early", named: true, actions: &["Go"], make: |_, _| panic!("on purpose") },
    ];
}

impl Actor for Panics {
    fn receive(&mut self, _: &Context, _: Message) {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_is_a_fault_and_goes_no_further() {
    let host = FakeHost::new();
    let expected = &host.seen().faults_expected;
    let entry = plugin::entry::<Panics>(c"{}".as_ptr() as *const u8);
    let plugin = started_by(&entry, &host, "{}");
    let lane = FakeLane::open(&plugin);
    expected.store(2, SeqCst);
    assert_eq!(lane.make(1, "", "Early").err(), Some(abi::E_INTERNAL));
    assert_eq!(expected.load(SeqCst), 1, "making it was a fault");
    let late = lane.make(0, "", "Late").unwrap();
    assert_eq!(lane.ask(&late, 0, Payload::NONE).status, abi::E_INTERNAL);
    assert_eq!(expected.load(SeqCst), 0, "and so was its message");
}
