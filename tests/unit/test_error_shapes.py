"""What errors look like in the wild, what of them is shown as the error, and which of them are one group."""

import pytest

from opsnb.queries.error_message import CUT, HEAD, TAIL, message, take
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.masking import Masker
from opsnb.settings import SECRET_KEYS

errors = ErrorTexts(Masker(SECRET_KEYS))

PYTHON = 'Traceback (most recent call last):\n  File "/srv/app/jobs.py", line 12, in run\n    step()\n'
TRACEBACKS = {
    "python": (f"{PYTHON}ValueError: no such device", "ValueError: no such device"),
    "python without a message": (f"{PYTHON}KeyboardInterrupt", "KeyboardInterrupt"),
    "python with markers": (
        f"{PYTHON}    ~~~~^^\n  File \"/srv/app/x.py\", line 3, in step\n    a / b\n    ^^^^^\n"
        "ZeroDivisionError: division by zero\n",
        "ZeroDivisionError: division by zero",
    ),
    "python of several lines": (
        f"{PYTHON}pydantic_core.ValidationError: 1 validation error for Job\nname\n  Field required",
        "pydantic_core.ValidationError: 1 validation error for Job\nname\n  Field required",
    ),
    "python chained": (
        f"{PYTHON}KeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n{PYTHON}"
        "app.errors.JobFailed: the inventory is empty",
        "app.errors.JobFailed: the inventory is empty",
    ),
    "python with a cause": (
        f"{PYTHON}OSError: disk\n\nThe above exception was the direct cause of the following exception:\n\n{PYTHON}"
        "RuntimeError: cannot store",
        "RuntimeError: cannot store",
    ),
    "python repeating itself": (
        f"{PYTHON}  [Previous line repeated 996 more times]\nRecursionError: maximum recursion depth exceeded",
        "RecursionError: maximum recursion depth exceeded",
    ),
    "python syntax": (
        '  File "/srv/app/jobs.py", line 3\n    def run(:\n            ^\nSyntaxError: invalid syntax',
        "SyntaxError: invalid syntax",
    ),
    "python group": (
        "  + Exception Group Traceback (most recent call last):\n  |   File \"/srv/a.py\", line 5, in <module>\n"
        "  |     run()\n  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)\n"
        "  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n"
        "    |   File \"/srv/a.py\", line 9, in f\n    |     g()\n    | TimeoutError: no answer from the switch\n"
        "    +---------------- 2 ----------------\n    | ValueError: x\n    +------------------------------------\n",
        "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions): TimeoutError: no answer from the switch",
    ),
    "python below a log line": (f"ERROR jobs.py job 5 failed\n{PYTHON}ValueError: no such device\n"
    "", "ValueError: no such device"),
    "python of a worker of another process": (
        f'concurrent.futures.process._RemoteTraceback: \n"""\n{PYTHON}ValueError: inner\n"""\n\n'
        f"The above exception was the direct cause of the following exception:\n\n{PYTHON}ValueError: outer",
        "ValueError: outer",
    ),
    "python as a literal": (f"{PYTHON}ValueError: no such device".replace("\n", "\\n"), "ValueError: no such device"),
    "python in colours": (
        f"\x1b[35m{PYTHON}\x1b[0m\x1b[1;31mValueError\x1b[0m: \x1b[31mno such device\x1b[0m",
        "ValueError: no such device",
    ),
    "python under windows": (
        f"{PYTHON}ValueError: no such device".replace("\n", "\r\n"), "ValueError: no such device",
    ),
    "notebook": (
        "-----------------------------------------\nValueError                 Traceback (most recent call last)\n"
        "Cell In[3], line 1\n----> 1 run()\n\nValueError: no such device",
        "ValueError: no such device",
    ),
    "spark": (
        f"{PYTHON}py4j.protocol.Py4JJavaError: An error occurred while calling o15.save.\n"
        ": org.apache.spark.SparkException: Job aborted.\n\tat a.B.c(B.scala:5)\n"
        "Caused by: java.io.IOException: disk full\n\tat d.E.f(E.java:7)",
        "java.io.IOException: disk full",
    ),
    "java": (
        'Exception in thread "main" java.lang.IllegalStateException: not ready\n\tat a.B.c(B.java:10)\n'
        "\tat a.B.main(B.java:3)",
        "java.lang.IllegalStateException: not ready",
    ),
    "java with causes": (
        "java.lang.RuntimeException: outer\n\tat a.B.c(B.java:10)\nCaused by: java.sql.SQLException: middle\n"
        "\tat d.E.f(E.java:20)\n\t... 3 more\nCaused by: java.net.ConnectException: Connection refused\n"
        "\tat g.H.i(H.java:30)\n\t... 5 more",
        "java.net.ConnectException: Connection refused",
    ),
    "java with one beside it": (
        "java.lang.RuntimeException: outer\n\tat a.B.c(B.java:1)\n\tSuppressed: java.io.IOException: closing\n"
        "\t\tat d.E.f(E.java:2)\n\tCaused by: java.io.EOFException: beside\n\t\tat d.E.g(E.java:3)\n"
        "Caused by: java.io.IOException: disk full\n\tat h.I.j(I.java:4)",
        "java.io.IOException: disk full",
    ),
    "java of several lines": (
        "2026-11-23 10:00:00 ERROR [main] a.B - failed\norg.x.MappingException: cannot map\n  - name\n"
        "\tat a.B.c(B.java:1) ~[a.jar:1.0]",
        "org.x.MappingException: cannot map\n  - name",
    ),
    "kotlin": (
        "kotlin.UninitializedPropertyAccessException: lateinit property x\n\tat a.BKt.main(B.kt:5)",
        "kotlin.UninitializedPropertyAccessException: lateinit property x",
    ),
    "node": (
        "/srv/app/index.js:5\n    throw new Error('no such device')\n    ^\n\nError: no such device\n"
        "    at run (/srv/app/index.js:5:11)\n"
        "    at Module._compile (node:internal/modules/cjs/loader:1254:14)\n\nNode.js v20.1.0",
        "Error: no such device",
    ),
    "node with a cause": (
        "TypeError: fetch failed\n    at fetch (node:internal/deps/undici:11:1)\n    at async run (/srv/a.js:2:3) {\n"
        "  [cause]: Error: connect ECONNREFUSED 10.0.0.5:443\n"
        "      at TCPConnectWrap.afterConnect (node:net:1494:16) {\n    errno: -111\n  }\n}",
        "Error: connect ECONNREFUSED 10.0.0.5:443",
    ),
    "browser": (
        "Uncaught TypeError: x is undefined\n    at https://a.example/app.js:1:2345\n", "TypeError: x is undefined",
    ),
    "ruby": (
        "/srv/app/job.rb:3:in `run': no such device (RuntimeError)\n\tfrom /srv/app/job.rb:9:in `<main>'",
        "no such device (RuntimeError)",
    ),
    "ruby 3.4": (
        "/srv/app/job.rb:3:in 'Job#run': no such device (Errno::ENODEV)\n\tfrom /srv/app/job.rb:9:in '<main>'",
        "no such device (Errno::ENODEV)",
    ),
    "ruby upside down": (
        "Traceback (most recent call last):\n\t1: from /srv/app/job.rb:9:in `<main>'\n"
        "/srv/app/job.rb:3:in `run': no such device (RuntimeError)",
        "no such device (RuntimeError)",
    ),
    "ruby with a cause": (
        "/srv/b.rb:5:in `rescue in run': outer (JobError)\n\tfrom /srv/b.rb:1:in `run'\n"
        "/srv/b.rb:3:in `run': disk full (IOError)\n\tfrom /srv/b.rb:9:in `<main>'",
        "disk full (IOError)",
    ),
    "go": (
        "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n"
        "\t/srv/main.go:8 +0x1d",
        "panic: runtime error: index out of range [5] with length 3",
    ),
    "go panicking twice": (
        "panic: first [recovered]\n\tpanic: second\n\ngoroutine 7 [running]:\nmain.f(...)\n\t/srv/main.go:8",
        "panic: second",
    ),
    "go fatal": ("fatal error: all goroutines are asleep - deadlock!\n\n"
    "goroutine 1 [chan receive]:", "fatal error: all goroutines are asleep - deadlock!"),
    "rust": (
        "thread 'main' panicked at src/main.rs:5:10:\nno such device\nnote: run with `RUST_BACKTRACE=1`",
        "thread 'main' panicked at src/main.rs:5:10: no such device",
    ),
    "c++": (
        "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no such device\nAborted",
        "std::runtime_error: no such device",
    ),
    ".net": (
        "Unhandled exception. System.InvalidOperationException: not ready\n"
        "   at App.Program.Main() in /srv/Program.cs:line 5",
        "System.InvalidOperationException: not ready",
    ),
    ".net with inner ones": (
        "System.Exception: outer\n ---> System.Data.DataException: middle\n"
        " ---> System.Net.Sockets.SocketException (111): Connection refused\n"
        "   at A.B.C()\n   --- End of inner exception stack trace ---\n   at D.E.F()",
        "System.Net.Sockets.SocketException (111): Connection refused",
    ),
    ".net on one line": (
        "System.Exception: outer ---> System.IO.IOException: disk full\n   at A.B.C() in C:\\src\\A.cs:line 7",
        "System.IO.IOException: disk full",
    ),
    ".net of many": (
        "System.AggregateException: One or more errors occurred. (a) (b)\n ---> System.TimeoutException: a\n"
        "   at A.B()\n"
        "   --- End of inner exception stack trace ---\n   at C.D()\n"
        " ---> (Inner Exception #1) System.Exception: b\n   at E.F()<---",
        "System.TimeoutException: a",
    ),
    "php": (
        "PHP Fatal error:  Uncaught Exception: no such device in /srv/a.php:3\nStack trace:\n#0 {main}\n"
        "  thrown in /srv/a.php on line 3",
        "PHP Fatal error:  Uncaught Exception: no such device in /srv/a.php:3\nStack trace:\n#0 {main}\n"
        "  thrown in /srv/a.php on line 3",
    ),
    "elixir": (
        "** (RuntimeError) no such device\n    (app 0.1.0) lib/app.ex:5: App.run/0",
        "** (RuntimeError) no such device\n    (app 0.1.0) lib/app.ex:5: App.run/0",
    ),
    "no traceback": ("cannot start:\n  at noon the disk was full\n", "cannot start:\n  at noon the disk was full\n"),
    "a word of one": ("Traceback (most recent call last):", "Traceback (most recent call last):"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TRACEBACKS)
def test_the_error_of_a_traceback_is_its_exception(kind):
    text, found = TRACEBACKS[kind]
    assert message(text) == found
    assert message(take(text)) == found
    assert errors.read(errors.read(text)) == errors.read(text) == found[:300]


@pytest.mark.parametrize("kind", TRACEBACKS)
def test_two_exceptions_of_one_kind_of_traceback_are_two_groups(kind):
    text, found = TRACEBACKS[kind]
    assert errors.shape(text) == errors.shape(found.partition("\n")[0])
    if "no such device" in found:
        assert errors.shape(text.replace("no such device", "disk full")) != errors.shape(text)


def test_the_end_of_a_long_traceback_is_reached():
    frames = "".join(f'  File "/srv/app/deep.py", line {n}, in f{n}\n    call_{n}()\n' for n in range(500))
    text = f"Traceback (most recent call last):\n{frames}ValueError: no such device"
    taken = take(text)
    assert (len(taken), taken[HEAD]) == (HEAD + 1 + TAIL, CUT)
    assert message(taken) == "ValueError: no such device"
    java = "java.lang.RuntimeException: outer\n" + "\tat a.B.c(B.java:10)\n" * 500
    assert message(take(f"{java}Caused by: java.io.IOException: disk full\n\tat d.E.f(E.java:7)\n\t... 30 more")) == (
        "java.io.IOException: disk full"
    )
    assert message(take(java)) == "java.lang.RuntimeException: outer"
    plain = "one line " * 1_000
    assert message(take(plain)) == plain[:HEAD]


# Each line holds what is one group, and no two lines are the same group.
GROUPS = [
    ("job exited with 137", "job exited with 137"), ("job exited with 1",),
    ("Command 'make' returned non-zero exit status 1.", "Command 'ninja' returned non-zero exit status 1."),
    ("Command 'make' returned non-zero exit status 2.",),
    ("process 4711 exited, code=137", "process 4712 exited, code=137"), ("process 4711 exited, code=139",),
    ("rc=1",), ("rc=2",), ("make: *** [all] Error 1",), ("make: *** [all] Error 2",),
    ("script returned exit code 127 after 3 s", "script returned exit code 127 after 40 s"),
    ("script returned exit code 126 after 3 s",), ("exit code -1073741819",), ("exit code 3221225477",),
    ("upstream gave a status of 502 in 31 ms", "upstream gave a status of 502 in 7 ms"),
    ("upstream gave a status of 404 in 31 ms",), ("responded with 503 after 30 s", "responded with 503 after 31 s"),
    ("responded with 504 after 30 s",),
    ("GET https://a.example/x/5 returned 404", "GET https://b.example/y returned 404"),
    ("GET https://a.example/x/5 returned 500",), ("HTTP/1.1 502 Bad Gateway",),
    ("HTTP/1.1 503 Service Unavailable",), ("404 page not found",), ("status=429",),
    ("requests.HTTPError: 404 Client Error: Not Found for url: https://a.example/1",
     "requests.HTTPError: 404 Client Error: Not Found for url: https://a.example/2"),
    ("requests.HTTPError: 403 Client Error: Forbidden for url: https://a.example/1",),
    ("connect to 10.0.0.5:5432 failed: errno=111", "connect to 10.0.0.6:5433 failed: errno=111"),
    ("connect to 10.0.0.5:5432 failed: errno=113",),
    ("OSError: [Errno 28] No space left: '/tmp/a5'", "OSError: [Errno 28] No space left: '/tmp/b6'"),
    ("OSError: [Errno 2] No such file: '/tmp/a5'",), ("I/O failed (os error 5)",), ("I/O failed (os error 2)",),
    ("[WinError 10061] refused",), ("[WinError 10060] refused",),
    ("SQLSTATE[23000]: violation at row 5", "SQLSTATE[23000]: violation at row 7"),
    ("SQLSTATE[40001]: violation at row 5",), ('state "57014": canceled', 'state "57015": canceled'),
    ('sqlstate "57014": canceled',), ('sqlstate "57015": canceled',),
    ("ERROR 1045 (28000): Access denied for 'a'@'10.0.0.1'", "ERROR 1045 (28000): Access denied for 'b'@'10.0.0.2'"),
    ("ERROR 1049 (42000): Access denied for 'a'@'10.0.0.1'",),
    ('(1062, "Duplicate entry \'5\'")', '(1062, "Duplicate entry \'6\'")'), ('(1213, "Deadlock found")',),
    ("ORA-00942: no table",), ("ORA-01017: no table",), ("AADSTS50011: refused",), ("AADSTS70001: refused",),
    ("error TS2345: bad",), ("error TS2322: bad",), ("error[E0382]: bad",), ("error[E0499]: bad",),
    ("HRESULT: 0x80070005",), ("HRESULT: 0x80070002",),
    ("failed with 0xC0000005 at 0x7ffd12ab34cd", "failed with 0xC0000005 at 0x7ffd00000010"),
    ("failed with 0xC0000374 at 0x7ffd12ab34cd",), ("killed by signal 9",), ("killed by signal 15",),
    ("died with <Signals.SIGKILL: 9>.",), ("SIGSEGV (11) in worker 5", "SIGSEGV (11) in worker 6"),
    ("SIGABRT (6) in worker 5",), ("rpc failed: code = 14 after 3 tries", "rpc failed: code = 14 after 5 tries"),
    ("rpc failed: code = 4 after 3 tries",), ("at=error code=H12",), ("at=error code=H13",),
    ("curl: (7) no route after 3 ms", "curl: (7) no route after 50 ms"), ("curl: (28) no route after 3 ms",),
    ('{"code": "ECONNREFUSED", "port": 5432}', '{"code": "ECONNREFUSED", "port": 5433}'),
    ('{"code": "ETIMEDOUT", "port": 5432}',), ('{"code": 500, "id": 5}', '{"code": 500, "id": 6}'),
    ('{"code": 404, "id": 5}',),
    ("pod web-7d9f8b6c5-x2x4q is not ready",
     "pod web-6c8d9f7b5d-bk7wz is not ready",
     "pod web-5f6b7c8d9-q9wzr is not ready"),
    ("pod api-7d9f8b6c5-x2x4q is not ready",),
    ("job backup-28412345-x7kzq failed", "job backup-28412346-bcdfg failed"),
    ("daemon node-x2x4q failed", "daemon node-7kzqd failed"),
    ("replica set web-b8f7c6d5x is gone", "replica set web-d5x9k7b8f is gone"),
    ("request 8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f failed", "request 0e02b2c3-47e9-4a2b-9e0d-6a1f2b3c4d5e failed"),
    ("req_011CSHoEeqs5C35K2UUqR7Fy was refused", "req_Xk3jD8sQ9wLm2VbN7pRt was refused"),
    ("document 507f1f77bcf86cd799439011 is missing", "document 60a1b2c3d4e5f60718293a4b is missing"),
    ("order 01ARZ3NDEKTSV4RRFFQ69G5FAV is stuck", "order 01BX5ZZKBKACTAV9WEVGEMMVRZ is stuck"),
    ("blob 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b is gone",
     "blob 60303ae22b998861bce3b28f33eec1be758a213c is gone"),
    ("late since Mon, 23 Nov 2026 10:00:05 GMT", "late since Tue, 1 Dec 2026 23:59:59 GMT"),
    ("Nov 23 10:00:05 host app[123]: died", "Dec  1 23:59:59 host app[9]: died"),
    ("cannot reach db-3.internal:5432", "cannot reach db-4.internal:5433"),
    ("cannot write /tmp/tmpab12cd34/out.csv", "cannot write /tmp/tmpxyz_wq77/in.csv"),
    ("no folder tmpab12cd34", "no folder tmpxyz_wq77"),
    ("SyntaxError: invalid syntax (job.py, line 12)", "SyntaxError: invalid syntax (job.py, line 400)"),
    ("SyntaxError: invalid syntax (other.py, line 12)",),
    ("build #1234 of pipeline 5 failed", "build #1235 of pipeline 6 failed"),
    ("Error: 5 devices did not answer", "Error: 6 devices did not answer"),
    ("got 300 devices instead of 320", "got 301 devices instead of 500"),
    ("returned 404 rows and stopped", "returned 500 rows and stopped"),
    ("took 1000 ms, 404 ms of it waiting", "took 31 ms, 502 ms of it waiting"),
    ("exited 5 seconds ago", "exited 9 seconds ago"), ("no login with token=abcdef1", "no login with token=zyxwvu2"),
]  # fmt: skip


def test_the_table_is_as_long_as_it_should_be():
    assert len(TRACEBACKS) + len(GROUPS) >= 100


@pytest.mark.parametrize("texts", GROUPS, ids=lambda texts: texts[0])
def test_failures_of_one_kind_are_one_group(texts):
    assert len({errors.shape(text) for text in texts}) == 1


def test_failures_of_different_kinds_are_different_groups():
    found: dict[str, str] = {}
    for first, *_ in GROUPS:
        assert found.setdefault(errors.shape(first), first) == first
