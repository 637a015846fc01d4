//! The tables of the kind over a plugin's types: objects, lanes, what is registered.
use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::{null_mut, NonNull};

use crate::abi::{self, Buf, Instance, Status};
use crate::actors_abi::{self as raw, LiveHost, LiveTable, Object, Ref, Table};
use crate::host::{bytes, give, Host};
use crate::live::{Actor, Context, Message, Payload, Question, Sender, What};
use crate::plugin::{of, Plugin};
use crate::wire::{put_bytes, put_number};

/// A new actor, or why there is none.
pub type Made = Result<Box<dyn Actor>, Status>;

/// A type of actors. `make` has the plugin for its settings; an error fails the message that wanted
/// the actor.
pub struct Type<P> {
    pub name: &'static str,
    /// One actor of this name; otherwise every name has its own.
    pub named: bool,
    pub actions: &'static [&'static str],
    pub make: fn(&P, &Context) -> Made,
}

pub trait Live: Plugin {
    /// In the order of their registration.
    const TYPES: &'static [Type<Self>];
}

/// An encoded RegistrationRequest: stateless types of the kernel's own system.
fn registration<P>(types: &[Type<P>]) -> Vec<u8> {
    let one_text = |text: &str| {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, text.as_bytes());
        out
    };
    let (mut registry, mut system, mut out) = (Vec::new(), Vec::new(), Vec::new());
    for each in types {
        let (mut settings, mut actor) = (Vec::new(), Vec::new());
        put_number(&mut settings, 1, if each.named { 1 } else { 2 });
        put_bytes(&mut actor, 1, &one_text(each.name));
        put_bytes(&mut actor, 3, &settings);
        for action in each.actions {
            put_bytes(&mut actor, 4, &one_text(action));
        }
        let mut entry = one_text(each.name);
        put_bytes(&mut entry, 2, &actor);
        put_bytes(&mut registry, 1, &entry);
    }
    put_bytes(&mut system, 1, b"");
    put_bytes(&mut system, 2, &registry);
    put_bytes(&mut out, 2, &system);
    out
}

/// None: of a kind that this plugin does not know.
unsafe fn message(m: &raw::Message) -> Option<Message<'_>> {
    let (token, action, status) = (m.token, m.action, Status::from(m.status));
    let what = match m.kind {
        raw::TELL => What::Tell { action },
        raw::ASK => What::Ask { action, question: Question(token) },
        raw::ANSWER => What::Answer { token },
        raw::FAILED => What::Failed { token, status },
        _ => return None,
    };
    let p = &m.payload;
    let (type_url, value) = (bytes(&p.type_url), bytes(&p.value));
    let from = NonNull::new(m.from).map(|at| Sender(at, PhantomData));
    Some(Message { from, payload: Payload { presence: p.presence, type_url, value }, what })
}

/// The kernel closes lanes before it destroys the instance, and destroys objects before that.
struct Lane<P: 'static> {
    host: Host,
    calls: *const LiveHost,
    of: &'static P,
}

impl<P: Live> Lane<P> {
    unsafe fn at<'a>(lane: *mut raw::Lane) -> &'a Self {
        &*(lane as *const Self)
    }
    fn make(&self, kind: u32) -> Result<*mut Object, Status> {
        let kind = P::TYPES.get(kind as usize).ok_or(abi::E_NOT_FOUND)?;
        // SAFETY: the kernel's table is there until lane_close returns.
        let made = (kind.make)(self.of, &Context(unsafe { &*self.calls }))?;
        Ok(Box::into_raw(Box::new(made)) as *mut Object)
    }
}

unsafe extern "C" fn describe<P: Live>(instance: *mut Instance, out: *mut Buf) -> Status {
    let made = Host::new((*instance).host).guarded(|| give(registration(P::TYPES)));
    made.map_or(abi::E_INTERNAL, |said| {
        *out = said;
        abi::OK
    })
}
unsafe extern "C" fn is_live<P: Live>(_: *mut Instance, kind: u32) -> u32 {
    u32::from((kind as usize) < P::TYPES.len())
}
unsafe extern "C" fn lane_open<P: Live>(
    instance: *mut Instance,
    _: u32,
    calls: *const LiveHost,
    out: *mut *mut raw::Lane,
) -> Status {
    if ((*calls).struct_size as usize) < size_of::<LiveHost>() {
        return abi::E_UNSUPPORTED; // the kernel is older than this plugin
    }
    let host = Host::new((*instance).host);
    *out = Box::into_raw(Box::new(Lane { host, calls, of: of::<P>(instance) })) as *mut raw::Lane;
    abi::OK
}
unsafe extern "C" fn create<P: Live>(
    lane: *mut raw::Lane,
    kind: u32,
    _: *mut Ref,
    out: *mut *mut Object,
) -> Status {
    let lane = Lane::<P>::at(lane);
    match lane.host.guarded(|| lane.make(kind)) {
        Some(Ok(made)) => {
            *out = made;
            abi::OK
        }
        Some(Err(why)) => why,
        None => abi::E_INTERNAL,
    }
}
unsafe extern "C" fn receive<P: Live>(lane: *mut raw::Lane, object: *mut Object, m: *const raw::Message) {
    let lane = Lane::<P>::at(lane);
    let actor = &mut *(object as *mut Box<dyn Actor>);
    let ctx = Context(&*lane.calls);
    let done = lane.host.guarded(|| message(&*m).map(|message| actor.receive(&ctx, message)));
    if done.is_none() && (*m).kind == raw::ASK {
        let _ = ctx.refuse(Question((*m).token), abi::E_INTERNAL, "a panic"); // or it was answered
    }
}
unsafe extern "C" fn destroy<P: Live>(lane: *mut raw::Lane, object: *mut Object) {
    let object = object as *mut Box<dyn Actor>;
    Lane::<P>::at(lane).host.guarded(|| drop(Box::from_raw(object)));
}
unsafe extern "C" fn lane_close<P: Live>(lane: *mut raw::Lane) {
    drop(Box::from_raw(lane as *mut Lane<P>));
}

/// Every type is live: no submit, and no lanes of that table.
unsafe extern "C" fn no_lane(_: *mut Instance, _: u32, out: *mut *mut raw::Lane) -> Status {
    *out = null_mut();
    abi::E_UNSUPPORTED
}
unsafe extern "C" fn no_lane_close(_: *mut raw::Lane) {}

struct Tables<P>(PhantomData<P>);

impl<P: Live> Tables<P> {
    const ACTORS: &'static Table = &Table {
        struct_size: size_of::<Table>() as u32,
        reserved: 0,
        describe: describe::<P>,
        lane_open: no_lane,
        submit: None,
        lane_close: no_lane_close,
    };
    const LIVE: &'static LiveTable = &LiveTable {
        struct_size: size_of::<LiveTable>() as u32,
        reserved: 0,
        is_live: is_live::<P>,
        lane_open: lane_open::<P>,
        create: create::<P>,
        receive: receive::<P>,
        destroy: destroy::<P>,
        lane_close: lane_close::<P>,
    };
}

/// The table of that id, a C string; null: none of those here.
pub fn table_of<P: Live>(id: &[u8]) -> *const c_void {
    match id {
        raw::ACTORS => Tables::<P>::ACTORS as *const Table as *const c_void,
        raw::LIVE_ACTORS => Tables::<P>::LIVE as *const LiveTable as *const c_void,
        _ => std::ptr::null(),
    }
}
