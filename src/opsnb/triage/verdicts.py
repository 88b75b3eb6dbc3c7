"""What the database server itself refused, said to whoever tried it."""

from __future__ import annotations

from opsnb.errors import AccessDenied, DatabaseUnavailable, TriageRefused

Verdict = AccessDenied | TriageRefused
_WRITES = "Nothing can be changed here: the database takes no writes from this login; act where it does."


def verdict(error: DatabaseUnavailable) -> Verdict | None:
    """Tell a refusal by its SQLSTATE; None where it is something else that went wrong."""
    cause = getattr(error.__cause__, "orig", None)
    words = str(getattr(getattr(cause, "diag", None), "message_primary", None) or cause).rstrip(".")
    match getattr(cause, "sqlstate", None):
        case "42501":
            return AccessDenied(f"The database does not let you do this: {words}; ask whoever manages access to it.")
        case "25006":
            return AccessDenied(_WRITES)
        case "23514":
            return TriageRefused(f"The database does not let this be done: {words}.")
    return None
