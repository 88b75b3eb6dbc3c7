"""What the made-up runs of the demo are about: types, places, people, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PLACES = {
    "Contoso Production": ("Fabrikam GmbH", "Adventure Works", "Tailspin Toys", "Wide World Importers"),
    "Northwind Staging": ("Proseware", "Litware Inc", "Lucerne Publishing"),
}
PEOPLE = ("ada@contoso.example", "grace@contoso.example", "linus@northwind.example", "scheduler", "scheduler", None)
SITES = ("berlin-2", "dublin-1", "porto-1", "oslo-3", "valencia-1")


@dataclass(frozen=True)
class Scene:
    """One operation type as the demo tells it.

    `weight` is how often it happens, `minutes` how long a run takes, `total` of what `unit` it works through,
    `errors` code and message of its failures, `params` and `secret` what its context holds besides.
    """

    type: str
    weight: int
    minutes: tuple[float, float]
    unit: str
    total: tuple[int, int]
    errors: tuple[tuple[str, str], ...]
    params: dict[str, Any]
    secret: str = ""
    tenant: bool = True


SCENES = (
    Scene(
        "inventory.sync", 9, (1, 9), "devices", (40, 900),
        (("DEVICE_UNREACHABLE", "14 devices at {site} did not answer within 30 s"),
         ("RATE_LIMITED", "The device API answered 429 Too Many Requests 5 times in a row")),
        {"full": False, "page_size": 200}, "api_token",
    ),
    Scene(
        "policies.backup", 8, (2, 14), "policies", (12, 240),
        (("STORAGE_FULL", "Backup volume at {site} has 0 bytes left"),
         ("CHECKSUM_MISMATCH", "Policy set 'Baseline – Überwachung' changed while it was read")),
        {"format": "json", "keep_days": 30},
    ),
    Scene(
        "policies.restore", 2, (3, 25), "policies", (12, 240),
        (("SNAPSHOT_MISSING", "Snapshot 2026-W31 is no longer in the archive"),
         ("CONFLICT", "3 policies were edited after the snapshot was taken")),
        {"snapshot": "2026-W31", "dry_run": False},
    ),
    Scene(
        "policies.compare", 4, (0.3, 4), "policies", (12, 240),
        (("SNAPSHOT_MISSING", "Nothing to compare with: snapshot 2026-W30 was purged"),),
        {"left": "live", "right": "2026-W30"},
    ),
    Scene(
        "reports.export", 6, (0.5, 11), "pages", (4, 310),
        (("RENDER_TIMEOUT", "Page 212 was not rendered within 60 s"),
         ("UPLOAD_REFUSED", "The report store refused the upload: 403 Forbidden")),
        {"report": "compliance", "format": "pdf"},
    ),
    Scene(
        "credentials.rotate", 3, (0.2, 5), "credentials", (1, 24),
        (("VAULT_SEALED", "The vault is sealed; no credential was changed"),
         ("PERMISSION_DENIED", "Service account rotate@{site} may not write to the vault")),
        {"scope": "service-accounts"}, "api_token",
    ),
    Scene(
        "tenants.provision", 1, (8, 50), "steps", (9, 9),
        (("QUOTA_EXCEEDED", "The subscription allows 25 tenants, and 25 exist"),),
        {"plan": "standard", "region": "eu-west"},
    ),
    Scene(
        "directory.import", 4, (1, 12), "users", (20, 4000),
        (("BAD_RECORD", "Row 1,204: two users share the address office@tailspin.example"),
         ("LDAP_TIMEOUT", "ldap.{site}.example did not answer within 30 s")),
        {"source": "ldap", "deactivate_missing": True}, "api_token",
    ),
    Scene(
        "licenses.reconcile", 3, (0.5, 6), "licenses", (10, 600),
        (("COUNT_MISMATCH", "The vendor counts 412 seats, the directory 409"),),
        {"vendor": "contoso-licensing"}, tenant=False,
    ),
    Scene(
        "archive.purge", 1, (20, 180), "objects", (1000, 90000),
        (("LEGAL_HOLD", "212 objects are under legal hold and were kept"),),
        {"older_than_days": 365}, tenant=False,
    ),
)  # fmt: skip
BY_TYPE = {scene.type: scene for scene in SCENES}
# Live runs: type and minutes since it was queued; a running one started half a minute later.
QUEUED = (("inventory.sync", 1), ("reports.export", 2), ("policies.backup", 3), ("directory.import", 4),
          ("inventory.sync", 6), ("licenses.reconcile", 7))  # fmt: skip
STUCK_QUEUED = (("policies.backup", 14), ("credentials.rotate", 23), ("inventory.sync", 41), ("reports.export", 190))
RUNNING = (("inventory.sync", 2), ("policies.compare", 3), ("policies.backup", 9), ("directory.import", 12),
           ("reports.export", 8), ("tenants.provision", 33), ("archive.purge", 95))  # fmt: skip
STUCK_RUNNING = (("reports.export", 27), ("credentials.rotate", 38), ("directory.import", 52), ("policies.backup", 96),
                 ("inventory.sync", 135), ("policies.restore", 260), ("archive.purge", 1510))  # fmt: skip
REASON = "Backup volume at berlin-2 was full; storage added two terabytes, and the next backup has room."
