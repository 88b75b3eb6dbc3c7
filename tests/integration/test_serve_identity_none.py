"""Without an identity everybody is the one viewer, and only this machine is answered unless it is said in words."""

from pathlib import Path

import pytest

from opsnb.errors import BadInput
from opsnb.serve.identity.choice import choose
from opsnb.serve.identity.options import IdentityOptions
from support.serving import serving

MEANT = "--anyone-who-reaches-this-address-may-look"


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", ""])
def test_it_is_not_opened_to_everybody_by_accident(tmp_path: Path, ip: str) -> None:
    refusal = f"(?s)Error: Whoever reaches \\S.* would see what vera may see: .*{MEANT}"
    with pytest.raises(RuntimeError, match=refusal), serving(tmp_path, f"--ip={ip}", "--actor=vera"):
        pass


def test_it_is_opened_to_everybody_in_words(tmp_path: Path) -> None:
    with serving(tmp_path, "--ip=0.0.0.0", "--actor=vera", MEANT) as server:
        assert server.process.poll() is None


def test_a_viewer_without_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsnb.serve.identity.choice.configured_actor", lambda _: "")
    with pytest.raises(BadInput, match="name a platform user with --actor"):
        choose(IdentityOptions(), None, "127.0.0.1", local=True)
