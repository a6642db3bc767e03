"""Random keys, mouse reports and sizes at the real program while it plays a record, from a seed that is printed."""

import os
import random
import time

from glass import KEYS

OFTEN = [*"1256789jkhlGgnNym/&:?ArRpSFiwtv+-", "\x1b", "\r", "\t", *KEYS.values()]


def some_bytes(chance):
    """What a terminal could send: keys, either kind of mouse report, anything but the bytes that end or stop it."""
    kind = chance.randrange(10)
    if kind == 0:
        return f"\x1b[<{chance.choice([0, 1, 2, 64, 65])};{chance.randint(1, 420)};{chance.randint(1, 220)}M".encode()
    if kind == 1:
        return b"\x1b[M" + bytes(chance.randint(32, 255) for _ in range(3))
    if kind == 2:
        return bytes(byte for byte in chance.randbytes(6) if byte not in b"\x03\x04\x1a\x1cQ")
    return "".join(chance.choices(OFTEN, k=chance.randint(1, 6))).encode()


def test_a_campaign_of_keys_and_sizes(replay):
    seed = int(os.environ.get("CAMPAIGN_SEED") or 1)
    end = time.monotonic() + int(os.environ.get("CAMPAIGN_MS") or 3000) / 1000
    lives = 0
    while time.monotonic() < end:
        print(f"seed {seed + lives}", flush=True)
        chance = random.Random(seed + lives)
        lives += 1
        glass = replay(chance.choice(["apply", "night"]), *chance.choice([[], ["--ascii"], ["--speed", "200"]]))
        for _ in range(60):
            if chance.randrange(8) == 0:
                some_size = (chance.randint(1, 60), chance.randint(1, 200))
                glass.resize(*chance.choice([(1, 1), (200, 400), (24, 80), some_size]))
            else:
                glass.look("keys " + some_bytes(chance).hex())
            if glass.last["ended"]:
                break
        assert not glass.last["ended"] or glass.last["exit"] == 0, f"seed {seed + lives - 1}:\n{glass}"
        glass.close()
