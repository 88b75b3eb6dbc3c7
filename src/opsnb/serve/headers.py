"""What every answer tells the browser it may do with it."""

from __future__ import annotations

from collections.abc import Sequence

_YEAR = 365 * 24 * 3600
# Widgets reach the browser as modules made from blobs, and Voila writes inline scripts; another host is never asked.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(framed_by: Sequence[str]) -> str:
    """Say what the browser may load, and who may show the page inside another."""
    rules = _POLICY | {"frame-ancestors": " ".join(["'self'", *framed_by])}
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def security_headers(framed_by: Sequence[str], *, tls: bool) -> dict[str, str]:
    """Give the headers of every answer; over TLS the browser is told to keep to it."""
    held = {"Strict-Transport-Security": f"max-age={_YEAR}"} if tls else {}
    return {**_FIXED, "Content-Security-Policy": policy(framed_by), **held}
