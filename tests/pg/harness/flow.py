"""The gated flow as an operator drives it: a plan id, an approval, and what the run says of its gates."""

import contextlib
import json
import re
import threading

import psycopg2

# No watch after the apply: the tests look for themselves. The rest is as shipped.
QUICK = {"verify-watch": "0"}


class Flow:
    """`--batch` on one database. Options are added to those given at the making."""

    def __init__(self, sluice, *options):
        self.sluice = sluice
        self.options = options
        self.settings = dict(QUICK)
        self.configure()

    @property
    def database(self):
        return self.sluice.database

    def configure(self, **settings):
        """Writes pgsluice.conf; `lock_budget="1s"` is lock-budget. None removes a key."""
        for name, value in settings.items():
            self.settings[name.replace("_", "-")] = value
        folder = self.sluice.home / "config" / "pgsluice"
        folder.mkdir(exist_ok=True)
        lines = [f"{name} = {value}\n" for name, value in self.settings.items() if value is not None]
        (folder / "pgsluice.conf").write_text("".join(lines), encoding="utf-8")
        return self

    def batch(self, *options, **how):
        return self.sluice.run("--batch", *self.options, *options, **how)

    def start(self, *options, **how):
        return self.sluice.start("--batch", *self.options, *options, **how)

    def plan_id(self, *options):
        """The id of the plan as it is now; only the first gate is asked."""
        result = self.batch("--stop-before", "backup", "--format", "json", *options).ended(0)
        return result.events("plan")[0]["plan_id"]

    def prove(self, *options):
        """Everything up to the approval; returns the plan id."""
        result = self.batch("--format", "json", *options).ended(12)
        return result.events("plan")[0]["plan_id"]

    def approve(self, *options, **how):
        """The whole flow with consent to the plan as it is now."""
        return self.batch("--approve", self.plan_id(*options), *options, **how)

    def start_approved(self, *options, **how):
        return self.start("--approve", self.plan_id(*options), *options, **how)

    def versions(self):
        """The history's versions in order of application, as written."""
        return [version for version, in self.database.query(
            "SELECT version::text FROM schema_migrations ORDER BY applied_at, version::text::numeric")]


def states(result):
    """The last state of each gate, from event lines."""
    return {event["gate"]: event["state"] for event in result.events("gate")}


def failed_checks(result):
    """(check, measured) of the checks that did not hold, in order; warnings refuse nothing and are left out."""
    return [(event["check"], event["measured"]) for event in result.events("evidence")
            if not event["ok"] and not event.get("warning")]


def check(result, name):
    """What a check measured; fails when it was not made."""
    found = [event for event in result.events("evidence") if event["check"] == name]
    assert found, f"check {name} was not made\n{result}"
    return found[-1]


def error(result):
    """The error event, which a failed run has once."""
    found = result.events("error")
    assert len(found) == 1, f"{len(found)} error events\n{result}"
    return found[0]


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Writers:
    """Clients that write all the time and remember what the server acknowledged."""

    def __init__(self, database, sql, count=2):
        self.acknowledged = [[] for _ in range(count)]
        self.errors = []
        self.stop = threading.Event()
        self.sql = sql
        self.threads = [threading.Thread(target=self.write, args=(database, mine), daemon=True)
                        for mine in self.acknowledged]

    def write(self, database, mine):
        try:
            with contextlib.closing(database.connect(application_name="writer")) as connection:
                with connection.cursor() as cursor:
                    while not self.stop.is_set():
                        cursor.execute(self.sql)
                        mine.append(cursor.fetchone()[0])
        except psycopg2.Error as problem:
            self.errors.append(problem)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def ids(self):
        return sorted(found for mine in self.acknowledged for found in mine)


class EventSchema:
    """share/event.schema.json, with the few words of JSON Schema that it uses; another word is an error."""

    KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}

    def __init__(self, path):
        self.document = json.loads(path.read_text(encoding="utf-8"))

    def problems(self, value):
        """What is wrong with an event line; empty when nothing is."""
        kind = self.document["$defs"].get(value.get("type"))
        if kind is None:
            return [f"no such type: {value.get('type')}"]
        return list(self.look(kind, value, value["type"]))

    def look(self, schema, value, where):
        for word, limit in schema.items():
            yield from getattr(self, "word_" + word.replace("$", ""))(schema, limit, value, where)

    def word_type(self, _, limit, value, where):
        right = isinstance(value, self.KINDS[limit]) and not (limit == "integer" and isinstance(value, bool))
        if not right:
            yield f"{where}: {value!r} is no {limit}"

    def word_properties(self, _, limit, value, where):
        for name in value if isinstance(value, dict) else ():
            if name in limit:
                yield from self.look(limit[name], value[name], f"{where}.{name}")

    def word_additionalProperties(self, schema, limit, value, where):
        for name in value if isinstance(value, dict) and limit is False else ():
            if name not in schema.get("properties", {}):
                yield f"{where}: {name} is not in the schema"

    def word_required(self, _, limit, value, where):
        for name in limit:
            if isinstance(value, dict) and name not in value:
                yield f"{where}: {name} is missing"

    def word_items(self, _, limit, value, where):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from self.look(limit, item, f"{where}[{index}]")

    def word_enum(self, _, limit, value, where):
        if value not in limit:
            yield f"{where}: {value!r} is none of {limit}"

    def word_const(self, _, limit, value, where):
        if value != limit:
            yield f"{where}: {value!r} is not {limit!r}"

    def word_minimum(self, _, limit, value, where):
        if value < limit:
            yield f"{where}: {value!r} is less than {limit}"

    def word_pattern(self, _, limit, value, where):
        if not re.search(limit, value):
            yield f"{where}: {value!r} does not match {limit}"
