//! The transport as a plugin: settings, instance, lanes, entry.
mod abi;
mod bus;
#[cfg(test)]
mod fake_host;
mod host;
mod manifest;
mod plugin;
mod subject;
#[cfg(test)]
mod tests;
mod transport_abi;

use std::collections::VecDeque;
use std::ffi::c_void;
use std::mem::size_of;
use std::sync::atomic::{AtomicU64, Ordering};

use abi::{Instance, Op, Status};
use bus::{Published, Subscription};
use host::{bytes, Host};
use plugin::{of, Pending, Plugin};
use transport_abi::{HostTransport, Send, Sub, Table};

struct Bus {
    host: Host,
    name: String,
    max_held: u64,
    published: AtomicU64,
}

pub struct Lane {
    of: &'static Bus, // the kernel closes lanes before it destroys the instance
    number: u32,
}

impl Bus {
    fn id(&self) -> usize {
        self as *const Bus as usize
    }

    unsafe fn publish(&self, op: &Send) -> Status {
        if !subject::valid(bytes(&op.subject), false) {
            return abi::E_INVALID;
        }
        let list = |n: u32| n as usize;
        let headers = match op.n_headers {
            0 => &[],
            n => std::slice::from_raw_parts(op.headers, list(n)),
        };
        let payload = match op.n_payload {
            0 => &[],
            n => std::slice::from_raw_parts(op.payload, list(n)),
        };
        let message = Published {
            subject: bytes(&op.subject).to_vec(),
            payload: payload.iter().flat_map(|part| bytes(part).iter().copied()).collect(),
            headers: headers.iter().map(|h| (bytes(&h.key).to_vec(), bytes(&h.value).to_vec())).collect(),
        };
        bus::publish(&self.name, message);
        self.published.fetch_add(1, Ordering::Relaxed);
        abi::OK
    }

    unsafe fn subscribe(&self, op: &Sub, lane: u32) -> Status {
        if !subject::valid(bytes(&op.pattern), true) {
            return abi::E_INVALID;
        }
        if op.queue_group.len != 0 {
            return abi::E_UNSUPPORTED;
        }
        bus::subscribe(Subscription {
            host: self.host,
            owner: self.id(),
            lane,
            id: op.sub_id,
            bus: self.name.clone(),
            pattern: bytes(&op.pattern).to_vec(),
            credit: op.initial_credit as u64,
            held_max: self.max_held,
            held: VecDeque::new(),
        });
        abi::OK
    }
}

unsafe fn run(lane: &Lane, op: *mut Op) -> Status {
    let (code, size) = ((*op).code, (*op).struct_size as usize);
    let needed = match code {
        transport_abi::PUBLISH => size_of::<Send>(),
        transport_abi::SUBSCRIBE | transport_abi::UNSUBSCRIBE => size_of::<Sub>(),
        _ => return abi::E_UNSUPPORTED,
    };
    if size < needed {
        return abi::E_INVALID;
    }
    if (*op).deadline_ns != 0 && lane.of.host.now_ns() > (*op).deadline_ns {
        return abi::E_DEADLINE;
    }
    match code {
        transport_abi::PUBLISH => lane.of.publish(&*(op as *const Send)),
        transport_abi::SUBSCRIBE => lane.of.subscribe(&*(op as *const Sub), lane.number),
        _ if bus::unsubscribe(lane.of.id(), (*(op as *const Sub)).sub_id) => abi::OK,
        _ => abi::E_NOT_FOUND,
    }
}

unsafe extern "C" fn submit(lane: *mut Lane, ops: *const *mut Op, n: u32) {
    let lane = &*lane;
    let ops = std::slice::from_raw_parts(ops, n as usize);
    for &op in ops {
        (*op).status = abi::E_INTERNAL; // what a panic leaves
        if let Some(status) = lane.of.host.guarded(|| run(lane, op)) {
            (*op).status = status;
        }
    }
    lane.of.host.complete(ops);
}

unsafe extern "C" fn capabilities(_: *mut Instance) -> u64 {
    transport_abi::CAP_ORDERED_PER_SUBJECT | transport_abi::CAP_HEADERS
}
unsafe extern "C" fn lane_open(instance: *mut Instance, number: u32, out: *mut *mut Lane) -> Status {
    *out = Box::into_raw(Box::new(Lane { of: of::<Bus>(instance), number }));
    abi::OK
}
unsafe extern "C" fn grant(lane: *mut Lane, sub_id: u64, credit: u32) {
    let lane = &*lane;
    lane.of.host.guarded(|| bus::grant(lane.of.id(), sub_id, credit));
}
/// Deliveries have no token.
unsafe extern "C" fn settle(_: *mut Lane, _: *const u64, _: u32, _: u32) {}
unsafe extern "C" fn lane_close(lane: *mut Lane) {
    drop(Box::from_raw(lane));
}

static TABLE: Table<Lane> = Table {
    struct_size: size_of::<Table<Lane>>() as u32,
    reserved: 0,
    capabilities,
    lane_open,
    submit,
    grant,
    settle,
    lane_close,
};

impl Plugin for Bus {
    const KIND: &'static [u8] = transport_abi::TRANSPORT;
    fn table() -> *const c_void {
        &TABLE as *const Table<Lane> as *const c_void
    }
    fn create(host: Host, _: &str, config: &[u8]) -> Result<Self, String> {
        let name = match host::config_text(config, "bus") {
            name if name.is_empty() => "default".to_string(),
            name => name,
        };
        let max_held = host::config_number(config, "max_held", 1024);
        Ok(Bus { host, name, max_held, published: AtomicU64::new(0) })
    }
    fn start(&self, op: Pending) {
        match self.host.find::<HostTransport>(transport_abi::HOST_TRANSPORT) {
            None => op.end(abi::E_UNSUPPORTED),
            Some(to) => {
                // SAFETY: the host's own table.
                unsafe { (to.link_state)(self.host.raw(), 1) };
                op.end(abi::OK);
            }
        }
    }
    fn quiesce(&self, op: Pending) {
        bus::leave(self.id());
        let published = self.published.load(Ordering::Relaxed).to_string();
        self.host.log(2, "the bus is left", "published", &published);
        op.end(abi::OK);
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        bus::leave(self.id());
    }
}

spawn_plugin!(Bus);
