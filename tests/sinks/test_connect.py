from __future__ import annotations

import traceback
from dataclasses import replace

import pytest

from sinks.connect import CannotConnect, connect, hide_password
from sinks.settings import RedisSettings

SECRET = "s3cr+t"
HASTY = RedisSettings(connect_timeout_s=0.2, reply_timeout_s=0.2)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://shop:{SECRET}@127.0.0.1:1/0",
        f"rediss://:{SECRET}@127.0.0.1:1/0?ssl_cert_reqs=none",
        f"redis://127.0.0.1:1/0?password={SECRET}",
        f"redis://:{SECRET}/x@127.0.0.1:1/0",
        f"redis://:a@{SECRET}@127.0.0.1:1",
        f"redis://:{SECRET}@127.0.0.1:port/0",
        f"redis://:{SECRET}@127.0.0.1:1/zero",
        f"redis://:[{SECRET}@127.0.0.1:1",
        f"unix://:{SECRET}@/nowhere/redis.sock",
        f"http://:{SECRET}@127.0.0.1:1",
        f":{SECRET}@127.0.0.1:1",
    ],
)
def test_no_error_shows_the_password(url: str):
    with pytest.raises(CannotConnect) as caught:
        connect(url, HASTY)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    assert SECRET not in shown
    assert SECRET not in hide_password(url)


def test_the_error_names_the_server():
    with pytest.raises(CannotConnect, match=r"127\.0\.0\.1:1.*ConnectionError"):
        connect("redis://127.0.0.1:1", HASTY)


def test_a_refused_password_is_said_at_once(redis_url: str):
    with pytest.raises(CannotConnect, match="unix://"):
        connect(redis_url.replace("unix://", f"unix://shop:{SECRET}@"), HASTY)


def test_a_cluster_is_recognised(cluster_url: str, redis_url: str):
    for url, kind in ((cluster_url, "RedisCluster"), (redis_url, "Redis")):
        assert type(connect(url, HASTY)).__name__ == kind
    with pytest.raises(CannotConnect, match="auto, yes or no"):
        connect(redis_url, replace(HASTY, cluster="perhaps"))
