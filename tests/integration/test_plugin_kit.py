"""The author's kit: installed, a project of each kind and language made from the templates, built
against the installed kit only, tested and checked as its README says, and loaded by a kernel that then
uses it: one kernel for the projects of a language."""
from pathlib import Path

import pytest
from harness.host import Reply
from harness.mesh import Mesh, eventually
from harness.wire import BUILD, actor, any_pb, protocol_pb, text
from kit import STRICT, Project, install, outside, pass_all, run
from tools import ctl

KINDS = ("statestore", "transport", "workflow", "activator", "actors")
# Kinds whose project another compiler builds than the usual one, so that both read every header.
OTHER_COMPILER = {("c++", "workflow"): "clang++-19", ("c++", "statestore"): "clang++-19",
                  ("c++", "actors"): "clang++-19"}


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return install(tmp_path_factory.mktemp("kit"))


def config_with(projects: dict, inbox: Path) -> dict:
    """A kernel whose store, transport, workflow, activator and actors these are."""
    return {
        "plugins": {"path": [*(str(each.plugins) for each in projects.values()),
                             str(BUILD / "plugins")]},
        "statestores": {"main": {"use": projects["statestore"].name,
                                 "config": {"max_records": 1000, "path": None}}},
        "durability": {"allow_volatile": True},
        "transport": {"use": projects["transport"].name, "config": {"bus": "test"}},
        "workflows": ["forward", "broadcast",
                      {"use": projects["workflow"].name, "config": {"max_delay_ms": 1000}}],
        "activators": [{"name": "files", "use": projects["activator"].name,
                        "config": {"folder": str(inbox)},
                        "route": {"actor": "{key}", "action": "take"}}],
        "native_actors": [{"use": projects["actors"].name, "config": {"amount_max": 100}}],
    }


@pytest.mark.parametrize("lang", ["c++", "c", "rust"])
def test_the_projects_of_a_language_pass_and_work_in_a_kernel(tmp_path, kit, lang):
    stem = {"c++": "cxx"}.get(lang, lang)
    projects = {kind: Project(tmp_path / f"my-{stem}-{kind}", kind, lang,
                              OTHER_COMPILER.get((lang, kind)))
                for kind in KINDS}
    pass_all(projects.values(), kit)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    mesh = Mesh(config_with(projects, inbox))
    try:
        loaded = ctl("--json", "plugins", "list", admin=mesh).ok().json["plugins"]
        assert {(kind, each.name) for kind, each in projects.items()} <= {
            (each["kind"], each["plugin"]) for each in loaded}
        the_store_keeps_state(mesh)
        the_transport_takes_broadcasts(mesh)
        the_workflow_calls_its_actor(mesh, projects["workflow"].name)
        a_file_reaches_its_actor(mesh, inbox)
        its_live_actors_count(mesh, projects["actors"].name)
        mesh.kernel.stop()
        left = [line for line in mesh.kernel.log if "the bus is left" in line]
        assert len(left) == 1 and "published=1" in left[0].replace('"', ""), left
    finally:
        mesh.dispose()


def the_store_keeps_state(mesh):
    counter = mesh.counter()
    for expected in range(1, 4):
        assert int(mesh.invoke(counter, "inc").expect_ok().value) == expected
    assert ctl("state", "get", "spawn-system", counter, admin=mesh).ok().out


def the_transport_takes_broadcasts(mesh):
    topic = mesh.name("news")
    listener = mesh.plain("listener", ["receive"], channels=[(topic, "")])
    mesh.invoke(mesh.speaker(topic, text("read all about it")), "speak").expect_ok()
    assert mesh.host.wait(1, listener, "receive")[0].payload == text("read all about it")


def the_workflow_calls_its_actor(mesh, part_type):
    audit = mesh.plain("audit", ["note"])
    flow = protocol_pb.Workflow()
    # Field 1 is the actor's name, field 2 its action.
    part = b"\x0a" + bytes([len(audit)]) + audit.encode() + b"\x12\x04note"
    flow.parts.append(any_pb.Any(type_url=f"type.example/{part_type}", value=part))
    cart = mesh.name("cart")
    mesh.host.on(cart, "buy", reply=Reply(payload=text("bought"), workflow=flow))
    mesh.register(actor(cart, ["buy"]))
    mesh.invoke(cart, "buy").expect_ok()
    assert mesh.host.wait(1, audit, "note")[0].payload == text("bought")


def a_file_reaches_its_actor(mesh, inbox):
    clerk = mesh.plain("clerk", ["take"])
    (inbox.parent / "next").write_text('{"order": 17}')
    (inbox.parent / "next").rename(inbox / f"0001-{clerk}")
    assert b'{"order": 17}' in mesh.host.wait(1, clerk, "take")[0].payload.value
    eventually(lambda: not list(inbox.iterdir()), what="the file is done and gone")


def its_live_actors_count(mesh, name):
    def number(value):  # an Int64Value below 128
        return any_pb.Any(type_url="type.googleapis.com/google.protobuf.Int64Value",
                          value=bytes([0x08, value]))

    for one in ("a", "b", "c"):
        mesh.invoke(one, "Add", number(7), ref=name).expect_ok()
        assert mesh.invoke(one, "Show", ref=name).expect_ok().message.value == number(7)
    refused = mesh.invoke("a", "Add", number(101), ref=name).expect_error("HOST_ERROR")
    assert "amount_max" in refused.text
    eventually(lambda: mesh.invoke(f"{name}-total", "Show").message.value == number(21),
               what="each of them has told the total")


def test_a_config_beyond_the_schema_is_refused(tmp_path, kit):
    made = Project(tmp_path / "strict", "workflow", "c")
    made.passes(kit)
    config = {"plugins": {"path": [str(made.plugins), str(BUILD / "plugins")]},
              "workflows": [{"use": "strict", "config": {"max_delay_ms": -1}}]}
    with pytest.raises(AssertionError, match="max_delay_ms"):
        Mesh(config)


def test_the_headers_are_found_by_pkg_config(tmp_path, kit):
    env = outside(kit) | {"PKG_CONFIG_PATH": str(kit / "share" / "pkgconfig")}
    flags = run(["pkg-config", "--cflags", "spawn-plugin >= 1.0"], env=env).split()
    source = tmp_path / "all.c"
    source.write_text('#include "spawn/plugin/all.h"\nint answer = SPAWN_ABI_MAJOR;\n')
    run(["gcc", "-std=c11", *STRICT.split(), *flags, "-c", source, "-o", tmp_path / "all.o"])


@pytest.mark.parametrize("name", ["Store", "9lives", "a.b", "../up", "x" * 65, "", "a b", "-x"])
def test_a_bad_name_is_told_and_nothing_is_written(tmp_path, name):
    folder = tmp_path / "made"
    ended = ctl("plugins", "new", "--kind", "statestore", "--dir", str(folder), "--", name)
    assert ended.code == 2 and "is no name for a plugin" in ended.err, (ended.out, ended.err)
    assert not folder.exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    ended = ctl("plugins", "new", "--kind", "statestore", "mine", "--dir", str(tmp_path / "mine"))
    assert ended.code == 2 and "is there already" in ended.err
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(tmp_path, kind):
    words = ("@name@", "@kind@", "@ident@", "@language@", "@sources@", "@test@")
    for lang in ("c++", "c", "rust"):
        folder = tmp_path / ("l" + lang[0] + str(len(lang)))
        ctl("plugins", "new", "--kind", kind, "--lang", lang, "some-name", "--dir",
            str(folder)).ok()
        for file in filter(Path.is_file, folder.rglob("*")):
            assert not any(word in file.read_text() for word in words), file
