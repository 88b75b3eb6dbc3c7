"""A database to try opsnb on: `prepare` makes it."""

from opsnb.demo.filling import fill, prepare

__all__ = ["fill", "prepare"]
