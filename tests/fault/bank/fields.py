"""The bytes of records: fields as the kernel writes them, and those of protobuf messages."""


def varint(data: bytes, at: int):
    """(value, where it ends)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def fields(data: bytes):
    """(tag, value) of each field behind the envelope and the format byte."""
    assert data[:2] == b"\x00\x01", f"neither in clear nor of format 1: {data[:2]!r}"
    at = 2
    while at < len(data):
        tag = data[at]
        size, at = varint(data, at + 1)
        yield tag, data[at:at + size]
        at += size


def blocks(data: bytes, count: int):
    """([text], the rest): so many texts, each behind its length."""
    out, at = [], 0
    for _ in range(count):
        size, at = varint(data, at)
        out.append(data[at:at + size].decode())
        at += size
    return out, data[at:]


def message(data: bytes):
    """(field, value) of a protobuf message that has numbers and bytes only."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        assert tag & 7 in (0, 2), f"wire type {tag & 7}"
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at)
            value = data[at:at + size]
            at += size
        yield tag >> 3, value


def one_of(data: bytes, field: int):
    """The last value of one field; None: it is not there."""
    found = None
    for number_of, value in message(data):
        if number_of == field:
            found = value
    return found
