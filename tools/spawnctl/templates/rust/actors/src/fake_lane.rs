//! A lane without a kernel: it makes the objects that a test names, hands them messages, and keeps
//! what they send and answer. What a plugin may not do, such as using an address that it does not
//! hold, ends the test.
use std::cell::{Cell, RefCell};
use std::ptr::null_mut;
use std::rc::Rc;

use crate::abi::{self, ActorRef, Slice, Status};
use crate::actors_abi::{self as raw, Data, LiveHost, LiveTable, Object, Ref};
use crate::fake_host::{breach, Plugin};
use crate::host::{bytes, slice};
use crate::live::Payload;

type Said = abi::Payload;

/// An address, and its object while there is one. The type of a named actor is empty.
pub struct Place {
    parent: Vec<u8>,
    name: Vec<u8>,
    held: Cell<u32>,
    object: Cell<*mut Object>,
}

pub struct Sent {
    pub to: Rc<Place>,
    pub action: u32, // of a tell or an ask
    pub value: Vec<u8>,
}

pub struct Reply {
    pub status: Status,
    pub value: Vec<u8>,
}

#[derive(Default)]
struct State {
    places: RefCell<Vec<Rc<Place>>>,
    running: RefCell<Option<Rc<Place>>>,
    sender: RefCell<Option<Rc<Place>>>,
    ending: Cell<bool>,
    questions: Cell<u64>,
    open: Cell<u64>, // the question that waits; 0: none
    reply: RefCell<Option<Reply>>,
    sends_get: Cell<Status>,
    sent: RefCell<Vec<Sent>>,
}

impl State {
    fn place(&self, parent: &[u8], name: &[u8]) -> Rc<Place> {
        let mut places = self.places.borrow_mut();
        if let Some(known) = places.iter().find(|p| p.parent == parent && p.name == name) {
            return known.clone();
        }
        let (parent, name) = (parent.to_vec(), name.to_vec());
        places.push(Rc::new(Place { parent, name, held: Cell::new(0), object: Cell::new(null_mut()) }));
        places[places.len() - 1].clone()
    }
    /// The one behind an address that may be used now.
    fn known(&self, at: *const Ref) -> Rc<Place> {
        let is = |p: &Rc<Place>| Rc::as_ptr(p) as *const Ref == at;
        let lent = |one: &RefCell<Option<Rc<Place>>>| one.borrow().as_ref().is_some_and(is);
        let places = self.places.borrow();
        match places.iter().find(|p| is(p)) {
            Some(p) if p.held.get() > 0 || lent(&self.running) || lent(&self.sender) => p.clone(),
            _ => breach("an address is used that is not held"),
        }
    }
    fn must_run(&self) {
        if self.running.borrow().is_none() {
            breach("the lane is called outside receive() and create()");
        }
    }
    unsafe fn take(&self, to: *const Ref, action: u32, what: *const Said) -> Status {
        self.must_run();
        let (to, value) = (self.known(to), bytes(&(*what).value).to_vec());
        self.sent.borrow_mut().push(Sent { to, action, value });
        self.sends_get.get()
    }
}

unsafe fn of<'a>(data: Data) -> &'a State {
    &*(data as *const State)
}
fn as_ref(place: &Rc<Place>) -> *mut Ref {
    Rc::as_ptr(place) as *mut Ref
}

unsafe extern "C" fn find(data: Data, to: *const ActorRef) -> *mut Ref {
    of(data).must_run();
    let (parent, name) = (bytes(&(*to).parent), bytes(&(*to).name));
    if name.is_empty() {
        return null_mut();
    }
    let place = of(data).place(parent, name);
    place.held.set(place.held.get() + 1);
    as_ref(&place)
}
unsafe extern "C" fn me(data: Data) -> *mut Ref {
    of(data).must_run();
    of(data).running.borrow().as_ref().map_or(null_mut(), as_ref)
}
unsafe extern "C" fn retain(data: Data, at: *mut Ref) {
    of(data).must_run();
    let place = of(data).known(at);
    place.held.set(place.held.get() + 1);
}
unsafe extern "C" fn release(data: Data, at: *mut Ref) {
    if !of(data).ending.get() {
        of(data).must_run();
    }
    let held = &of(data).known(at).held;
    held.set(held.get().checked_sub(1).unwrap_or_else(|| breach("an address is released twice")));
}
unsafe extern "C" fn name(data: Data, at: *const Ref, out: *mut ActorRef) {
    let place = of(data).known(at);
    *out = ActorRef { system: slice(b""), parent: slice(&place.parent), name: slice(&place.name) };
}
unsafe extern "C" fn tell(d: Data, to: *mut Ref, action: u32, what: *const Said) -> Status {
    of(d).take(to, action, what)
}
unsafe extern "C" fn ask(d: Data, to: *mut Ref, action: u32, what: *const Said, _: u64, _: u32) -> Status {
    of(d).take(to, action, what)
}
unsafe extern "C" fn reply(data: Data, token: u64, status: Status, what: *const Said) -> Status {
    of(data).must_run();
    if token == 0 || token > of(data).questions.get() {
        breach("reply to a question that nobody asked");
    }
    if token != of(data).open.get() {
        return abi::E_NOT_FOUND;
    }
    of(data).open.set(0);
    let value = bytes(&(*what).value).to_vec();
    of(data).reply.replace(Some(Reply { status, value }));
    abi::OK
}
unsafe extern "C" fn send(d: Data, to: *mut Ref, _: Slice, what: *const Said) -> Status {
    of(d).take(to, 0, what)
}
unsafe extern "C" fn call(d: Data, to: *mut Ref, _: Slice, what: *const Said, _: u64, _: u32) -> Status {
    of(d).take(to, 0, what)
}
unsafe extern "C" fn leave(data: Data) {
    of(data).must_run();
}

