"""The one keeper of task records: an indexed, locked, observable TinyDB in memory."""

from tinydb import Query, TinyDB
from tinydb.table import Document

from .keeper import Keeper, Moment
from .rows import Doc
from .storage import Edit
from .table import TaskDB

__all__ = ["Doc", "Document", "Edit", "Keeper", "Moment", "Query", "TaskDB", "TinyDB"]
