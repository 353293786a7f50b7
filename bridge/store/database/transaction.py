"""The handle that every function of the store takes as `tx`: one open transaction, of Database.read() or write()."""

from typing import TypeAlias

from sqlalchemy import Connection

Transaction: TypeAlias = Connection
