//! The workflow as a plugin: one part, one command.
mod abi;
#[cfg(test)]
mod fake_host;
mod host;
mod manifest;
mod part;
mod plugin;
#[cfg(test)]
mod tests;
mod workflow_abi;

use std::ffi::{c_char, c_void};
use std::mem::size_of;

use abi::{ActorRef, Instance, Op, Status};
use host::{bytes, give, lend, slice, Host};
use plugin::{of, Plugin};
use workflow_abi::{Command, Step, Table};

const PART_TYPE: &[u8] = b"@name@\0"; // a C string

struct Workflow {
    host: Host,
    max_delay_ms: u64,
}

/// What a step ends with: its command, or a status and a text.
type Outcome = Result<Option<Command>, (Status, String)>;

impl Workflow {
    /// Pure: lanes run it at the same time. The command points into the step, which is there as long.
    unsafe fn begin(&self, step: &Step) -> Outcome {
        let invalid = |why: &str| (abi::E_INVALID, format!("@name@: {why}"));
        let wanted = part::read(bytes(&step.part)).map_err(invalid)?;
        if wanted.delay_ms > self.max_delay_ms {
            return Err(invalid("delay_ms is more than max_delay_ms"));
        }
        let none = slice(b"");
        Ok(Some(Command {
            struct_size: size_of::<Command>() as u32,
            kind: workflow_abi::INVOKE,
            token: 0,
            reply_to: 0,
            mode: workflow_abi::DETACH,
            flags: workflow_abi::HAS_CALLER,
            to: ActorRef { system: step.self_.system, parent: none, name: slice(wanted.actor) },
            register_ref: none,
            action: slice(wanted.action),
            channel: none,
            payload: step.response,
            metadata: std::ptr::null(),
            n_metadata: 0,
            code: abi::OK,
            due_unix_ms: match wanted.delay_ms {
                0 => 0,
                delay => step.now_unix_ms + delay as i64,
            },
            timeout_ms: 0,
            bytes: none,
            schema: 0,
            reserved: 0,
            caller: step.self_,
        }))
    }

    unsafe fn run(&self, op: *mut Op) -> Outcome {
        let unsupported = |why: &str| Err((abi::E_UNSUPPORTED, format!("@name@: {why}")));
        if ((*op).struct_size as usize) < size_of::<Step>() {
            return unsupported("the kernel is older than this plugin");
        }
        let step = &*(op as *const Step);
        if step.event != workflow_abi::BEGIN {
            return Ok(None); // it waits for nothing, so nothing else is of use
        }
        if bytes(&step.part_type) != &PART_TYPE[..PART_TYPE.len() - 1] {
            return unsupported("unknown part");
        }
        self.begin(step)
    }
}

unsafe fn finish(op: *mut Op, outcome: Outcome) {
    match outcome {
        Err((status, why)) => {
            (*op).status = status;
            (*op).error = give(why.into_bytes());
        }
        Ok(command) => {
            let step = &mut *(op as *mut Step);
            let commands = Box::new(Vec::from_iter(command));
            let at = commands.as_ptr();
            step.out = at;
            step.n_out = commands.len() as u32;
            step.out_stride = size_of::<Command>() as u32;
            let len = commands.len() * size_of::<Command>();
            step.out_owner = lend(at as *const c_void, len as u64, commands);
            (*op).status = abi::OK;
        }
    }
}

unsafe extern "C" fn submit(instance: *mut Instance, _: u32, ops: *const *mut Op, n: u32) {
    let workflow: &Workflow = of(instance);
    let ops = match n {
        0 => return,
        n => std::slice::from_raw_parts(ops, n as usize),
    };
    for &op in ops {
        (*op).status = abi::E_INTERNAL; // what a panic leaves
        workflow.host.guarded(|| finish(op, workflow.run(op)));
    }
    workflow.host.complete(ops);
}

struct Strings([*const c_char; 2]);
// SAFETY: they point to constants.
unsafe impl Sync for Strings {}
static PART_TYPES: Strings = Strings([PART_TYPE.as_ptr() as *const c_char, std::ptr::null()]);

unsafe extern "C" fn part_types(_: *mut Instance) -> *const *const c_char {
    PART_TYPES.0.as_ptr()
}

static TABLE: Table = Table {
    struct_size: size_of::<Table>() as u32,
    reserved: 0,
    part_types,
    virtual_parents: None,
    accepts_scratch: None,
    submit,
    describe: None,
};

impl Plugin for Workflow {
    const KIND: &'static [u8] = workflow_abi::WORKFLOW;
    fn table() -> *const c_void {
        &TABLE as *const Table as *const c_void
    }
    fn create(host: Host, _: &str, config: &[u8]) -> Result<Self, String> {
        let max_delay_ms = host::config_number(config, "max_delay_ms", 3_600_000);
        Ok(Workflow { host, max_delay_ms })
    }
}

spawn_plugin!(Workflow);
