//! The subscriptions of all instances of this process, and what waits for their credit. This is what
//! the client library of your broker takes the place of. One lock for all; the host is called under
//! it: deliver() never waits and never calls back.
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::abi::Kv;
use crate::host::{lend, slice, Host};
use crate::subject;
use crate::transport_abi::{HostTransport, Message, HOST_TRANSPORT};

/// What was published: immutable, shared by everybody it goes to.
pub struct Published {
    pub subject: Vec<u8>,
    pub payload: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

pub struct Subscription {
    pub host: Host,
    pub owner: usize, // names the instance
    pub lane: u32,
    pub id: u64,
    pub bus: String,
    pub pattern: Vec<u8>,
    pub credit: u64,
    pub held_max: u64,
    pub held: VecDeque<Arc<Published>>,
}

static ALL: Mutex<Vec<Subscription>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Subscription>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the host holds until it has released the payload.
struct Lent {
    message: Arc<Published>,
    headers: Vec<Kv>,
}

fn lent(message: Arc<Published>, sub_id: u64) -> Message {
    let kv = |(k, v): &(Vec<u8>, Vec<u8>)| Kv { key: slice(k), value: slice(v) };
    let headers = message.headers.iter().map(kv).collect();
    let held = Box::new(Lent { message, headers });
    let (subject, headers, n) = (slice(&held.message.subject), held.headers.as_ptr(), held.headers.len());
    let payload = &held.message.payload;
    let (at, len) = (payload.as_ptr() as *const c_void, payload.len() as u64);
    Message {
        sub_id,
        token: 0,
        subject,
        reply_to: slice(b""),
        headers,
        n_headers: n as u32,
        redelivered: 0,
        payload: lend(at, len, held),
    }
}

impl Subscription {
    /// What there is credit for, oldest first.
    fn pump(&mut self) {
        let Some(to) = self.host.find::<HostTransport>(HOST_TRANSPORT) else { return };
        while self.credit != 0 {
            let Some(message) = self.held.pop_front() else { return };
            self.credit -= 1;
            let out = lent(message, self.id);
            // SAFETY: the message is the host's from here on, and it frees it.
            unsafe { (to.deliver)(self.host.raw(), self.lane, &out, 1) };
        }
    }
    fn is(&self, owner: usize, id: u64) -> bool {
        (self.owner, self.id) == (owner, id)
    }
}

pub fn subscribe(s: Subscription) {
    all().push(s);
}

/// False: the instance has no such subscription. Afterwards nothing is delivered to it.
pub fn unsubscribe(owner: usize, id: u64) -> bool {
    let mut all = all();
    let before = all.len();
    all.retain(|s| !s.is(owner, id));
    all.len() != before
}

pub fn grant(owner: usize, id: u64, credit: u32) {
    if let Some(s) = all().iter_mut().find(|s| s.is(owner, id)) {
        s.credit += credit as u64;
        s.pump();
    }
}

pub fn publish(bus: &str, message: Published) {
    let message = Arc::new(message);
    for s in all().iter_mut().filter(|s| s.bus == bus) {
        let room = (s.held.len() as u64) < s.credit + s.held_max;
        if room && subject::matches(&s.pattern, &message.subject) {
            s.held.push_back(message.clone());
            s.pump();
        }
    }
}

/// All of an instance's subscriptions.
pub fn leave(owner: usize) {
    all().retain(|s| s.owner != owner);
}
