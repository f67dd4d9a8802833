"""The front door of the tree report: a directory tree, read part by part as a graph of tasks."""

from examples.tree_report.plan import plan
from examples.tree_report.report import Report
from examples.tree_report.tree import standard_library

__all__ = ["Report", "plan", "standard_library"]
