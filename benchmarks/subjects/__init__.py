"""What is measured: each module is a subject, with a `TITLE`, an `ABOUT` and a `run(bench)` that gives its rows."""
