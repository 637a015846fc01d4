"""Keys and JWTs of NATS, made with the openssl program: seeds, public names, credentials files."""
import base64
import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from servers.server import Failed, find

_KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
_SEED = 18 << 3
_DER_PREFIX = bytes.fromhex("302e020100300506032b657004220420")  # PKCS #8 in front of 32 bytes


def _openssl(*arguments) -> bytes:
    done = subprocess.run([find("openssl", "install openssl"), *arguments], capture_output=True,
                          timeout=30)
    if done.returncode:
        raise Failed(f"openssl ended with {done.returncode}: {done.stderr.decode().strip()}")
    return done.stdout


def _base32(raw: bytes) -> str:
    crc = 0
    for byte in raw:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return base64.b32encode(raw + crc.to_bytes(2, "little")).decode().rstrip("=")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Key:
    """An ed25519 key: `seed` ("SU..." for a user) and `public` ("U...")."""

    def __init__(self, kind: str):
        prefix = _KINDS[kind]
        self.raw = _openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER")[-32:]
        self.seed = _base32(bytes([_SEED | prefix >> 5, (prefix & 31) << 3]) + self.raw)
        self.public = _base32(bytes([prefix]) + self._with_file("pkey", "-pubout", "-outform",
                                                                "DER")[-32:])

    def sign(self, text: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as message:
            message.write(text)
            message.flush()
            return self._with_file("pkeyutl", "-sign", "-rawin", "-in", message.name,
                                   key="-inkey", form="-keyform")

    def _with_file(self, command: str, *arguments, key: str = "-in", form: str = "-inform"):
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(_DER_PREFIX + self.raw)
            return _openssl(command, key, file.name, form, "DER", *arguments)

    def jwt(self, name: str, subject: str, nats: dict) -> str:
        """What this key says of a subject."""
        claims = {"iat": int(time.time()), "iss": self.public, "name": name, "sub": subject,
                  "nats": nats | {"version": 2}}
        claims["jti"] = base64.b32encode(
            hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        text = ".".join(_base64(json.dumps(part).encode())
                        for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims))
        return f"{text}.{_base64(self.sign(text.encode()))}"


class AccountTree:
    """An operator, one account of it with JetStream, and one user of that."""

    def __init__(self):
        self.operator, self.user = Key("operator"), Key("user")
        self.account, self.system = Key("account"), Key("account")
        self.operator_jwt = self.operator.jwt("test", self.operator.public, {"type": "operator"})
        kept = ("mem_storage", "disk_storage", "streams", "consumer")
        self.account_jwt = self._account("shop", self.account, kept)
        self.system_jwt = self._account("system", self.system, ())
        self.user_jwt = self.account.jwt("kernel", self.user.public, {
            "type": "user", "subs": -1, "data": -1, "payload": -1})

    def _account(self, name: str, key: Key, more_limits: tuple) -> str:
        limits = ("subs", "data", "payload", "imports", "exports", "conn", "leaf", *more_limits)
        return self.operator.jwt(name, key.public, {
            "type": "account", "limits": dict.fromkeys(limits, -1) | {"wildcards": True}})

    def credentials(self) -> str:
        return (f"-----BEGIN NATS USER JWT-----\n{self.user_jwt}\n------END NATS USER JWT------\n"
                f"\n-----BEGIN USER NKEY SEED-----\n{self.user.seed}\n"
                "------END USER NKEY SEED------\n")
