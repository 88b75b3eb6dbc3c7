"""What every handler asks through Jupyter: the verified user, and nothing of Jupyter's own tokens and cookies."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler

from opsnb.serve.identity.verifier import Verifier


class Identity(IdentityProvider):
    """Names the user of a request as the server's `verifier` does; its application holds that."""

    def get_user(self, handler: RequestHandler) -> User | None:
        """Give whom the verifier knows to have sent the request."""
        who = self.verifier.user(handler.request)
        return User(username=who) if who else None

    @property
    def verifier(self) -> Verifier:
        """What tells who asks."""
        return self.parent.verifier  # type: ignore[union-attr,no-any-return] # the application made this

    def get_handlers(self) -> list[tuple[str, object]]:
        """Bring no address along."""
        return []

    def is_token_authenticated(self, _handler: RequestHandler) -> bool:
        """Never let a request off the checks against other sites."""
        return False

    def set_login_cookie(self, *_: Any) -> None:
        """Write no cookie of Jupyter's."""
