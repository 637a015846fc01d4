"""As much of Kafka's protocol as a test needs of a cluster of one node."""
import socket
import struct

from brokers.kafka_records import batch, records

_PRODUCE, _FETCH, _LIST_OFFSETS, _OFFSET_FETCH, _CREATE_TOPICS = 0, 1, 2, 9, 19
_FETCH_BYTES = 4 << 20
_LATEST, _EARLIEST = -1, -2
_ALL_REPLICAS = -1


class Refused(Exception):
    """An error code of the server."""


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">h", len(raw)) + raw


class _Answer:
    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def take(self, layout: str):
        out = struct.unpack_from(">" + layout, self._data, self._at)
        self._at += struct.calcsize(">" + layout)
        return out[0] if len(out) == 1 else out

    def text(self) -> str:
        size = max(self.take("h"), 0)
        self._at += size
        return self._data[self._at - size:self._at].decode()

    def bytes(self) -> bytes:
        size = max(self.take("i"), 0)
        self._at += size
        return self._data[self._at - size:self._at]

    def okay(self, code: int) -> None:
        if code:
            raise Refused(f"error {code}")


class Connection:
    """OSError when it is lost, or when nothing comes in time; Refused with the server's code."""

    def __init__(self, host: str, port: int, seconds: float):
        self._socket = socket.create_connection((host, port), seconds)
        self._file = self._socket.makefile("rb")
        self._number = 0

    def close(self):
        self._file.close()
        self._socket.close()

    def create(self, topic: str, partitions: int, seconds: float) -> None:
        one = _text(topic) + struct.pack(">ihii", partitions, 1, 0, 0)
        answer = self._ask(_CREATE_TOPICS, 2, b"\0\0\0\1" + one +
                           struct.pack(">i?", int(seconds * 1000), False))
        answer.take("ii")
        answer.text()
        answer.okay(answer.take("h"))

    def produce(self, topic: str, by_partition: dict, seconds: float) -> dict:
        """by_partition: records of a batch. The offset of the first one, by partition, where the
        server has them all."""
        parts = b""
        for partition, some in by_partition.items():
            data = batch(some)
            parts += struct.pack(">ii", partition, len(data)) + data
        answer = self._ask(_PRODUCE, 3, struct.pack(
            ">hhi", -1, _ALL_REPLICAS, int(seconds * 1000)) + b"\0\0\0\1" + _text(topic) +
            struct.pack(">i", len(by_partition)) + parts)
        answer.take("i")
        answer.text()
        out = {}
        for _ in range(answer.take("i")):
            partition, code, offset, _ = answer.take("ihqq")
            if not code:
                out[partition] = offset
        return out

    def ends(self, topic: str, partitions: int, latest: bool = True) -> dict:
        """The offset behind the last record, or that of the first, by partition."""
        when = _LATEST if latest else _EARLIEST
        answer = self._ask(_LIST_OFFSETS, 1, struct.pack(">ii", -1, 1) + _text(topic) +
                           struct.pack(">i", partitions) +
                           b"".join(struct.pack(">iq", each, when) for each in range(partitions)))
        answer.take("i")
        answer.text()
        out = {}
        for _ in range(answer.take("i")):
            partition, code, _, offset = answer.take("ihqq")
            answer.okay(code)
            out[partition] = offset
        return out

    def committed(self, group: str, topic: str, partitions: int) -> dict:
        """The next offset of the group by partition; -1 where it has committed none."""
        answer = self._ask(_OFFSET_FETCH, 2, _text(group) + b"\0\0\0\1" + _text(topic) +
                           struct.pack(f">i{partitions}i", partitions, *range(partitions)))
        if not answer.take("i"):
            raise Refused(f"error {answer.take('h')} instead of the group's offsets")
        answer.text()
        out = {}
        for _ in range(answer.take("i")):
            partition, offset = answer.take("iq")
            answer.text()
            answer.okay(answer.take("h"))
            out[partition] = offset
        return out

    def read(self, topic: str, partitions: int) -> list:
        """(partition, offset, key, value, headers) of all that is there."""
        first, last = self.ends(topic, partitions, latest=False), self.ends(topic, partitions)
        out = []
        for partition in range(partitions):
            at = first[partition]
            while at < last[partition]:
                some = [one for one in self._fetch(topic, partition, at) if one[0] >= at]
                if not some:
                    raise Refused(f"no record at offset {at} of {topic}/{partition}")
                out += [(partition, *one) for one in some]
                at = some[-1][0] + 1
        return out

    # --- helpers ----------------------------------------------------------------------------------
    def _fetch(self, topic: str, partition: int, offset: int) -> list:
        answer = self._ask(_FETCH, 4, struct.pack(">iiiib", -1, 100, 1, _FETCH_BYTES, 0) +
                           b"\0\0\0\1" + _text(topic) +
                           struct.pack(">iiqi", 1, partition, offset, _FETCH_BYTES))
        answer.take("ii")
        answer.text()
        answer.take("ii")
        answer.okay(answer.take("h"))
        answer.take("qq")
        for _ in range(max(answer.take("i"), 0)):
            answer.take("qq")  # transactions that were given up
        return records(answer.bytes())

    def _ask(self, key: int, version: int, body: bytes) -> _Answer:
        self._number += 1
        request = struct.pack(">hhi", key, version, self._number) + _text("test") + body
        self._socket.sendall(struct.pack(">i", len(request)) + request)
        size = struct.unpack(">i", self._read(4))[0]
        answer = self._read(size)
        assert struct.unpack_from(">i", answer)[0] == self._number
        return _Answer(answer[4:])

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the connection is lost")
        return data
