//! The folder, the thread that offers its files, and what the kernel told that thread to do. Replace
//! the thread's half by the client of your broker. What the kernel calls only takes notes, under a
//! lock that is never held while the disk is touched or the host is called.
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use crate::abi::{self, ActorRef, Payload};
use crate::activator_abi::{self as ac, Delivery, HostActivator, HOST_ACTIVATOR};
use crate::host::{lend, slice, Host};
use crate::plugin::Pending;

const DRAIN_TURNS_MAX: u32 = 50;

pub struct Verdict {
    pub token: u64,
    pub kind: u32,
    pub delay_ms: u32,
}

/// What the kernel told.
#[derive(Default)]
pub struct Orders {
    pub verdicts: Vec<Verdict>,
    pub window: usize,
    pub quiesced: bool,
    pub stopping: bool,
    /// Ends when nothing is out, at the latest after some time: what is left comes again.
    pub draining: Option<Pending>,
}

/// Between the kernel's threads and the source's.
#[derive(Default)]
pub struct Desk {
    orders: Mutex<Orders>,
    told: Condvar,
    lane_open: Mutex<bool>, // held during an offer: lane_close waits for it
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub fn tell(&self, what: impl FnOnce(&mut Orders)) {
        what(&mut lock(&self.orders));
        self.told.notify_all();
    }
    pub fn open_lane(&self, open: bool) {
        *lock(&self.lane_open) = open;
    }
}

/// The thread's own.
pub struct Source {
    pub host: Host,
    pub desk: Arc<Desk>,
    pub folder: PathBuf,
    pub poll: Duration,
    out: HashMap<u64, String>, // by token: offered and not settled
    names_out: HashSet<String>,
    not_before_ns: HashMap<String, u64>, // of retries
    last_token: u64,
    serving: Option<bool>,
    drain_turns: u32,
}

/// What a delivery points to, until the kernel releases it.
struct Held {
    name: String,
    text: Vec<u8>,
}

impl Source {
    pub fn new(host: Host, desk: Arc<Desk>, folder: PathBuf, poll: Duration) -> Self {
        Source {
            host,
            desk,
            folder,
            poll,
            out: HashMap::new(),
            names_out: HashSet::new(),
            not_before_ns: HashMap::new(),
            last_token: 0,
            serving: None,
            drain_turns: 0,
        }
    }

    pub fn run(mut self) {
        let desk = self.desk.clone();
        loop {
            let idle = |o: &mut Orders| !o.stopping && o.verdicts.is_empty();
            let (mut orders, _) = desk
                .told
                .wait_timeout_while(lock(&desk.orders), self.poll, idle)
                .unwrap_or_else(PoisonError::into_inner);
            let verdicts = std::mem::take(&mut orders.verdicts);
            let stopping = orders.stopping;
            drop(orders);
            verdicts.into_iter().for_each(|v| self.carry_out(v));
            self.look();
            self.end_drain(stopping);
            if stopping {
                return;
            }
        }
    }

    fn end_drain(&mut self, now: bool) {
        let mut orders = lock(&self.desk.orders);
        self.drain_turns += orders.draining.is_some() as u32;
        if now || self.out.is_empty() || self.drain_turns > DRAIN_TURNS_MAX {
            if let Some(op) = orders.draining.take() {
                op.end(abi::OK);
            }
        }
    }

    /// The folder may be away: then nothing is done, and the file comes again.
    fn carry_out(&mut self, v: Verdict) {
        if v.kind == ac::EXTEND {
            return;
        }
        let Some(name) = self.out.remove(&v.token) else { return };
        self.names_out.remove(&name);
        self.not_before_ns.remove(&name);
        let file = self.folder.join(&name);
        match v.kind {
            ac::ACK => drop(fs::remove_file(file)),
            ac::DEAD => {
                let dead = self.folder.join("dead");
                drop(fs::create_dir(&dead));
                drop(fs::rename(file, dead.join(&name)));
            }
            ac::RETRY if v.delay_ms != 0 => {
                let at = self.host.now_ns() + v.delay_ms as u64 * 1_000_000;
                self.not_before_ns.insert(name, at);
            }
            _ => {}
        }
    }

    /// The files that are there, in the order of their names.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                out.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        out.sort();
        Ok(out)
    }

    fn look(&mut self) {
        let names = self.names();
        if self.serving != Some(names.is_ok()) {
            self.serving = Some(names.is_ok());
            let why = names.as_ref().err().map_or(String::new(), io::Error::to_string);
            self.host.health(names.is_ok(), &why);
        }
        for name in names.unwrap_or_default() {
            let due = self.not_before_ns.get(&name).map_or(true, |&at| at <= self.host.now_ns());
            if due && !self.names_out.contains(&name) && !(self.may_offer() && self.offer(name)) {
                return;
            }
        }
    }

    fn may_offer(&self) -> bool {
        let orders = lock(&self.desk.orders);
        !orders.quiesced && !orders.stopping && self.out.len() < orders.window
    }

    /// False: the kernel takes no more now.
    fn offer(&mut self, name: String) -> bool {
        let Ok(text) = fs::read(self.folder.join(&name)) else {
            return true; // it went away meanwhile
        };
        let Some(to) = self.host.find::<HostActivator>(HOST_ACTIVATOR) else { return false };
        self.last_token += 1;
        let token = self.last_token;
        // Known before it is offered: the verdict may come before offer() returns.
        self.out.insert(token, name.clone());
        self.names_out.insert(name.clone());
        let delivery = delivery_of(token, Box::new(Held { name: name.clone(), text }));
        let open = lock(&self.desk.lane_open);
        let one: *const Delivery = &delivery;
        // SAFETY: the struct is read during the call; what it points to lives until its release.
        if *open && unsafe { (to.offer)(self.host.raw(), 0, &one, 1) } == 1 {
            return true;
        }
        self.out.remove(&token);
        self.names_out.remove(&name);
        if let Some(release) = delivery.owner.release {
            // SAFETY: nobody took it, so it is still ours.
            unsafe { release(delivery.owner.ctx, delivery.owner.ptr, delivery.owner.len) };
        }
        false
    }
}

fn delivery_of(token: u64, held: Box<Held>) -> Delivery {
    let none = slice(b"");
    let key = held.name.split_once('-').map_or(held.name.as_str(), |(_, key)| key);
    let (order_key, dedup_id) = (slice(key.as_bytes()), slice(held.name.as_bytes()));
    let value = slice(&held.text);
    let at = held.text.as_ptr() as *const c_void;
    Delivery {
        struct_size: std::mem::size_of::<Delivery>() as u32,
        flags: 0,
        token,
        source: slice(b"folder"),
        partition: none,
        to: ActorRef { system: none, parent: none, name: none },
        register_ref: none,
        action: none,
        content_type: none,
        payload: Payload { presence: abi::P_VALUE, reserved: 0, type_url: none, value },
        order_key,
        dedup_id,
        headers: std::ptr::null(),
        n_headers: 0,
        attempt: 0,
        settle_by_ns: 0,
        deadline_ns: 0,
        owner: lend(at, value.len, held),
    }
}
