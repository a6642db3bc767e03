"""A database and a plan with every kind of step, proved, so that an apply can be tried from the same point again and
again; and what must hold of live at any moment."""

import shutil
import signal
import subprocess

from harness.flow import Flow
from harness.tool import Sluice
from harness.wait import wait_until

LIVE = """
    CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
    CREATE TABLE marks (mark text NOT NULL);
    CREATE TYPE mood AS ENUM ('calm');
    CREATE TABLE moods (m mood);
    CREATE SCHEMA side;
    CREATE TABLE side.entries (id int);
    CREATE FUNCTION held(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN id; END $$;
    INSERT INTO accounts SELECT g, 100 FROM generate_series(1, 100) g;
    CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO schema_migrations (version, name) VALUES ('001', 'accounts')"""

# Each step that is a transaction leaves a mark, in a table without a key: done twice, it shows.
PLAN = {
    "002_table": """
        CREATE TABLE notes (id int, body text);
        UPDATE accounts SET balance = balance + 1;
        INSERT INTO marks VALUES ('002');
        """,
    "003_copy": """
        INSERT INTO marks VALUES ('003');
        COPY notes (id, body) FROM stdin;
        1\tone
        2\ttwo
        \\.
        INSERT INTO notes VALUES (3, 'three');
        """,
    "004_index_first": """
        CREATE INDEX CONCURRENTLY notes_first ON notes (id);
        INSERT INTO marks VALUES ('004.2');
        """,
    "005_index_between": """
        INSERT INTO marks VALUES ('005.1');
        CREATE INDEX CONCURRENTLY notes_between ON notes (body);
        INSERT INTO marks VALUES ('005.3');
        """,
    "006_index_last": """
        INSERT INTO marks VALUES ('006.1');
        CREATE INDEX CONCURRENTLY notes_last ON notes (body, id);
        """,
    "007_enum": """
        INSERT INTO marks VALUES ('007.1');
        ALTER TYPE mood ADD VALUE 'stormy';
        INSERT INTO moods VALUES ('stormy');
        INSERT INTO marks VALUES ('007.2');
        """,
    "008_empty": "",
    "009_vacuum": "VACUUM accounts;",
    "010_settings": """
        -- pgsluice:changes-data side.entries
        SET search_path = side;
        INSERT INTO public.marks VALUES ('010.1');
        CREATE INDEX CONCURRENTLY entries_id ON entries (id);
        INSERT INTO entries VALUES (1);
        """,
    "011_last": """
        ALTER TABLE accounts ADD COLUMN note text;
        UPDATE accounts SET balance = balance + 10;
        INSERT INTO marks VALUES ('011');
        """,
}
VERSIONS = ["001"] + [name.split("_")[0] for name in PLAN]
INDEXES = {"004": "notes_first", "005": "notes_between", "006": "notes_last", "010": "side.entries_id"}
ALL_MARKS = ["002", "003", "004.2", "005.1", "005.3", "006.1", "007.1", "007.2", "010.1", "011"]
LAST_MARK = {"002": "002", "003": "003", "004": "004.2", "005": "005.3", "007": "007.2", "011": "011"}
OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%'"


class Site:
    def __init__(self, make_cluster, folder, migrations, plan=None, **settings):
        self.cluster = make_cluster(checksums=True, settings=settings)
        self.database = self.cluster.create_database()
        self.database.execute(LIVE)
        migrations.write("001_accounts", up="CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);")
        for name, up in (PLAN if plan is None else plan).items():
            migrations.write(name, up=up)
        home = folder / "home"
        home.mkdir(mode=0o755)
        self.flow = Flow(Sluice(home, self.database, migrations))
        self.plan_id = self.flow.prove()
        self.saved = {self.cluster.data: folder / "data.before", home / "state": folder / "state.before"}
        self.save()

    def save(self):
        self.cluster.stop()
        for path, copy in self.saved.items():
            copy_all(path, copy)
        self.cluster.start()

    def put_back(self):
        """Cluster and evidence as they were before the apply."""
        self.cluster.stop("immediate")
        for path, copy in self.saved.items():
            shutil.rmtree(path)
            copy_all(copy, path)
        self.cluster.start()

    def apply(self, *options, crash_at=None, database=True, **how):
        env = {"PGSLUICE_CRASH_AT": str(crash_at)} if crash_at else None
        return self.flow.batch("--approve", self.plan_id, *options, env=env, database=database, **how)

    def start(self, *options, **how):
        return self.flow.start("--approve", self.plan_id, *options, **how)

    def close(self):
        self.flow.sluice.close()

    # -- looking --

    def wait_for_silence(self):
        """Until no session of ours is left: a statement can outlive its killed client."""
        wait_until(lambda: not self.database.one(OURS), 60, "sessions of the killed run have ended")

    def wait_in_apply(self, event="advisory"):
        """Until the apply's session waits for this; its process."""
        return wait_until(lambda: self.database.one(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND wait_event = %s",
            event), 60, f"the apply waits for {event}")

    def history(self):
        return [version for version, in self.database.query("SELECT version FROM schema_migrations ORDER BY version")]

    def marks(self):
        return [mark for mark, in self.database.query("SELECT mark FROM marks ORDER BY mark")]

    def check_consistent(self):
        """History equals catalog, and each migration is there once or not at all."""
        history, marks = self.history(), self.marks()
        assert len(history) == len(set(history)) and history == VERSIONS[:len(history)]
        assert len(marks) == len(set(marks)), f"a step ran twice: {marks}"
        for version, mark in LAST_MARK.items():
            assert (version in history) == (mark in marks), f"{version}: history {history}, marks {marks}"
        added = 100 + (1 if "002" in history else 0) + (10 if "011" in history else 0)
        assert self.database.query("SELECT DISTINCT balance FROM accounts") == [(added,)]
        tables = self.database.one("SELECT to_regclass('notes') IS NOT NULL")
        assert tables == ("002" in history)
        if tables:
            assert self.database.one("SELECT count(*) FROM notes") == (3 if "003" in history else 0)
        assert self.database.one("SELECT count(*) FROM side.entries") == (1 if "010" in history else 0)
        for version, index in INDEXES.items():
            if version in history:
                assert self.index_is_valid(index) is True, f"{version} is recorded over {index}"

    def index_is_valid(self, name):
        """None when it is not there."""
        return self.database.one("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name)

    def check_finished(self):
        """All of the plan is there, exactly once, and nothing else."""
        self.check_consistent()
        assert self.history() == VERSIONS
        assert self.marks() == ALL_MARKS
        assert self.database.one("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
        assert self.database.one("SELECT count(*) FROM pg_class WHERE relname LIKE 'notes_%%' AND relkind = 'i'") == 3
        assert self.database.one("SELECT count(*) FROM moods") == 1
        kinds = [kind for kind, in self.database.query("SELECT kind FROM pgsluice.ledger ORDER BY seq")]
        assert kinds[0] == "run" and kinds.count("run") == 1 and kinds[-1] == "end" and kinds.count("end") == 1


def copy_all(source, copy):
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(copy)], check=True)


def was_killed(result):
    return result.exit == -signal.SIGKILL
