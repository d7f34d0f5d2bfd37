"""How values are kept in Redis, how long, and how patiently they are brought there."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class RedisSettings:
    """Everything that can be chosen about delivery to Redis and about reading from it."""

    prefix: str = setting("ll:", "text", "Opens every key, so that one Redis can serve others too.")
    ttl_ms: int = setting(
        30 * 86_400_000,
        "ms",
        "A value that nobody renews for this long leaves Redis by itself.",
        least=1,
    )
    keys_per_call: int = setting(
        100,
        "keys",
        "A script holds up every reader while it runs: more keys, longer waits.",
        least=1,
    )
    calls_in_flight: int = setting(
        32,
        "calls",
        "Calls sent before their replies are read, so that Redis works beside us.",
        least=1,
    )
    push_streams: int = setting(
        4,
        "streams",
        "Pushes are spread by user over this many streams, for several consumers.",
        least=1,
    )
    push_stream_max: int = setting(
        100_000,
        "entries",
        "About this many entries stay in a push stream for late consumers.",
        least=1,
    )
    push_ids_kept_ms: int = setting(
        7 * 86_400_000, "ms of event time", "A push id seen within this time is never sent again."
    )
    retry_first_ms: int = setting(50, "ms", "The first wait when Redis does not answer.", least=1)
    retry_longest_ms: int = setting(
        5_000, "ms", "Waits double up to this one, and go on for ever.", least=1
    )
    connect_timeout_s: float = setting(
        3.0, "s", "A server that takes longer to connect is away.", least=0.001
    )
    reply_timeout_s: float = setting(
        5.0, "s", "A server that takes longer to answer is away.", least=0.001
    )
    refill_keys: int = setting(
        2_000,
        "keys",
        "Put back at a time, between deliveries, after Redis has lost writes.",
        least=1,
    )
    cluster: str = setting(
        "auto", "auto, yes or no", "Whether Redis is a cluster; auto asks the server at the start."
    )
    tls_ca_file: str = setting(
        "", "path", "Certificates that a rediss:// server is checked against; empty: the system's."
    )
    tls_cert_file: str = setting(
        "", "path", "The flow's own certificate, for a server that asks for one; empty: none."
    )
    tls_key_file: str = setting("", "path", "The key of that certificate.")
    rooms_cache_ms: int = setting(
        1_000, "ms", "A reader keeps the set of live rooms this long before it reads it again."
    )
