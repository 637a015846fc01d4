//! Live actors in Rust: what a message is, and what an actor can do while it has one.
#![allow(dead_code)] // what the kernel offers, whether this plugin uses it or not
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::abi::{self, ActorRef, Slice, Status};
use crate::actors_abi::{LiveHost, Ref};
use crate::host::{bytes, slice};

/// The state of one actor, while it is active. It stays on its lane.
pub trait Actor {
    /// One message at a time. A panic that comes out of it faults the whole instance.
    fn receive(&mut self, ctx: &Context, message: Message);
}

#[derive(Clone, Copy)]
pub struct Payload<'a> {
    pub presence: u32,
    pub type_url: &'a [u8],
    pub value: &'a [u8],
}

impl<'a> Payload<'a> {
    pub const NONE: Payload<'static> = Payload { presence: abi::P_UNSET, type_url: b"", value: b"" };
    /// Bytes that the actors here agree on.
    pub fn of(value: &'a [u8]) -> Self {
        Self::any(b"", value)
    }
    /// A protobuf message, for everybody.
    pub fn any(type_url: &'a [u8], value: &'a [u8]) -> Self {
        Payload { presence: abi::P_VALUE, type_url, value }
    }
    fn raw(&self) -> abi::Payload {
        let (type_url, value) = (slice(self.type_url), slice(self.value));
        abi::Payload { presence: self.presence, reserved: 0, type_url, value }
    }
}

pub struct Message<'a> {
    /// None: it is not a live actor of this instance.
    pub from: Option<Sender<'a>>,
    pub payload: Payload<'a>,
    pub what: What,
}

pub enum What {
    /// Nobody waits.
    Tell {
        action: u32,
    },
    Ask {
        action: u32,
        question: Question,
    },
    /// To an ask or a call of this actor with that token.
    Answer {
        token: u64,
    },
    /// The same, where none comes; the payload's value is a text.
    Failed {
        token: u64,
        status: Status,
    },
}

/// Somebody waits: `reply` or `refuse` it, now or in a later message.
#[must_use]
pub struct Question(pub(crate) u64);

/// Who sent the message; `Context::keep` makes an address of it.
pub struct Sender<'a>(pub(crate) NonNull<Ref>, pub(crate) PhantomData<&'a ()>);

/// The address of an actor, held. It goes with the object that keeps it, on the lane that made it.
pub struct Address {
    host: *const LiveHost,
    raw: NonNull<Ref>,
}

impl Drop for Address {
    fn drop(&mut self) {
        // SAFETY: the lane outlives its objects; the address is released once.
        unsafe { ((*self.host).release)((*self.host).data, self.raw.as_ptr()) }
    }
}

fn told(status: Status) -> Result<(), Status> {
    match status {
        abi::OK => Ok(()),
        why => Err(why),
    }
}

/// What a running actor can do: `live_actors.h` says what each call answers. It is there in `receive`
/// and while the object is made, and no longer.
pub struct Context<'a>(pub(crate) &'a LiveHost);

// SAFETY of the calls below: they are made inside receive() or create() of the host's lane, which is
// where a Context is; what a payload points to is copied before they return.
impl Context<'_> {
    fn held(&self, raw: *mut Ref) -> Option<Address> {
        NonNull::new(raw).map(|raw| Address { host: self.0, raw })
    }
    /// The address of an actor of this type; the type of a named one is empty here. None: a name is
    /// empty or too long. It costs a lookup: keep it.
    pub fn find(&self, of_type: &[u8], name: &[u8]) -> Option<Address> {
        let to = ActorRef { system: slice(b""), parent: slice(of_type), name: slice(name) };
        self.held(unsafe { (self.0.ref_)(self.0.data, &to) })
    }
    pub fn keep(&self, who: &Sender) -> Address {
        unsafe { (self.0.retain)(self.0.data, who.0.as_ptr()) };
        Address { host: self.0, raw: who.0 }
    }
    /// Of the actor itself.
    pub fn me(&self) -> Option<Address> {
        let own = NonNull::new(unsafe { (self.0.self_)(self.0.data) })?;
        Some(self.keep(&Sender(own, PhantomData)))
    }
    /// System, type and name; the type of a named actor is empty.
    pub fn parts<'b>(&self, of: &'b Address) -> [&'b [u8]; 3] {
        let none: Slice = slice(b"");
        let mut out = ActorRef { system: none, parent: none, name: none };
        unsafe { (self.0.name)(self.0.data, of.raw.as_ptr(), &mut out) };
        [&out.system, &out.parent, &out.name].map(|part| unsafe { bytes(part) })
    }

    /// To a live actor of this instance; the action is an index of its type's.
    pub fn tell(&self, to: &Address, action: u32, what: Payload) -> Result<(), Status> {
        told(unsafe { (self.0.tell)(self.0.data, to.raw.as_ptr(), action, &what.raw()) })
    }
    /// The same, and an Answer or Failed with this token comes.
    pub fn ask(
        &self,
        to: &Address,
        action: u32,
        what: Payload,
        token: u64,
        timeout_ms: u32,
    ) -> Result<(), Status> {
        let (at, what) = (to.raw.as_ptr(), what.raw());
        told(unsafe { (self.0.ask)(self.0.data, at, action, &what, token, timeout_ms) })
    }
    /// NOT_FOUND: its deadline has passed.
    pub fn reply(&self, to: Question, what: Payload) -> Result<(), Status> {
        told(unsafe { (self.0.reply)(self.0.data, to.0, abi::OK, &what.raw()) })
    }
    pub fn refuse(&self, to: Question, why: Status, text: &str) -> Result<(), Status> {
        let what = Payload::of(text.as_bytes()).raw();
        told(unsafe { (self.0.reply)(self.0.data, to.0, why, &what) })
    }

    /// To any actor, by the name of the action; nobody answers.
    pub fn send(&self, to: &Address, action: &str, what: Payload) -> Result<(), Status> {
        let (at, action) = (to.raw.as_ptr(), slice(action.as_bytes()));
        told(unsafe { (self.0.send)(self.0.data, at, action, &what.raw()) })
    }
    /// The same, and an Answer or Failed with this token comes.
    pub fn call(
        &self,
        to: &Address,
        action: &str,
        what: Payload,
        token: u64,
        timeout_ms: u32,
    ) -> Result<(), Status> {
        let (at, action, what) = (to.raw.as_ptr(), slice(action.as_bytes()), what.raw());
        told(unsafe { (self.0.call)(self.0.data, at, action, &what, token, timeout_ms) })
    }
    /// The object goes once its mailbox is empty; a later message makes a new one.
    pub fn leave(&self) {
        unsafe { (self.0.leave)(self.0.data) }
    }
}
