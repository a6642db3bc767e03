"""The fixtures of ../pg, and a site that can be put back to the moment before an apply."""

import importlib.util
import pathlib
import sys

import pytest

PG = pathlib.Path(__file__).resolve().parents[1] / "pg"
sys.path.insert(0, str(PG))
spec = importlib.util.spec_from_file_location("pg_conftest", PG / "conftest.py")
shared = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shared)

base, folder, migrations = shared.base, shared.folder, shared.migrations
make_cluster, make_standby = shared.make_cluster, shared.make_standby
make_pooler, make_proxy = shared.make_pooler, shared.make_proxy


@pytest.fixture
def site(make_cluster, folder, migrations):
    """A cluster of its own with the plan of site.py, proved and not yet applied."""
    from site_before_apply import Site
    made = Site(make_cluster, folder, migrations)
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter):
    """What tests recorded as "said", also from other processes."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == "said" and report.when == "call":
                terminalreporter.write_line(text)
