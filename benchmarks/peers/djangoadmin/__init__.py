"""Django admin: its list of runs, for a signed-in superuser, whose account lies in a database of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from sqlalchemy import make_url

MODELS = "benchmarks.peers.djangoadmin"
_APPS = ("admin", "auth", "contenttypes", "sessions", "messages")
_MIDDLEWARE = ("sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware",
               "messages.middleware.MessageMiddleware")  # fmt: skip
_CONTEXT = ("template.context_processors.request", "contrib.auth.context_processors.auth",
            "contrib.messages.context_processors.messages")  # fmt: skip


class Router:
    """Sends what is asked of runs to the history that is measured."""

    history = ""

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        """Name the database of a model."""
        return Router.history if model._meta.app_label == "djangoadmin" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, *_: Any, **_more: Any) -> bool:
        """Make tables in Django's own database alone."""
        return db == "default"


def start(addresses: dict[str, str]) -> None:
    """Set Django up on these histories, by a name for each."""
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=f"{MODELS}.urls",
        USE_TZ=True,
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:peer?mode=memory&cache=shared"},
            **{name: _database(address) for name, address in addresses.items()},
        },
        DATABASE_ROUTERS=[f"{MODELS}.Router"],
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in _APPS), MODELS],
        MIDDLEWARE=[f"django.contrib.{each}" for each in _MIDDLEWARE],
        STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": [f"django.{each}" for each in _CONTEXT]},
            }
        ],
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _database(address: str) -> dict[str, Any]:
    if "://" not in address:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": address}
    url = make_url(address)
    return {"ENGINE": "django.db.backends.postgresql", "NAME": url.database, "USER": url.username,
            "HOST": url.query["host"], "CONN_MAX_AGE": None}  # fmt: skip


@cache
def _client() -> Any:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.create_superuser("peer"))
    return client


def page(name: str, *, counted: bool = True) -> Callable[[], str]:
    """Give what asks for the page of a history that `start` was told of; without the full count where not `counted`."""
    client, path = _client(), f"/admin/djangoadmin/{'run' if counted else 'uncounted'}/"

    def ask() -> str:
        Router.history = name
        return str(client.get(path).content.decode())

    return ask
