"""Clients of a pooler, busy in threads of their own."""

import threading

import psycopg2
import pytest


class Client:
    """A client of the pooler that runs one text after the other, in a thread of its own."""

    def __init__(self, bouncer, database, *texts):
        self.connection = psycopg2.connect(bouncer.conninfo(database.name))
        self.connection.autocommit = True
        self.over = threading.Event()
        self.texts = texts
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                while not self.over.is_set():
                    for text in self.texts:
                        cursor.execute(text)
        except psycopg2.Error:
            pass

    def close(self):
        self.over.set()
        self.thread.join(2)
        while self.thread.is_alive():
            self.connection.cancel()
            self.thread.join(1)
        self.connection.close()


@pytest.fixture(name="client")
def client():
    """client(pooler, database, *texts) starts one."""
    made = []

    def start(*args):
        made.append(Client(*args))
        return made[-1]
    yield start
    for one in made:
        one.over.set()
    for one in made:
        one.close()
