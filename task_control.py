"""The import name that scripts know: `from task_control import TaskControl`."""

from engine import TaskControl

__all__ = ["TaskControl"]
