//! The protobuf bytes that are read and written here: those of a registration, and a number.

pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3);
    put_varint(out, value);
}

/// A text, bytes, or an encoded message.
pub fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes `n` bytes from the front.
fn take<'a>(rest: &mut &'a [u8], n: u64) -> Option<&'a [u8]> {
    if n > rest.len() as u64 {
        return None;
    }
    let (front, back) = rest.split_at(n as usize);
    *rest = back;
    Some(front)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        if shift == 63 && byte > 1 {
            break; // above 64 bits
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The int64 in field 1 of a message, 0 when it is not there. None: malformed. Other fields are
/// skipped; of a field that comes twice the last counts.
pub fn number_of(message: &[u8]) -> Option<i64> {
    let mut out = 0;
    let mut rest = message;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        match (tag >> 3, tag & 7) {
            (0, _) => return None,
            (1, 0) => out = varint(&mut rest)? as i64,
            (1, _) => return None,
            (_, 0) => drop(varint(&mut rest)?),
            (_, 1) => drop(take(&mut rest, 8)?),
            (_, 2) => {
                let len = varint(&mut rest)?;
                take(&mut rest, len)?;
            }
            (_, 5) => drop(take(&mut rest, 4)?),
            _ => return None,
        }
    }
    Some(out)
}
