//! What the kind has to keep: the part's bytes, and the plugin over its C table on a fake host.
use crate::abi::{self, ActorRef, Op, Payload, Slice};
use crate::fake_host::{started, FakeHost, Plugin};
use crate::host::{bytes, slice, NO_BYTES};
use crate::part::{read, Part};
use crate::workflow_abi::{self as wf, Step, Table};

const NOTE: &[u8] = b"\x0a\x05audit\x12\x04note"; // actor audit, action note

fn step(host: &FakeHost, part: &'static [u8]) -> Step {
    let none = slice(b"");
    let actor = |name: &'static [u8]| ActorRef { system: slice(b"shop"), parent: none, name: slice(name) };
    let unset = Payload { presence: abi::P_UNSET, reserved: 0, type_url: none, value: none };
    Step {
        op: host.op(0, std::mem::size_of::<Step>()),
        event: wf::BEGIN,
        attempt: 1,
        flow_id: 1,
        call_id: 1,
        token: 0,
        self_: actor(b"cart"),
        caller: actor(b"web"),
        action: slice(b"add"),
        part_type: slice(b"@name@"),
        part: slice(part),
        request: unset,
        response: Payload { presence: abi::P_VALUE, value: slice(b"it is done"), ..unset },
        metadata: std::ptr::null(),
        n_metadata: 0,
        hops: 0,
        status: abi::OK,
        scratch_schema: 0,
        error: none,
        scratch: none,
        now_unix_ms: 1_700_000_000_000,
        deadline_unix_ms: 0,
        out: std::ptr::null(),
        n_out: 0,
        out_stride: 0,
        out_owner: NO_BYTES,
    }
}

fn run(plugin: &Plugin, step: &mut Step) {
    let table: &Table = plugin.table(wf::WORKFLOW);
    let op: *mut Op = &mut step.op;
    unsafe { (table.submit)(plugin.raw(), 0, &op, 1) };
}

fn release(step: &Step) {
    for buf in [&step.out_owner, &step.op.error] {
        if let Some(release) = buf.release {
            unsafe { release(buf.ctx, buf.ptr, buf.len) };
        }
    }
}

#[test]
fn the_answer_goes_to_the_named_actor() {
    let host = FakeHost::new();
    let plugin = started(&host, "{}");
    let mut step = step(&host, NOTE);
    run(&plugin, &mut step);
    assert_eq!((step.op.status, step.n_out), (abi::OK, 1));
    let call = unsafe { &*step.out };
    let text = |s: &Slice| String::from_utf8_lossy(unsafe { bytes(s) }).into_owned();
    assert_eq!((call.kind, call.mode, call.due_unix_ms), (wf::INVOKE, wf::DETACH, 0));
    assert_eq!((text(&call.to.name), text(&call.action)), ("audit".into(), "note".into()));
    assert_eq!(text(&call.payload.value), "it is done");
    release(&step);
}

#[test]
fn a_delay_counts_from_the_steps_clock() {
    let host = FakeHost::new();
    let plugin = started(&host, r#"{"max_delay_ms":5}"#);
    let mut within = step(&host, b"\x0a\x05audit\x12\x04note\x18\x05");
    run(&plugin, &mut within);
    assert_eq!(unsafe { (*within.out).due_unix_ms }, within.now_unix_ms + 5);
    let mut beyond = step(&host, b"\x0a\x05audit\x12\x04note\x18\x06");
    run(&plugin, &mut beyond);
    assert_eq!(beyond.op.status, abi::E_INVALID);
    assert!(beyond.op.error.len != 0, "it says what is wrong");
    release(&within);
    release(&beyond);
}

#[test]
fn what_is_malformed_is_refused_with_a_text() {
    let part = Part { actor: b"audit", action: b"note", delay_ms: 0 };
    assert_eq!(read(NOTE), Ok(part));
    for cut in 1..NOTE.len() {
        assert!(read(&NOTE[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(read(b"\x08\x01"), Err("a field has another type"));
    assert_eq!(read(b""), Err("actor is empty"));
    assert!(read(b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").is_err(), "above 64 bits");
}
