"""Record batches of Kafka (magic 2), written and read."""
import struct
import time

# Offset, length, epoch, magic, crc, attributes, last, two times, three of the producer, count.
_FIELDS = ">qiibIhiqqqhii"
_HEAD_BYTES = struct.calcsize(_FIELDS)
_CRC_AT, _AFTER_CRC = 17, 21
_MAGIC = 2


def _crc_table() -> list:
    out = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        out.append(value)
    return out


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _varint(number: int) -> bytes:
    left = number << 1 ^ number >> 63
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data


def batch(records: list) -> bytes:
    """records: (key, value, headers)."""
    body = b""
    for offset, (key, value, headers) in enumerate(records):
        one = b"\0\0" + _varint(offset) + _sized(key) + _sized(value) + _varint(len(headers))
        one += b"".join(_sized(name.encode()) + _sized(text.encode())
                        for name, text in headers.items())
        body += _sized(one)
    now = time.time_ns() // 1_000_000  # older ones are soon removed
    head = struct.pack(_FIELDS, 0, _HEAD_BYTES - 12 + len(body), 0, _MAGIC, 0, 0, len(records) - 1,
                       now, now, -1, -1, -1, len(records))
    crc = crc32c(head[_AFTER_CRC:] + body)
    return head[:_CRC_AT] + struct.pack(">I", crc) + head[_AFTER_CRC:] + body


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def number(self) -> int:
        raw = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            raw |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return raw >> 1 ^ -(raw & 1)

    def bytes(self) -> bytes:
        size = max(self.number(), 0)
        self.at += size
        return self.data[self.at - size:self.at]


def records(data: bytes) -> list:
    """(offset, key, value, headers) of all whole batches, which have to be uncompressed."""
    out = []
    while len(data) >= _HEAD_BYTES:
        base, length, _, _, _, attributes, *_, count = struct.unpack_from(_FIELDS, data)
        if len(data) < 12 + length:
            break
        assert not attributes & 7, "a compressed batch"
        if not attributes & 0x20:  # not a mark of a transaction
            out += _of_batch(base, count, data[_HEAD_BYTES:12 + length])
        data = data[12 + length:]
    return out


def _of_batch(base: int, count: int, body: bytes) -> list:
    reader, out = _Reader(body), []
    for _ in range(count):
        reader.number()
        reader.at += 1  # attributes
        reader.number()
        offset = base + reader.number()
        key, value = reader.bytes(), reader.bytes()
        headers = {}
        for _ in range(reader.number()):
            name = reader.bytes().decode()
            headers[name] = reader.bytes().decode()
        out.append((offset, key, value, headers))
    return out
