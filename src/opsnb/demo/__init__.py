"""A database to try opsnb on: `prepare` makes it where one says, `scratch` where nothing else is."""

from opsnb.demo.filling import fill, prepare
from opsnb.demo.scratch import scratch

__all__ = ["fill", "prepare", "scratch"]
