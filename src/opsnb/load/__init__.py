"""Bring run histories from files into a database: `load` a file, through a map that `find_map` gives."""

from opsnb.load.loading import Loaded, load
from opsnb.load.mapfile import find_map, read_map, shipped
from opsnb.load.mapping import Map
from opsnb.load.rejects import Reject

__all__ = ["Loaded", "Map", "Reject", "find_map", "load", "read_map", "shipped"]
