"""The disk whose power can be cut, tried itself: what was not synced is lost, in part and out of
order; what was synced never is."""
import errno
import mmap
import os
from pathlib import Path

import pytest
from power import Missing, PowerDisk

SEEDS = 12
PAGE, SECTOR = 4096, 512
PAGES = 32


@pytest.fixture(params=["folder", "own"])
def rule(request):
    return request.param


@pytest.fixture
def disks(request):
    """One after the other, a seed each."""
    def make(names="folder"):
        for seed in range(SEEDS):
            try:
                with PowerDisk(seed, names, sync_us=200) as disk:
                    yield disk
            except Missing as reason:
                pytest.skip(str(reason))
    return make


def write(path: Path, data: bytes, at: int = 0, sync: bool = False):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        assert os.pwrite(fd, data, at) == len(data)
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(path: Path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def after_cut(disk) -> Path:
    disk.cut()
    disk.remount()
    return disk.path


def kinds(data: bytes, size: int) -> set:
    """What the parts of this size consist of: one letter, or several for a torn one."""
    return {"".join(sorted({chr(byte) for byte in data[at:at + size]}))
            for at in range(0, len(data), size)}


def test_unsynced_pages_are_kept_lost_and_torn(disks):
    seen, orders = set(), set()
    for disk in disks():
        file = disk.path / "file"
        write(file, b"a" * PAGE * PAGES, sync=True)
        sync_folder(disk.path)
        write(file, b"b" * PAGE * PAGES)
        data = (after_cut(disk) / "file").read_bytes()
        assert len(data) == PAGE * PAGES
        assert kinds(data, SECTOR) <= {"a", "b"}, "no sector is torn"
        pages = [data[at:at + PAGE] for at in range(0, len(data), PAGE)]
        seen |= kinds(data, PAGE)
        orders.add(b"b" * PAGE in pages and pages.index(b"b" * PAGE) > 0)
    assert seen == {"a", "b", "ab"}
    assert True in orders, "never a later page without an earlier one"


@pytest.mark.parametrize("sync", [os.fsync, os.fdatasync])
def test_what_was_synced_is_never_lost(disks, rule, sync):
    for disk in disks(rule):
        write(disk.path / "file", b"")
        sync_folder(disk.path)
        fd = os.open(disk.path / "file", os.O_RDWR)
        for version in b"abcd":
            os.pwrite(fd, bytes([version]) * PAGE * PAGES, 0)
            sync(fd)
        os.close(fd)
        write(disk.path / "other", b"z" * PAGE)
        assert (after_cut(disk) / "file").read_bytes() == b"d" * PAGE * PAGES


def test_a_synchronous_descriptor_needs_no_sync(disks):
    for disk in disks():
        fd = os.open(disk.path / "file", os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o600)
        sync_folder(disk.path)
        os.write(fd, b"s" * PAGE)
        os.close(fd)
        assert (after_cut(disk) / "file").read_bytes() == b"s" * PAGE


def test_a_writer_that_does_not_sync_loses(disks):
    """Appended records with the name synced: whole ones, fewer, and ones of zeros."""
    lengths, zeros = set(), 0
    for disk in disks():
        write(disk.path / "log", b"1" * 1000, sync=True)
        sync_folder(disk.path)
        for number in range(1, 20):
            write(disk.path / "log", b"1" * 1000, at=number * 1000)
        data = (after_cut(disk) / "log").read_bytes()
        assert data[:1000] == b"1" * 1000 and set(data) <= {0, ord("1")}
        lengths.add(len(data))
        zeros += 0 in data
    assert 1000 in lengths and 20000 in lengths and len(lengths) > 2
    assert zeros


def test_a_version_between_may_be_the_one_that_stays(disks):
    seen = set()
    for disk in disks():
        write(disk.path / "file", b"0" * PAGE * PAGES, sync=True)
        sync_folder(disk.path)
        for version in b"1234":
            write(disk.path / "file", bytes([version]) * PAGE * PAGES)
        seen |= kinds((after_cut(disk) / "file").read_bytes(), SECTOR)
    assert {"0", "4"} < seen <= set("01234")


def test_a_name_is_lost_until_its_folder_is_synced(disks):
    left = []
    for disk in disks():
        for number in range(8):
            write(disk.path / f"{number}", b"x", sync=True)
        names = sorted(path.name for path in after_cut(disk).iterdir())
        assert names == [str(number) for number in range(len(names))], "in their order"
        left.append(len(names))
    assert 0 < sum(left) < 8 * SEEDS


def test_a_folder_that_was_synced_keeps_its_names(disks, rule):
    for disk in disks(rule):
        inner = disk.path / "inner"
        inner.mkdir()
        sync_folder(disk.path)
        for number in range(8):
            write(inner / f"{number}", b"x", sync=True)
        (inner / "7").unlink()
        (inner / "6").rename(inner / "5")
        sync_folder(inner)
        assert sorted(path.name for path in (after_cut(disk) / "inner").iterdir()) == list("012345")


def test_the_sync_of_a_file_keeps_its_own_name(disks):
    """As on the file systems of Linux, when the disk is told so: names up to it, folders too."""
    for disk in disks("own"):
        (disk.path / "inner").mkdir()
        write(disk.path / "inner" / "first", b"x")
        write(disk.path / "inner" / "second", b"x", sync=True)
        found = after_cut(disk) / "inner"
        assert (found / "first").exists() and (found / "second").read_bytes() == b"x"


def test_a_folder_that_was_not_made_has_nothing_in_it(disks):
    made = 0
    for disk in disks():
        (disk.path / "inner").mkdir()
        write(disk.path / "inner" / "file", b"x", sync=True)
        sync_folder(disk.path / "inner")
        if (after_cut(disk) / "inner").exists():
            made += 1
            assert (disk.path / "inner" / "file").read_bytes() == b"x"
    assert 0 < made < SEEDS


def test_a_replaced_file_is_the_old_or_the_new_one(disks):
    """Written, synced, renamed over the old one: either, and whole."""
    seen = set()
    for disk in disks():
        write(disk.path / "file", b"a" * PAGE, sync=True)
        sync_folder(disk.path)
        write(disk.path / "fresh", b"b" * PAGE, sync=True)
        (disk.path / "fresh").rename(disk.path / "file")
        seen.add((after_cut(disk) / "file").read_bytes())
    assert seen == {b"a" * PAGE, b"b" * PAGE}


def test_a_removed_file_may_come_back(disks):
    seen = set()
    for disk in disks():
        write(disk.path / "file", b"a" * PAGE, sync=True)
        sync_folder(disk.path)
        (disk.path / "file").unlink()
        assert not (disk.path / "file").exists()
        left = after_cut(disk) / "file"
        seen.add(left.exists())
        assert not left.exists() or left.read_bytes() == b"a" * PAGE
    assert seen == {True, False}


def test_a_file_that_was_cut_short_and_grew_again(disks):
    """The old end and the new one are never mixed."""
    seen = set()
    for disk in disks():
        write(disk.path / "file", b"a" * PAGE * 8, sync=True)
        sync_folder(disk.path)
        os.truncate(disk.path / "file", PAGE * 2 + 100)
        write(disk.path / "file", b"b" * PAGE * 4, at=PAGE * 3)
        data = (after_cut(disk) / "file").read_bytes()
        assert data[:PAGE * 2 + 100] == b"a" * (PAGE * 2 + 100)
        end = set(data[PAGE * 2 + 100:])
        assert end <= {0, ord("b")} or (end == {ord("a")} and len(data) == PAGE * 8), end
        seen.add(end == {ord("a")})
    assert seen == {True, False}


def test_shared_memory_of_a_file(disks):
    """Seen by all at once, as SQLite wants it, and on the disk after msync."""
    lost = 0
    for disk in disks():
        write(disk.path / "map", b"a" * PAGE * 2, sync=True)
        sync_folder(disk.path)
        one, two = (os.open(disk.path / "map", os.O_RDWR) for _ in range(2))
        with mmap.mmap(one, PAGE * 2) as first, mmap.mmap(two, PAGE * 2) as second:
            first[:PAGE] = b"b" * PAGE
            assert second[:PAGE] == b"b" * PAGE
            first.flush()
            first[PAGE:] = b"c" * PAGE
            assert os.pread(two, PAGE, PAGE) == b"c" * PAGE
            disk.cut()
        os.close(one)
        os.close(two)
        disk.remount()
        data = (disk.path / "map").read_bytes()
        assert data[:PAGE] == b"b" * PAGE
        lost += data[PAGE:] != b"c" * PAGE
    assert lost


def test_without_power_nothing_works(disks):
    several = disks()
    disk = next(several)
    fd = os.open(disk.path / "file", os.O_RDWR | os.O_CREAT)
    disk.cut()
    for attempt in (lambda: os.pwrite(fd, b"x", 0), lambda: os.fsync(fd),
                    lambda: (disk.path / "new").write_bytes(b"x"),
                    lambda: (disk.path / "folder").mkdir(), lambda: os.listdir(disk.path)):
        with pytest.raises(OSError) as refused:
            attempt()
        assert refused.value.errno == errno.EIO
    os.close(fd)


def test_settled_means_synced(disks):
    for disk in disks():
        write(disk.path / "file", b"x" * PAGE)
        disk.settle()
        assert (after_cut(disk) / "file").read_bytes() == b"x" * PAGE
