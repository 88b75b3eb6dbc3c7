"""Compares the functions of the gate with those of the printed SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import Place
from opsnb.grants.script import script

_FUNCTION = re.compile(
    r"CREATE OR REPLACE FUNCTION \w+\.(?P<name>\w+)\((?P<arguments>[^$]*?)\)\s+RETURNS (?P<returns>\S+)"
    r" LANGUAGE (?P<language>\w+) (?P<volatility>STABLE |IMMUTABLE |)SECURITY DEFINER .*? AS \$\$(?P<body>.*?)\$\$",
    re.DOTALL,
)
_VOLATILITY = {"": "v", "STABLE ": "s", "IMMUTABLE ": "i"}
_CONFIG = ["search_path=pg_catalog, pg_temp", "TimeZone=UTC"]
_LIVE = text("""
    SELECT proname AS name, signature, proowner = relowner AS owned, prosrc AS body, lanname AS language,
      provolatile AS volatility, coalesce(proconfig, '{}') AS config, prorettype = to_regtype(returns) AS returns,
      prosecdef AND NOT proisstrict AND NOT proleakproof AND NOT proretset AND prokind = 'f' AND proparallel = 'u'
        AND prosupport = 0 AND pronargdefaults = 0 AS plain
    FROM pg_proc JOIN pg_language l ON l.oid = prolang JOIN pg_class c ON c.oid = to_regclass(:runs)
    LEFT JOIN unnest(CAST(:signatures AS text[]), CAST(:returns AS text[])) AS wanted (signature, returns)
      ON to_regprocedure(signature) = pg_proc.oid
    WHERE pronamespace = to_regnamespace(:gate) AND pg_proc.oid IS DISTINCT FROM to_regprocedure(:ddl) ORDER BY proname
""")


class _Function(NamedTuple):
    signature: str
    returns: str
    language: str
    volatility: str
    body: str


def wrong_functions(database: Database, place: Place) -> Iterator[str]:
    """Name each function that is missing, is none of the gate's or differs in anything that it does."""
    wanted = {function.signature: function for function in _wanted(place)}
    given: dict[str, Any] = {
        "gate": gate.SCHEMA,
        "ddl": f"{gate.REFUSE_DDL}()",
        "runs": place.name("operation_runs"),
        "signatures": [*wanted],
        "returns": [function.returns for function in wanted.values()],
    }
    found = database.fetch(_LIVE, given)
    present = {row.signature for row in found}
    for signature in wanted.keys() - present:
        yield f"The function {signature.partition('(')[0]} is missing. Apply the gate again."
    for row in found:
        full = f"{gate.SCHEMA}.{row.name}"
        if row.signature is None:
            yield f"The function {full} is not of the gate, or there is another of its name. Drop it."
            continue
        if not row.plain or not row.returns or not _same(row, wanted[row.signature]):
            differs = f"The function {full} differs from what opsnb grants prints with these settings."
            yield f"{differs} Apply the gate again."
        if not row.owned:
            yield (
                f"The function {full} belongs to somebody else than the owner of the tables."
                f" Give it to them: ALTER FUNCTION {row.signature} OWNER TO ..."
            )


def _same(row: Any, wanted: _Function) -> bool:
    live = (row.language, row.volatility, row.body)
    return live == (wanted.language, wanted.volatility, wanted.body) and list(row.config) == _CONFIG


def _wanted(place: Place) -> Iterator[_Function]:
    for found in _FUNCTION.finditer(script(place)):
        types = [argument.split(None, 1)[1] for argument in found["arguments"].split(", ") if argument]
        signature = f"{gate.SCHEMA}.{found['name']}({', '.join(types)})"
        volatility = _VOLATILITY[found["volatility"]]
        yield _Function(signature, found["returns"], found["language"], volatility, found["body"])
