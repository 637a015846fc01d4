//! The activator as a plugin: settings, instance, lane, entry.
mod abi;
mod activator_abi;
#[cfg(test)]
mod fake_host;
mod host;
mod manifest;
mod plugin;
mod source;
#[cfg(test)]
mod tests;

use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use abi::{Instance, Status};
use activator_abi::{Lane, Settle, Table};
use host::Host;
use plugin::{of, Pending, Plugin};
use source::{Desk, Source, Verdict};

struct Folder {
    host: Host,
    thread_name: String,
    folder: PathBuf,
    poll: Duration,
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Folder {
    fn stop_thread(&self) {
        self.desk.tell(|orders| orders.stopping = true);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

impl Plugin for Folder {
    const KIND: &'static [u8] = activator_abi::ACTIVATOR;
    fn table() -> *const c_void {
        &TABLE as *const Table as *const c_void
    }
    fn create(host: Host, name: &str, config: &[u8]) -> Result<Self, String> {
        let folder = host::config_text(config, "folder");
        if folder.is_empty() {
            return Err("config: folder is missing".to_string());
        }
        let poll_ms = host::config_number(config, "poll_ms", 20);
        Ok(Folder {
            host,
            thread_name: format!("sp.{}", name.chars().take(12).collect::<String>()),
            folder: PathBuf::from(folder),
            poll: Duration::from_millis(poll_ms),
            desk: Arc::default(),
            thread: Mutex::new(None),
        })
    }
    /// Once more: takes a quiesce back.
    fn start(&self, op: Pending) {
        self.desk.tell(|orders| orders.quiesced = false);
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return op.end(abi::OK);
        }
        let (host, desk) = (self.host, self.desk.clone());
        let source = Source::new(host, desk, self.folder.clone(), self.poll);
        let body = move || {
            op.end(abi::OK); // from the thread: it has its name now
            // A panic in a thread of the plugin must not end the process: it becomes a fault.
            host.guarded(|| source.run());
        };
        // Where no thread can be made the op is dropped with the body, which ends it INTERNAL.
        *thread = std::thread::Builder::new().name(self.thread_name.clone()).spawn(body).ok();
    }
    fn quiesce(&self, op: Pending) {
        self.desk.tell(|orders| orders.quiesced = true);
        op.end(abi::OK);
    }
    fn drain(&self, op: Pending) {
        self.desk.tell(|orders| orders.draining = Some(op));
    }
    fn stop(&self, op: Pending) {
        self.stop_thread();
        op.end(abi::OK);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.stop_thread();
    }
}

unsafe fn desk<'a>(lane: *mut Lane) -> &'a Desk {
    &of::<Folder>(lane).desk
}

unsafe extern "C" fn capabilities(_: *mut Instance) -> u64 {
    activator_abi::CAP_RETRY_DELAY | activator_abi::CAP_DEAD_LETTER
}
unsafe extern "C" fn lane_open(instance: *mut Instance, _: u32, out: *mut *mut Lane) -> Status {
    desk(instance).open_lane(true);
    *out = instance;
    abi::OK
}
unsafe extern "C" fn set_window(lane: *mut Lane, window: u32, _: u32) {
    desk(lane).tell(|orders| orders.window = window as usize);
}
unsafe extern "C" fn settle(lane: *mut Lane, all: *const *const Settle, n: u32) {
    let verdict = |&s: &*const Settle| {
        let s = &*s;
        Verdict { token: s.token, kind: s.verdict, delay_ms: s.delay_ms }
    };
    if n != 0 {
        let all = std::slice::from_raw_parts(all, n as usize);
        desk(lane).tell(|orders| orders.verdicts.extend(all.iter().map(verdict)));
    }
}
unsafe extern "C" fn lane_close(lane: *mut Lane) {
    desk(lane).open_lane(false);
}

static TABLE: Table = Table {
    struct_size: std::mem::size_of::<Table>() as u32,
    reserved: 0,
    capabilities,
    lane_open,
    set_window,
    settle,
    lane_close,
};

spawn_plugin!(Folder);
