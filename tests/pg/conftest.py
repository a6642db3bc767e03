"""Fixtures for tests on real clusters; tests/README.md explains them."""

import itertools
import os
import shutil

import pytest

from harness import memory, place
from harness.cluster import Cluster
from harness.flow import Flow
from harness.pooler import Pooler
from harness.proxy import Proxy
from harness.tool import Migrations, Sluice


@pytest.fixture(scope="session")
def base():
    """The folder below /tmp that holds everything of this test process."""
    place.sweep_stale()
    folder = place.make_base()
    # The second is where root's scratch clusters are: the servers' account does not get into root's state folder.
    covered = memory.put_in_memory(folder, f"/var/tmp/pgsluice-{os.geteuid()}")
    yield folder
    memory.uncover(covered)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(base):
    """The cluster that most tests share: data checksums on, as shipped otherwise."""
    shared = Cluster(base, "main").init(checksums=True).start()
    yield shared
    shared.remove()


@pytest.fixture
def make_cluster(base):
    """make_cluster(checksums=False, settings={...}, start=True) gives a cluster of this test's own."""
    made = []

    def make(checksums=False, settings=None, start=True, **options):
        own = Cluster(base, f"own{next(numbers)}").init(checksums=checksums, **options)
        own.configure(**(settings or {}))
        made.append(own)
        return own.start() if start else own

    yield make
    for own in made:
        own.remove()


@pytest.fixture
def make_standby(base):
    """make_standby(cluster, slot=None) gives a streaming replica."""
    made = []

    def make(primary, **options):
        replica = primary.standby(f"replica{next(numbers)}", **options)
        made.append(replica)
        return replica

    yield make
    for replica in made:
        replica.remove()


@pytest.fixture
def database(cluster):
    """A fresh, empty database."""
    fresh = cluster.create_database()
    yield fresh
    fresh.drop()


@pytest.fixture
def folder(base):
    """A short-pathed folder of this test's own that servers may enter."""
    path = base / f"t{next(numbers)}"
    path.mkdir()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def migrations(folder):
    """An empty migrations folder to write into."""
    return Migrations(folder / "migrations")


@pytest.fixture
def sluice(folder, database, migrations):
    """The program, aimed at `database` and `migrations`, with a home of its own."""
    home = folder / "home"
    home.mkdir(mode=0o755)
    tool = Sluice(home, database, migrations)
    yield tool
    tool.close()


@pytest.fixture
def flow(sluice):
    """`--batch` of that program, with a configuration of its own."""
    return Flow(sluice)


@pytest.fixture
def make_pooler():
    """make_pooler(cluster, mode="transaction") starts a PgBouncer."""
    made = []

    def make(target, mode="transaction", **settings):
        pooler = Pooler(target, f"pool{next(numbers)}", mode, **settings)
        made.append(pooler)
        return pooler

    yield make
    for pooler in made:
        pooler.close()


@pytest.fixture
def make_proxy():
    """make_proxy(cluster) puts a message-losing proxy in front of it."""
    made = []

    def make(target):
        proxy = Proxy(target, f"proxy{next(numbers)}")
        made.append(proxy)
        return proxy

    yield make
    for proxy in made:
        proxy.close()


numbers = itertools.count(1)
# libpq inside psycopg2 must not pick up anything from the caller's environment either.
for variable in [name for name in os.environ if name.startswith("PG") and name not in ("PGSLUICE", "PG_BINDIR")]:
    del os.environ[variable]
os.environ["PGPASSFILE"] = "/nonexistent/pgpass"