/// Lane 0 of an instance; its end destroys the objects.
pub struct FakeLane {
    table: &'static LiveTable,
    raw: *mut raw::Lane,
    state: Box<State>,
    _host: Box<LiveHost>,
}

impl FakeLane {
    pub fn open(plugin: &Plugin) -> Self {
        let table: &LiveTable = plugin.table(raw::LIVE_ACTORS);
        let state = Box::<State>::default();
        let host = Box::new(LiveHost {
            struct_size: std::mem::size_of::<LiveHost>() as u32,
            reserved: 0,
            data: &*state as *const State as Data,
            ref_: find,
            self_: me,
            retain,
            release,
            name,
            tell,
            ask,
            reply,
            send,
            call,
            leave,
        });
        let mut lane = null_mut();
        assert_eq!(unsafe { (table.lane_open)(plugin.raw(), 0, &*host, &mut lane) }, abi::OK);
        FakeLane { table, raw: lane, state, _host: host }
    }
    fn run(&self, who: &Rc<Place>, call: impl FnOnce()) {
        self.state.running.replace(Some(who.clone()));
        call();
        self.state.running.replace(None);
    }
    /// `kind`: an index of the plugin's types.
    pub fn make(&self, kind: u32, parent: &str, name: &str) -> Result<Rc<Place>, Status> {
        let place = self.state.place(parent.as_bytes(), name.as_bytes());
        let (mut made, mut status) = (null_mut(), abi::E_INTERNAL);
        self.run(&place, || {
            status = unsafe { (self.table.create)(self.raw, kind, as_ref(&place), &mut made) };
        });
        if status != abi::OK {
            return Err(status);
        }
        assert!(!made.is_null(), "create answered OK and made nothing");
        place.object.set(made);
        Ok(place)
    }
    fn hand(&self, to: &Rc<Place>, kind: u16, action: u32, token: u64, what: Payload) {
        let from = self.state.sender.borrow().as_ref().map_or(null_mut(), as_ref);
        let (type_url, value) = (slice(what.type_url), slice(what.value));
        let payload = abi::Payload { presence: what.presence, reserved: 0, type_url, value };
        let message = raw::Message { payload, token, from, action, kind, status: 0 };
        self.run(to, || unsafe { (self.table.receive)(self.raw, to.object.get(), &message) });
    }
    pub fn tell(&self, from: &Rc<Place>, to: &Rc<Place>, action: u32, what: Payload) {
        self.state.sender.replace(Some(from.clone()));
        self.hand(to, raw::TELL, action, 0, what);
        self.state.sender.replace(None);
    }
    /// A question from outside, to an actor that answers at once.
    pub fn ask(&self, to: &Rc<Place>, action: u32, what: Payload) -> Reply {
        let token = self.state.questions.get() + 1;
        self.state.questions.set(token);
        self.state.open.set(token);
        self.hand(to, raw::ASK, action, token, what);
        self.state.reply.take().expect("it answers at once")
    }
    /// What tell, ask, send and call get from now on.
    pub fn sends_get(&self, status: Status) {
        self.state.sends_get.set(status);
    }
    /// What was sent and not looked at.
    pub fn sent(&self) -> Vec<Sent> {
        self.state.sent.take()
    }
}

impl Drop for FakeLane {
    fn drop(&mut self) {
        let places = self.state.places.borrow().clone();
        self.state.ending.set(true);
        for place in &places {
            let object = place.object.replace(null_mut());
            if !object.is_null() {
                unsafe { (self.table.destroy)(self.raw, object) };
            }
        }
        unsafe { (self.table.lane_close)(self.raw) };
        if places.iter().any(|p| p.held.get() != 0) {
            breach("an address is still held");
        }
    }
}
