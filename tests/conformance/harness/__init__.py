"""What the conformance tests stand on: a kernel process, an actor host, a client, the messages."""
