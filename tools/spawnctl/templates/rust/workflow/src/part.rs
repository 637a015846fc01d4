//! The part, read from its protobuf bytes: {string actor = 1; string action = 2; uint64 delay_ms = 3}.

#[derive(Debug, Default, PartialEq)]
pub struct Part<'a> {
    pub actor: &'a [u8],
    pub action: &'a [u8],
    pub delay_ms: u64,
}

const MALFORMED: &str = "this is no protobuf message";

/// Takes `n` bytes from the front.
fn take<'a>(rest: &mut &'a [u8], n: u64) -> Result<&'a [u8], &'static str> {
    if n > rest.len() as u64 {
        return Err(MALFORMED);
    }
    let (front, back) = rest.split_at(n as usize);
    *rest = back;
    Ok(front)
}

fn varint(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        if shift == 63 && byte > 1 {
            break; // above 64 bits
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(MALFORMED)
}

/// Unknown fields are skipped; of a field that comes twice the last counts.
pub fn read(bytes: &[u8]) -> Result<Part<'_>, &'static str> {
    let mut out = Part::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let (mut text, mut number) = (None, None);
        match tag & 7 {
            0 => number = Some(varint(&mut rest)?),
            1 => drop(take(&mut rest, 8)?),
            2 => {
                let len = varint(&mut rest)?;
                text = Some(take(&mut rest, len)?);
            }
            5 => drop(take(&mut rest, 4)?),
            _ => return Err(MALFORMED),
        }
        match (tag >> 3, text, number) {
            (0, ..) => return Err(MALFORMED),
            (1, Some(actor), _) => out.actor = actor,
            (2, Some(action), _) => out.action = action,
            (3, _, Some(delay_ms)) => out.delay_ms = delay_ms,
            (1..=3, ..) => return Err("a field has another type"),
            _ => {}
        }
    }
    match out {
        Part { actor: b"", .. } => Err("actor is empty"),
        Part { action: b"", .. } => Err("action is empty"),
        _ => Ok(out),
    }
}
