"""Where functions run that don't run in a thread of this process."""

from .processes import Processes

__all__ = ["Processes"]
