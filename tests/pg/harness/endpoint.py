"""`monitor --listen` and those who ask it: curl, bare sockets, and a strict reader of Prometheus text."""

import json
import re
import socket
import subprocess

from .cluster import clean_env


class Answer:
    """What curl was told: code, headers (names in lower case), text."""

    def __init__(self, said):
        head, _, self.text = said.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        self.code = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def json(self):
        return json.loads(self.text)


class Endpoint:
    """A listening monitor. `running` is the program's run."""

    def __init__(self, sluice, *options, **how):
        self.running = sluice.start("monitor", "--listen", "127.0.0.1:0", *options, **how)
        self.running.wait_for_output("listening on http://")
        self.url = re.search(r"listening on (http://\S+)/\n", self.running.stdout()).group(1)
        self.port = int(self.url.rpartition(":")[2])

    def ask(self, path, *options):
        """By curl. An Answer."""
        done = subprocess.run(["curl", "--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "30",
                               *options, self.url + path], capture_output=True, env=clean_env(), check=False)
        assert done.returncode == 0, done
        return Answer(done.stdout.decode())

    def metrics(self, *options):
        answer = self.ask("/metrics", *options)
        assert answer.code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read_metrics(answer.text)

    def is_ready(self):
        return self.ask("/readyz").code == 200

    def connect(self):
        """A socket that has said nothing."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, data):
        """Everything that is answered to these bytes, to the end of the connection."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_all(connection)


def read_all(connection):
    """b"" also when the other end hung up without a word."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SERIES = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?)")


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match and match.group(1) not in labels, text
        labels[match.group(1)] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), match.group(2))
        at = match.end()
    return labels


def read_metrics(text):
    """{name: {labels as a sorted tuple of pairs: value}}; the text form's rules are all held."""
    families, helped, kinds = {}, set(), {}
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            assert re.fullmatch(NAME, name) and name not in families, f"{line}: after its series"
            if word == "HELP":
                assert name not in helped and rest
                helped.add(name)
            else:
                assert word == "TYPE" and name not in kinds and rest in ("gauge", "counter"), line
                kinds[name] = rest
            continue
        match = SERIES.fullmatch(line)
        assert match, f"no series: {line!r}"
        name, labels, value = match.groups()
        assert name in helped and name in kinds, f"{line}: without HELP and TYPE before it"
        assert name == list(kinds)[-1], f"{line}: between those of another metric"
        key = tuple(sorted(read_labels(labels or "").items()))
        assert key not in families.setdefault(name, {}), f"{line}: twice"
        families[name][key] = float(value)
        assert kinds[name] != "counter" or (float(value) >= 0 and name.endswith("_total")), line
    assert set(kinds) == helped == set(families), "a metric without series"
    return families
