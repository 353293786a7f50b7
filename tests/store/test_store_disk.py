"""The low-water mark: what is asked of the disk, how often, and that it recovers by itself."""

import os
from types import SimpleNamespace

import pytest

from bridge.errors import StoreUnavailable
from bridge.store.database import disk
from bridge.store.database.disk import Disk

MIB = 2**20


@pytest.fixture
def free(monkeypatch):
    """What the file system says, counted."""
    said = SimpleNamespace(bytes=512 * MIB, asked=0)

    def statvfs(folder):
        said.asked += 1
        return SimpleNamespace(f_bavail=said.bytes // 4096, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)
    return said


def test_less_than_the_mark_is_unavailable(free, tmp_path, monkeypatch):
    """Under the mark the store takes nothing in, and again as soon as there is room."""
    monkeypatch.setattr(disk, "_FRESH", 0)
    asked = Disk(tmp_path)
    asked.require(256 * MIB)
    free.bytes = 255 * MIB
    with pytest.raises(StoreUnavailable, match="less than 256 MiB"):
        asked.require(256 * MIB)
    free.bytes = 257 * MIB
    asked.require(256 * MIB)


def test_disk_is_asked_once_while_its_answer_is_fresh(free, tmp_path, monkeypatch):
    """A thousand events in that time ask the file system once."""
    monkeypatch.setattr(disk, "_FRESH", 3_600)
    asked = Disk(tmp_path)
    for _ in range(1_000):
        asked.require(1)
    assert free.asked == 1


def test_file_system_that_cannot_be_asked_keeps_its_last_answer(
    free, tmp_path, monkeypatch
):
    """An error of the look itself neither stops intake that went well nor starts one that was stopped."""
    monkeypatch.setattr(disk, "_FRESH", 0)
    asked = Disk(tmp_path)
    asked.require(1)
    monkeypatch.setattr(os, "statvfs", lambda folder: open(tmp_path / "nowhere"))
    asked.require(1)


def test_nobody_asks_about_the_disk_of_a_server(database):
    """PostgreSQL's disk is not this machine's: its own errors tell when it is full."""
    if database.dialect == "postgresql":
        database.require_room(2**80)
    else:
        with pytest.raises(StoreUnavailable):
            database.require_room(2**80)
