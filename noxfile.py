"""Every check by name: ``uv run nox -l`` lists them, ``uv run nox -s tests-3.12`` runs one.

Each session has an environment of its own, filled by uv from the groups of pyproject.toml. `.ci/run` runs the same
commands in one environment.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"
nox.options.sessions = ["lint", "types", "imports", "tests", "coverage", "docs", "examples"]

PYTHONS = ("3.11", "3.12", "3.13")
FOLDER = Path(__file__).parent


def install(session: nox.Session, *groups: str) -> None:
    """Fill the session's environment with the project and the named groups."""
    session.run_install(
        "uv",
        "sync",
        "--no-default-groups",
        *(f"--group={group}" for group in groups),
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style and form."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    install(session, "lint")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Imports point down only."""
    install(session, "lint")
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests and doctests, on every supported Python that is installed. Arguments go to pytest."""
    install(session, "dev")
    session.run("pytest", *session.posargs)


@nox.session
def doctest(session: nox.Session) -> None:
    """Only the examples in docstrings, the README and the pages."""
    install(session, "dev")
    session.run("pytest", "src", "tests/docs", *session.posargs)


@nox.session
def torture(session: nox.Session) -> None:
    """Every round of the tests that break things; `tests` goes through a sample. MEDIALIB_SEED repeats a failure."""
    install(session, "dev")
    session.run("pytest", "tests/torture", *session.posargs, env={"MEDIALIB_TORTURE": "all"})


@nox.session
def coverage(session: nox.Session) -> None:
    """All tests, counted: every branch of the pure core must have been taken."""
    install(session, "dev")
    session.run("coverage", "erase")
    session.run("pytest", "--cov", "--cov-report=", *session.posargs)
    session.run("coverage", "report")
    session.run("coverage", "report", "--rcfile=.ci/core.coveragerc")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, with every warning an error."""
    install(session, "docs")
    session.run("sphinx-build", "-W", "-n", "--keep-going", "docs", "docs/_build/html")


@nox.session
def examples(session: nox.Session) -> None:
    """The script and the notebooks."""
    install(session, "examples")
    session.run("python", "examples/preview_and_route.py", silent=True)
    session.run("jupyter", "execute", "--timeout=120", "examples/names_and_routes.ipynb")
    session.run("jupyter", "execute", "--timeout=120", "examples/library_in_tables.ipynb")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """How fast it is, here and today. Those that need a program that is absent are passed over."""
    install(session, "dev")
    session.run("python", "benchmarks/catalogue.py")
    session.run("python", "benchmarks/naming.py")
    session.run("python", "benchmarks/executors.py", "--gigabytes", "1", "--files", "125")
    session.run("python", "benchmarks/hostile_names.py", "--count", "100000")
    if shutil.which("rclone") and shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"):
        session.run("python", "benchmarks/listing.py")
    else:
        session.warn("benchmarks/listing.py needs rclone and sshd")
    if shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"):
        # small sizes; the table of docs/speed.md takes half an hour
        session.run("python", "benchmarks/transfer.py", "--quick")
        session.run("python", "benchmarks/transfer_memory.py", "--gigabytes", "1")
    else:
        session.warn("benchmarks/transfer.py and transfer_memory.py need sshd")


@nox.session
def build(session: nox.Session) -> None:
    """The wheel and the source archive, and a try of the wheel alone."""
    session.run("uv", "build", "--out-dir", session.create_tmp(), external=True)
    (wheel,) = Path(session.create_tmp()).glob("*.whl")
    session.run("uv", "pip", "install", "--reinstall-package=medialib", str(wheel), external=True)
    session.run("medialib", "--version")
    session.run("medialib", "demo", silent=True)


@nox.session
def changelog(session: nox.Session) -> None:
    """What the next release's entry in CHANGELOG.md will say."""
    install(session, "release")
    session.run("towncrier", "build", "--draft", *session.posargs)
