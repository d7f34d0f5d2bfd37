from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from sinks.connect import connect
from sinks.embedded import EmbeddedRedis
from sinks.settings import RedisSettings

PARENT = """
import sys, time
from sinks.embedded import EmbeddedRedis
server = EmbeddedRedis(sys.argv[1], append_only=True)
print(server.start(), flush=True)
time.sleep(60)
"""


def answers(url: str) -> bool:
    client = redis.Redis.from_url(url, protocol=2)
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
    finally:
        client.close()


def test_it_answers_on_a_socket_alone_and_stops_with_its_block(tmp_path: Path):
    with EmbeddedRedis(tmp_path) as url:
        assert url.startswith("unix:///")
        client = connect(url, RedisSettings())
        assert client.config_get("port") == {"port": "0"}
        pid = client.info("server")["process_id"]
    assert not answers(url)
    assert not Path(f"/proc/{pid}").exists()


def test_its_data_is_there_at_the_next_start_where_asked(tmp_path: Path):
    for append_only, expected in ((True, b"1"), (False, None)):
        folder = tmp_path / str(append_only)
        with EmbeddedRedis(folder, append_only) as url:
            connect(url, RedisSettings()).set("a", "1")
        with EmbeddedRedis(folder, append_only) as url:
            assert connect(url, RedisSettings()).get("a") == expected


def test_a_folder_too_deep_for_a_socket_gets_a_short_one(tmp_path: Path):
    deep = tmp_path / ("d" * 120)
    with EmbeddedRedis(deep) as url:
        assert answers(url)


def test_a_killed_parent_takes_it_along_and_the_next_finds_its_data(tmp_path: Path):
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    connect(url, RedisSettings()).set("a", "1")
    parent.kill()
    parent.communicate()
    with EmbeddedRedis(tmp_path, append_only=True) as url:
        assert connect(url, RedisSettings()).get("a") == b"1"
        time.sleep(0.1)
        assert answers(url)
    assert not answers(url)


def test_an_error_inside_the_block_stops_it_too(tmp_path: Path):
    with pytest.raises(KeyError), EmbeddedRedis(tmp_path) as url:
        raise KeyError
    assert not answers(url)
