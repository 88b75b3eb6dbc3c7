"""Which process of pytest-xdist runs which tests."""

from collections import Counter
from functools import cached_property

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"


class FilesTogether(LoadScopeScheduling):
    """Keeps a file in one process, as its tests share servers, and all files that open a browser in two.

    Each of those two has one Chromium, one JupyterLab and one server of the demo. Half of such a test is waiting, so
    that two more processes use what the two leave of two cores.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        return self._browser_scopes.get(file, file)

    @cached_property
    def _browser_scopes(self) -> dict[str, str]:
        """Deal the files out, the largest first, so that both processes get about as many tests."""
        sizes = Counter(file for nodeid in self.collection or () if (file := file_of(nodeid)).startswith(BROWSER))
        ordered = sorted(sizes, key=lambda file: (-sizes[file], file))
        return {file: f"browser {(at + 1) // 2 % 2}" for at, file in enumerate(ordered)}


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]
