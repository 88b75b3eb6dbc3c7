"""The console and its parts: one class, one Python file, one ES module and one stylesheet each.

A widget holds an `Ops` and knows no SQL. It is no boundary: whatever arrives from a browser is a request that `Ops`
checks, and no trait can be set from there.
"""
