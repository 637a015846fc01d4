"""An Apache Kafka server for tests: one node, broker and controller in one, without ZooKeeper."""
import os
import secrets
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from ports import free_port
from servers import tls
from servers.server import Failed, Missing, Server, find, run_client

VERSION = "3.9.1"
FETCH_SECONDS = 600.0
_POM = Path(__file__).resolve().parent / "kafka" / "pom.xml"
_FETCHER = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_JAVA = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
_API_VERSIONS = 18
_LOG4J = """log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
"""


def jars() -> Path:
    """The folder of the server's jars, fetched once; Missing when Maven can not get them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spawn-tests"
    folder = cache / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    maven = find("mvn", "install maven")
    own = cache / f"{folder.name}.{os.getpid()}"
    own.mkdir(parents=True)
    try:
        # --strict-checksums: a file that is not what its repository says it is fails.
        done = subprocess.run([maven, "-q", "-B", "--strict-checksums", "-f", _POM, _FETCHER,
                               "-DincludeScope=runtime", f"-DoutputDirectory={own}"],
                              capture_output=True, text=True, timeout=FETCH_SECONDS)
        if done.returncode:
            raise Missing(f"the jars of Kafka can not be had: {done.stdout.strip()[-500:]}")
        if not folder.is_dir():
            own.rename(folder)
    except subprocess.TimeoutExpired:
        raise Missing(f"the jars of Kafka did not come in {FETCH_SECONDS} s") from None
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return folder


class Kafka(Server):
    """Kafka(secure=False): settings as in server.properties. Topics are made by hand.

    Three ways in: `brokers`; `gated`, whose clients are sent to `gate_port`, where a test may put a
    gate that leads to `gated`; and `secured`, if it is secure, by TLS with `user` and `password`.
    """
    name = "kafka"
    account = "daemon"
    user = "spawn"
    start_seconds = 180.0  # a Java program on a busy machine

    def __init__(self, secure: bool = True, **settings):
        self._java = find("java", "install openjdk-17-jre-headless")
        self._jars = jars()
        self.secure = secure
        if secure:
            tls.program()
        super().__init__(settings)
        self.controller_port, self.gated_port, self.gate_port, self.secured_port = (
            free_port() for _ in range(4))
        self.password = secrets.token_hex(12)

    @property
    def brokers(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def gated(self) -> str:
        return f"{self.host}:{self.gated_port}"

    @property
    def secured(self) -> str:
        return f"{self.host}:{self.secured_port}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def publish(self, topic: str, *lines: str) -> None:
        """One record for each line."""
        run_client([*self._program("kafka.tools.ConsoleProducer"), "--bootstrap-server",
                    self.brokers, "--topic", topic], "".join(f"{each}\n" for each in lines),
                   self.start_seconds)

    # --- Server -----------------------------------------------------------------------------------
    def prepare(self):
        home = self.folder / "jars"
        shutil.copytree(self._jars, home)  # its account may not see the cache
        (self.folder / "log4j.properties").write_text(_LOG4J)
        if self.secure:
            tls.make(self.folder / "tls")
            key = self.folder / "tls" / "server.key"
            store = self.folder / "tls" / "store.pem"
            store.write_text(key.read_text() + (self.folder / "tls" / "server.pem").read_text())
            self.give(store)
            store.chmod(0o600)
        self._write_properties()
        scram = [f"--add-scram=SCRAM-SHA-512=[name={self.user},password={self.password}]",
                 f"--add-scram=SCRAM-SHA-256=[name={self.user},password={self.password}]"]
        self.run([*self._program("kafka.tools.StorageTool"), "format", "--cluster-id",
                  "c3Bhd24tdGVzdHMta2Fma2", "--config", self._properties,
                  *(scram if self.secure else [])])

    def command(self):
        self._write_properties()
        return [*self._program("kafka.Kafka"), self._properties]

    def ping(self):
        """Asks which requests it takes, as every client does first."""
        ask = struct.pack(">hhih", _API_VERSIONS, 0, 1, -1)
        try:
            with socket.create_connection((self.host, self.port), 2) as link:
                link.settimeout(5)
                link.sendall(struct.pack(">i", len(ask)) + ask)
                answer = link.recv(10)
        except OSError as problem:
            raise Failed(f"kafka does not answer: {problem}") from None
        if len(answer) < 10 or answer[8:10] != b"\0\0":
            raise Failed("kafka answers with an error")

    def exports(self):
        out = {"BROKERS": self.brokers, "GATED": self.gated,
               "GATE_PORT": str(self.gate_port)}
        if self.secure:
            out |= {"SECURED": self.secured, "CA": str(self.ca),
                    "USER": self.user, "PASSWORD": self.password}
        return out

    # --- helpers ----------------------------------------------------------------------------------
    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _program(self, main: str) -> list:
        return [self._java, *_JAVA, f"-Dlog4j.configuration=file:{self.folder}/log4j.properties",
                "-cp", f"{self.folder}/jars/*", main]

    def _write_properties(self):
        ways = {"PLAINTEXT": (self.port, self.port), "GATED": (self.gated_port, self.gate_port)}
        if self.secure:
            ways["SECURED"] = (self.secured_port, self.secured_port)
        here = f"127.0.0.1:{self.controller_port}"
        all_settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.voters": f"1@{here}", "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": ",".join([f"{way}://127.0.0.1:{own}" for way, (own, _) in ways.items()] +
                                  [f"CONTROLLER://{here}"]),
            "advertised.listeners": ",".join(
                f"{way}://127.0.0.1:{told}" for way, (_, told) in ways.items()),
            "listener.security.protocol.map":
                "PLAINTEXT:PLAINTEXT,GATED:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false", "num.partitions": 4,
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 1000,
        }
        if self.secure:
            all_settings |= self._secure_settings()
        text = "".join(f"{key}={value}\n" for key, value in (all_settings | self.settings).items())
        self._properties.write_text(text)
        self.give(self._properties)
        self._properties.chmod(0o600)

    def _secure_settings(self) -> dict:
        modules = "org.apache.kafka.common.security"
        scram = f"{modules}.scram.ScramLoginModule required;"
        plain = (f"{modules}.plain.PlainLoginModule required "
                 f'user_{self.user}="{self.password}";')
        way = "listener.name.secured"
        return {
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            f"{way}.plain.sasl.jaas.config": plain,
            f"{way}.scram-sha-256.sasl.jaas.config": scram,
            f"{way}.scram-sha-512.sasl.jaas.config": scram,
            f"{way}.ssl.keystore.type": "PEM",
            f"{way}.ssl.keystore.location": self.folder / "tls" / "store.pem",
        }
