"""The cache of query plans as its users meet it: whatever becomes of it, what was asked for is answered."""

import pytest

QUERY = "SELECT * FROM orders WHERE customer = 42"


@pytest.fixture
def cache(sluice, database):
    database.execute("CREATE TABLE orders (id int PRIMARY KEY, customer int)")
    folder = sluice.home / "cache" / "pgsluice"
    folder.parent.mkdir(exist_ok=True)
    return folder


def test_it_is_made_for_its_user_alone_and_holds_no_constant(sluice, cache):
    sluice.run("explain", QUERY.replace("42", "4711")).ended(0)
    file = cache / "plans.sqlite"
    assert cache.stat().st_mode & 0o777 == 0o700 and file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert b"orders" in content and b"4711" not in content


def test_a_damaged_one_is_set_aside_and_that_is_told(sluice, cache):
    cache.mkdir(mode=0o700)
    (cache / "plans.sqlite").write_bytes(b"no database\n" * 1000)
    told = sluice.run("explain", QUERY).ended(0).stdout
    assert "Seq Scan on orders" in told
    words = " ".join(told.split())
    assert f'The plan cache was damaged. It was set aside as "{cache}/plans.sqlite.damaged", and a new one begun.' in words
    assert (cache / "plans.sqlite.damaged").read_bytes() == b"no database\n" * 1000
    assert "damaged" not in sluice.run("explain", QUERY).ended(0).stdout


def test_where_none_can_be_the_plan_is_shown_and_the_reason_said(sluice, cache):
    cache.write_text("in the way", encoding="utf-8")
    told = sluice.run("explain", QUERY).ended(0).stdout
    assert "Seq Scan on orders" in told
    assert (f'query plans are not remembered: could not make folder "{cache}": Not a directory'
            in " ".join(told.split()))
