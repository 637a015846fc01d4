//! The actors: one that counts, and one that all of those tell what they added.
use crate::abi;
use crate::live::{Actor, Address, Context, Message, Payload, Question, What};
use crate::wire::{number_of, put_number};

pub const ACTIONS: &[&str] = &["Add", "Show"];
pub const ADD: u32 = 0; // its index; whatever else comes shows what there is

pub const INT64_URL: &[u8] = b"type.googleapis.com/google.protobuf.Int64Value";

/// The amount in a message: a number of another actor here, or an Int64Value from outside.
fn amount_in(what: &Payload) -> Option<i64> {
    match what.type_url {
        b"" => Some(i64::from_ne_bytes(what.value.try_into().ok()?)),
        INT64_URL => number_of(what.value),
        _ => None,
    }
}

/// Answers as it was asked: from outside with an Int64Value. Whoever no longer waits gets nothing.
fn answer(ctx: &Context, question: Question, from_here: bool, value: i64) {
    let mut message = Vec::new();
    put_number(&mut message, 1, value as u64);
    let number = value.to_ne_bytes();
    let _ = match from_here {
        true => ctx.reply(question, Payload::of(&number)),
        false => ctx.reply(question, Payload::any(INT64_URL, &message)),
    };
}

/// What was added so far, or why not.
type Outcome = Result<i64, (abi::Status, &'static str)>;

/// One message to an actor that adds: `handle` has its action and payload, and the answer follows.
fn serve(ctx: &Context, m: Message, handle: impl FnOnce(u32, &Payload) -> Outcome) {
    let (action, question) = match m.what {
        What::Tell { action } => (action, None),
        What::Ask { action, question } => (action, Some(question)),
        What::Answer { .. } | What::Failed { .. } => return, // they ask nobody
    };
    match (handle(action, &m.payload), question) {
        (Ok(value), Some(question)) => answer(ctx, question, m.from.is_some(), value),
        (Err((why, text)), Some(question)) => drop(ctx.refuse(question, why, text)),
        (_, None) => {}
    }
}

#[derive(Default)]
pub struct Total {
    sum: i64,
}

impl Actor for Total {
    fn receive(&mut self, ctx: &Context, m: Message) {
        serve(ctx, m, |action, what| {
            if action == ADD {
                let amount = amount_in(what);
                let amount = amount.ok_or((abi::E_INVALID, "@name@-total: the amount can not be read"))?;
                self.sum = self.sum.wrapping_add(amount); // amounts come from anybody
            }
            Ok(self.sum)
        });
    }
}

pub struct Counter {
    pub amount_max: u64,
    /// Found once, held as long as the object is there.
    pub total: Address,
    pub value: i64,
}

impl Counter {
    fn add(&mut self, ctx: &Context, what: &Payload) -> Result<(), (abi::Status, &'static str)> {
        let fits = |n: &i64| u64::try_from(*n).is_ok_and(|n| n <= self.amount_max);
        let amount = amount_in(what)
            .filter(fits)
            .ok_or((abi::E_INVALID, "@name@: the amount is no number from 0 to amount_max"))?;
        ctx.tell(&self.total, ADD, Payload::of(&amount.to_ne_bytes()))
            .map_err(|_| (abi::E_EXHAUSTED, "@name@: the total has no room, try again"))?;
        self.value = self.value.wrapping_add(amount);
        Ok(())
    }
}

impl Actor for Counter {
    fn receive(&mut self, ctx: &Context, m: Message) {
        serve(ctx, m, |action, what| {
            if action == ADD {
                self.add(ctx, what)?;
            }
            Ok(self.value)
        });
    }
}
