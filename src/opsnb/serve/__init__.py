"""The Voila server behind ``opsnb serve``: canonical routes, read-only, nothing else exposed."""

import sys

# It builds a grammar as it is imported, which took more than half of the server's start. What imports it, to check one
# format of text in events that nobody sends, does without where it is missing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
