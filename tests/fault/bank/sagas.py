"""The sagas of the bank: what is declared of them, and how one is started.

A sum leaves the sender (`withdraw`), comes to the receiver (`credit`), and one of the two agrees
(`approve`), which fails for good where the manners of the host say so. Each step has its way back.
`transfer` waits for its steps as long as they take, two of them at a time. `hasty` gives up on a
step that is not answered soon, though it may still take effect, and is forgotten soon after its
end.
"""
import json
import zlib

from bank.books import UNDONE_BY, Part, reference
from harness.wire import json_any

PREFIX = "saga/"
STEPS = tuple(UNDONE_BY)
HASTY_KEEP_S = 15
ENDS = ("COMPLETED", "COMPENSATED")


def name_of(ident: str) -> str:
    """Which saga a transfer is; its id decides."""
    return "hasty" if zlib.crc32(ident.encode()) % 3 == 0 else "transfer"


def step(action: str, account: str, **more) -> dict:
    payload = {"id": "{saga.id}", "amount": "{input.amount}"}
    return {"name": action, "actor": f"{{input.{account}}}",
            "register_ref": f"{{input.{account}_ref}}", "action": action, "payload": payload,
            "compensate": {"action": UNDONE_BY[action], "payload": payload}, **more}


def workflow() -> dict:
    """The entry of `workflows` in the kernel's configuration."""
    again = {"attempts": 2, "backoff": "50ms"}
    soon = "400ms"
    return {"use": "saga", "config": {"sagas": {
        "transfer": {"deadline": "2h", "keep": "7d", "steps": [
            step("withdraw", "from", timeout="1h"),
            {"parallel": [step("credit", "to", timeout="1h"),
                          step("approve", "by", timeout="1h", retry=again)]}]},
        "hasty": {"deadline": "1h", "keep": f"{HASTY_KEEP_S}s", "steps": [
            step("withdraw", "from", timeout=soon), step("credit", "to", timeout=soon),
            step("approve", "by", timeout=soon)]}}}}


def start_input(sender: str, part: Part):
    """What a saga is started with: the same for whoever starts it."""
    approver = sender if zlib.crc32(part.id.encode()) % 2 else part.to
    told = {"amount": part.amount}
    for role, account in (("from", sender), ("to", part.to), ("by", approver)):
        told[role], told[f"{role}_ref"] = account, reference(account)
    return json_any(json.dumps(told))


def expected(manners, ident: str) -> tuple:
    """How it may end."""
    if any(manners.of(action, ident) == "error" for action in STEPS):
        return ("COMPENSATED",)
    return ENDS if name_of(ident) == "hasty" else ("COMPLETED",)
