//! The instance, its life and the entry: the same for every kind.
use std::ffi::{c_char, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::abi::{self, Buf, CreateInfo, Entry, Instance, InstanceVtbl, Op, Status};
use crate::host::{bytes, give, Host};

/// The right to end one op. Dropping it ends the op INTERNAL, so a lost path shows as an error.
pub struct Pending {
    host: Host,
    op: *mut Op,
}

// SAFETY: an op may be ended on any thread.
unsafe impl Send for Pending {}

impl Pending {
    pub fn end(self, status: Status) {
        // SAFETY: the op is ours until it is completed, which its drop does.
        unsafe { (*self.op).status = status };
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.host.complete(&[self.op]);
    }
}

/// What an instance is. The kernel's threads share it.
pub trait Plugin: Sized + Sync + 'static {
    /// Id of the kind's table, a C string.
    const KIND: &'static [u8];
    /// The kind's table.
    fn table() -> *const c_void;
    /// A table beside it by its id, a C string; null: there is none.
    fn other_table(_id: &[u8]) -> *const c_void {
        std::ptr::null()
    }
    /// An error refuses the config; its text reaches the operator.
    fn create(host: Host, name: &str, config: &[u8]) -> Result<Self, String>;
    fn start(&self, op: Pending) {
        op.end(abi::OK);
    }
    fn quiesce(&self, op: Pending) {
        op.end(abi::OK);
    }
    fn drain(&self, op: Pending) {
        op.end(abi::OK);
    }
    fn stop(&self, op: Pending) {
        op.end(abi::OK);
    }
}

/// The kernel's pointer to `base` is a pointer to the whole.
#[repr(C)]
struct Boxed<P> {
    base: Instance,
    host: Host,
    plugin: P,
}

/// # Safety
/// `instance` was made by this plugin and is not destroyed.
pub unsafe fn of<'a, P: Plugin>(instance: *mut Instance) -> &'a P {
    &(*(instance as *const Boxed<P>)).plugin
}

unsafe fn step<P: Plugin>(instance: *mut Instance, op: *mut Op, does: fn(&P, Pending)) {
    let host = (*(instance as *const Boxed<P>)).host;
    (*op).status = abi::E_INTERNAL; // what a panic leaves
    host.guarded(|| does(of::<P>(instance), Pending { host, op }));
}

unsafe extern "C" fn start<P: Plugin>(instance: *mut Instance, op: *mut Op) {
    step::<P>(instance, op, P::start);
}
unsafe extern "C" fn quiesce<P: Plugin>(instance: *mut Instance, op: *mut Op) {
    step::<P>(instance, op, P::quiesce);
}
unsafe extern "C" fn drain<P: Plugin>(instance: *mut Instance, op: *mut Op) {
    step::<P>(instance, op, P::drain);
}
unsafe extern "C" fn stop<P: Plugin>(instance: *mut Instance, op: *mut Op) {
    step::<P>(instance, op, P::stop);
}
unsafe extern "C" fn destroy<P: Plugin>(instance: *mut Instance) {
    drop(Box::from_raw(instance as *mut Boxed<P>));
}

unsafe extern "C" fn get_interface<P: Plugin>(_: *mut Instance, id: *const c_char) -> *const c_void {
    match CStr::from_ptr(id).to_bytes_with_nul() {
        id if id == P::KIND => P::table(),
        id => P::other_table(id),
    }
}

impl<P: Plugin> Boxed<P> {
    const VTBL: &'static InstanceVtbl = &InstanceVtbl {
        struct_size: std::mem::size_of::<InstanceVtbl>() as u32,
        reserved: 0,
        get_interface: get_interface::<P>,
        start: start::<P>,
        quiesce: quiesce::<P>,
        drain: drain::<P>,
        stop: stop::<P>,
        destroy: destroy::<P>,
    };
}

unsafe extern "C" fn create<P: Plugin>(
    raw: *const abi::Host,
    info: *const CreateInfo,
    out: *mut *mut Instance,
    error: *mut Buf,
) -> Status {
    let host = Host::new(raw);
    let name = String::from_utf8_lossy(bytes(&(*info).name));
    let config = bytes(&(*info).config_json);
    match catch_unwind(AssertUnwindSafe(|| P::create(host, &name, config))) {
        Ok(Ok(plugin)) => {
            let base = Instance { vt: Boxed::<P>::VTBL, host: raw };
            *out = Box::into_raw(Box::new(Boxed { base, host, plugin })) as *mut Instance;
            abi::OK
        }
        Ok(Err(why)) => {
            *error = give(why.into_bytes());
            abi::E_INVALID
        }
        Err(_) => abi::E_INTERNAL,
    }
}

unsafe extern "C" fn init(_: *const abi::Host) -> Status {
    abi::OK
}
unsafe extern "C" fn deinit() {}

pub const fn entry<P: Plugin>(manifest: *const u8) -> Entry {
    Entry {
        struct_size: std::mem::size_of::<Entry>() as u32,
        abi_minor_built: abi::ABI_MINOR,
        abi_minor_min: 0,
        manifest_json: manifest as *const c_char,
        init,
        deinit,
        create: create::<P>,
    }
}

/// Once per plugin: the one function that the file exports.
#[macro_export]
macro_rules! spawn_plugin {
    ($plugin:ty) => {
        static ENTRY: $crate::abi::EntryCell = $crate::abi::EntryCell(
            $crate::plugin::entry::<$plugin>($crate::manifest::NOTE.desc.as_ptr()),
        );

        #[no_mangle]
        pub extern "C" fn spawn_plugin_entry_1() -> *const $crate::abi::Entry {
            &ENTRY.0
        }
    };
}
