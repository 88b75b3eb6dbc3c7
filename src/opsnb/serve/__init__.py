"""The Voila server behind ``opsnb serve``: canonical routes, read-only, nothing else exposed."""
