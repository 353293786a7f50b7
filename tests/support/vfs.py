"""Lets a test stand between SQLite and its files: every write, truncate and sync of this process asks it first.

A copy of SQLite's own default VFS is registered as the new default through the library that Python's `sqlite3` uses,
so nothing is compiled and the bridge's code runs as it is. Reading, locking and shared memory stay SQLite's own.
"""

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_void_p, cast

OK, FULL, IOERR = 0, 13, 10
IOERR_WRITE, IOERR_FSYNC = IOERR | 3 << 8, IOERR | 4 << 8

# The name as an address: SQLite keeps it, and reads its URI parameters behind the end.
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)


class _Vfs(ctypes.Structure):
    """struct sqlite3_vfs of sqlite3.h; what is only copied has no type."""

    _fields_ = [
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _OPEN),
        ("rest", c_void_p * 14),
    ]


class _Methods(ctypes.Structure):
    """struct sqlite3_io_methods of sqlite3.h."""

    _fields_ = [
        ("version", c_int),
        ("close", _CLOSE),
        ("read", c_void_p),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("rest", c_void_p * 13),
    ]


class Hooks:
    """What a test wants to know or to break. Each returns OK, or the error that SQLite gets instead of the deed."""

    def write(self, path, offset, data):
        return OK

    def truncate(self, path, size):
        return OK

    def sync(self, path):
        return OK

    def synced(self, path):
        """After a sync that succeeded."""


_alive = []  # what SQLite points to must never be collected


def install(hooks):
    """From now on every file that SQLite opens in this process asks `hooks`."""
    library = _library()
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    base = library.sqlite3_vfs_find(None)
    own = _Vfs()
    ctypes.memmove(byref(own), base, ctypes.sizeof(_Vfs))
    files, tables = {}, {}

    def opened(_, name, file, flags, out):
        code = base.contents.open(cast(base, c_void_p), name, file, flags, out)
        methods = cast(file, POINTER(POINTER(_Methods)))
        if code == OK and methods[0]:
            original = cast(methods[0], c_void_p).value
            if original not in tables:
                tables[original] = _table(methods[0].contents, files, hooks)
            files[file] = os.fsdecode(ctypes.string_at(name)) if name else ""
            methods[0] = ctypes.pointer(tables[original])
        return code

    own.name, own.open = b"watched", _OPEN(opened)
    _alive.append((own, tables, hooks))
    assert library.sqlite3_vfs_register(byref(own), 1) == OK


def _table(original, files, hooks):
    """The file's functions, with three of them asking the hooks first."""
    real = _Methods()
    ctypes.memmove(byref(real), byref(original), ctypes.sizeof(_Methods))
    own = _Methods()
    ctypes.memmove(byref(own), byref(original), ctypes.sizeof(_Methods))

    def write(file, data, size, offset):
        answer = hooks.write(files[file], offset, ctypes.string_at(data, size))
        return answer or real.write(file, data, size, offset)

    def truncate(file, size):
        return hooks.truncate(files[file], size) or real.truncate(file, size)

    def sync(file, flags):
        code = hooks.sync(files[file]) or real.sync(file, flags)
        if code == OK:
            hooks.synced(files[file])
        return code

    def close(file):
        files.pop(file, None)
        return real.close(file)

    own.write, own.truncate = _WRITE(write), _TRUNCATE(truncate)
    own.sync, own.close = _SYNC(sync), _CLOSE(close)
    _alive.append(real)
    return own


def _library():
    """The SQLite that `sqlite3` runs on, wherever it was linked."""
    import _sqlite3

    for path in (getattr(_sqlite3, "__file__", None), None):
        library = ctypes.CDLL(path)
        if hasattr(library, "sqlite3_vfs_find"):
            return library
    raise RuntimeError(
        "this Python hides its SQLite's functions: use one that links libsqlite3"
    )
