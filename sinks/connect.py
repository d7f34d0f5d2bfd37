"""Connections to one Redis, to a cluster, and over TLS, whose errors never show a password."""

from __future__ import annotations

import urllib.parse
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry

from sinks.settings import RedisSettings

Client = redis.Redis | RedisCluster
"""What `connect` returns; its replies are bytes."""

_SCHEMES: Final = ("redis", "rediss", "unix")


class CannotConnect(Exception):
    """Redis cannot be used under this address; the message says why and holds no password."""


def hide_password(url: str) -> str:
    """The address as it may be shown.

    Cut down to its scheme where it cannot be taken apart: a password may be anywhere in it then.

    >>> hide_password("rediss://shop:s3cret@cache.example:6380/0?ssl_cert_reqs=required")
    'rediss://***@cache.example:6380/0?***'
    """
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
        place = f"***@{parts.netloc.rpartition('@')[2]}" if "@" in parts.netloc else parts.netloc
        odd = "@" in parts.path or "@" in parts.query or "@" in parts.fragment
    except ValueError:
        odd = True
    scheme = url.partition("://")[0] if "://" in url else ""
    if odd or scheme not in _SCHEMES:
        return f"{scheme}://***" if scheme in _SCHEMES else "***"
    return f"{scheme}://{place}{parts.path}" + ("?***" if parts.query else "")


def connect(url: str, settings: RedisSettings) -> Client:
    """A client for `redis://`, `rediss://` (TLS, server's certificate checked) or `unix://`.

    With `cluster` set to auto, the server is asked whether it is one. Raises `CannotConnect` when
    the address is wrong, the server away, or the password refused.
    """
    shown = hide_password(url)
    if not url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        raise CannotConnect(f"{shown}: a Redis address opens with redis://, rediss:// or unix://")
    if settings.cluster not in ("auto", "yes", "no"):
        raise CannotConnect(f"cluster is {settings.cluster!r}: choose auto, yes or no")
    failure = ""
    try:
        single = redis.Redis.from_url(url, **_options(url, settings))
        client: Client = single
        if settings.cluster == "yes" or (settings.cluster == "auto" and _is_cluster(single)):
            single.close()
            client = RedisCluster.from_url(url, **_options(url, settings))
        client.ping()
    except (redis.RedisError, redis.exceptions.RedisClusterException, OSError) as error:
        failure = _without_password(f"{type(error).__name__}: {error}", url)
    except (ValueError, TypeError):
        failure = "the address cannot be understood; is the password percent-encoded?"
    if failure:
        # Raised outside of the handler: a chained error would show the address.
        raise CannotConnect(f"{shown}: {failure}")
    return client


def _options(url: str, settings: RedisSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "decode_responses": False,
        # Protocol 2 is understood by every server and parsed faster than 3.
        "protocol": 2,
        "socket_timeout": settings.reply_timeout_s,
        # Retries are the writer's own: it can be interrupted, and counts them.
        "retry": Retry(NoBackoff(), 0),
    }
    if not url.startswith("unix:"):
        options["socket_connect_timeout"] = settings.connect_timeout_s
        options["socket_keepalive"] = True
    if url.startswith("rediss:"):
        options["ssl_check_hostname"] = True
        if settings.tls_ca_file:
            options["ssl_ca_certs"] = settings.tls_ca_file
        if settings.tls_cert_file:
            options["ssl_certfile"] = settings.tls_cert_file
            options["ssl_keyfile"] = settings.tls_key_file or settings.tls_cert_file
    return options


def _is_cluster(client: redis.Redis) -> bool:
    info: Any = client.info("cluster")
    return bool(info.get("cluster_enabled"))


def _without_password(text: str, url: str) -> str:
    """The text of a library's error, without the address's password should it quote that."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query)
    for secret in [parts.password or "", *query.get("password", [])]:
        for form in (secret, urllib.parse.unquote(secret)):
            if form:
                text = text.replace(form, "***")
    return text
