"""One writer, which no message can stop."""

import gzip
import json
import os
import signal
import sqlite3
import zlib
from base64 import b64decode
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from bench.brokers import wait_for
from cluster.app import ARCHIVE, JOBS, MAX_BYTES, make_app, send
from cluster.dead_letters import FORMER, dead_letters
from cluster.messages import Batch
from tests.cluster.conftest import Cluster, children, kill

#: A job, a batch and the end of a job, as the release before recorded them from its queues.
FORMER_MESSAGES = json.loads(
    (Path(__file__).parent / "former_messages.json").read_text(encoding="ascii")
)


def test_a_second_writer_and_another_archive_are_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.writer.KILLED_SECONDS", 0.5)
    with Archive(cluster.archive):
        told = cluster.run("writer", status=1)
    assert f"The archive {cluster.archive} is being written by process {os.getpid()}" in told
    writer = cluster.writer()
    wait_for(cluster.figures)
    other = str(cluster.folder / "other")
    told = cluster.run("writer", other, status=1)
    assert f":{cluster.archive}; stop it first" in told
    assert "is running" in cluster.run("writer", other, "--take-over", status=1)
    kill(writer)  # also when nobody writes
    told = cluster.run("writer", other, status=1)
    assert f":{cluster.archive}, and not" in told
    assert "finews cluster writer --take-over" in told
    cluster.start("writer", "writer", other, "--take-over")
    wait_for(cluster.figures)
    assert f":{other}; stop it first" in cluster.run("writer", status=1)


def publish(cluster: Cluster, queue: str, body: bytes, **properties: Any) -> None:
    with (
        make_app(cluster.broker.url) as app,
        app.connection() as connection,
        connection.Producer() as producer,
    ):
        producer.publish(body, exchange="", routing_key=queue, **properties)


def send_batch(cluster: Cluster, crawl: str) -> None:
    batch = Batch(crawl=crawl, number=0, begin={"spider": "x", "arguments": {}})
    with make_app(cluster.broker.url) as app:
        send(app, "finews.write", batch.model_dump_json(), patience=5)


def test_what_cannot_be_processed_is_a_dead_letter_and_stops_nothing(cluster: Cluster) -> None:
    bomb = zlib.compress(bytes(MAX_BYTES + 1))
    headers = {"task": "finews.write", "id": "1", "compression": "application/x-gzip"}
    json_ = {"content_type": "application/json", "content_encoding": "utf-8"}
    with make_app(cluster.broker.url) as app:
        for text in ("nonsense", '{"crawl": "c", "number": 1, "version": 3}'):
            send(app, "finews.write", text, patience=5)
        newer = '{"crawl": "c", "number": 1, "of_a_newer_release": true}'
        send(app, "finews.write", newer, patience=5)
        send(app, "finews.of_a_newer_release", "", patience=5)
    publish(cluster, ARCHIVE, bomb, headers=headers, **json_)
    publish(cluster, ARCHIVE, gzip.compress(b"x"), headers=headers, **json_)
    lzma = headers | {"compression": "application/x-lzma"}
    publish(cluster, ARCHIVE, b"x", headers=lzma, **json_)
    msgpack = {"content_type": "application/x-msgpack", "content_encoding": "binary"}
    publish(cluster, ARCHIVE, b"x", headers={"task": "finews.write", "id": "2"}, **msgpack)
    other = {"task": "finews.other", "id": "3"}
    publish(cluster, JOBS, b'[["{}"], {}, {}]', headers=other, **json_)
    send_batch(cluster, "good")
    cluster.writer()
    cluster.worker("a")
    wait_for(lambda: cluster.run("dead").count("rejected") == 9)
    wait_for(lambda: cluster.number("SELECT count(*) FROM crawls") == 1)
    cluster.wait_for_status("There are 9 dead letters")
    with make_app(cluster.broker.url) as app:
        (number,) = [str(each.number) for each in dead_letters(app) if "nonsense" in each.content]
    shown = json.loads(cluster.run("dead", "show", number))
    assert (shown["queue"], shown["task"]) == (ARCHIVE, "finews.write")
    assert cluster.run("dead", "drop", "8", "9") == "2 dead letters deleted.\n"
    assert "no dead letter 8" in cluster.run("dead", "show", "8", status=1)
    assert cluster.run("dead", "retry") == "7 dead letters sent again.\n"
    wait_for(lambda: len(cluster.run("dead").splitlines()) == 7)


def test_a_batch_that_kills_the_writer_twice_is_a_dead_letter(cluster: Cluster) -> None:
    writer = cluster.writer()
    wait_for(lambda: cluster.figures() and (cluster.archive / "catalog.db").exists())
    send_batch(cluster, "first")
    wait_for(lambda: cluster.status().lag is not None)  # it is written, and not only received
    locked = sqlite3.connect(cluster.archive / "catalog.db")
    locked.execute("BEGIN EXCLUSIVE")  # the writer's process waits for the catalog
    send_batch(cluster, "second")
    with closing(locked):
        killed: list[int] = []
        for _ in range(2):
            wait_for(lambda before=killed: children(writer) not in ([], before))
            wait_for(lambda: cluster.status().writing > 0.5)
            killed = children(writer)
            os.kill(killed[0], signal.SIGKILL)
        wait_for(lambda: "delivery_limit" in cluster.run("dead"))
    assert writer.is_alive()
    assert cluster.run("dead", "retry") == "1 dead letters sent again.\n"
    wait_for(lambda: cluster.number("SELECT count(*) FROM crawls") == 2)
    assert cluster.run("dead") == ""


def test_workers_first_wait_for_the_writer_of_their_release(cluster: Cluster) -> None:
    with make_app(cluster.broker.url) as app, app.connection() as connection:
        channel: Any = connection.default_channel
        for queue in (JOBS, ARCHIVE):
            channel.queue_delete(queue)
    assert "start the writer first" in cluster.run("worker", status=1)


FORMER_SCHEMA = """
    CREATE TABLE archive (identity TEXT);
    CREATE TABLE crawls (
        crawl TEXT PRIMARY KEY, number INTEGER, spider TEXT, begun TEXT, ended TEXT
    ) WITHOUT ROWID;
    CREATE TABLE batches (
        crawl TEXT, number INTEGER, outcomes TEXT, PRIMARY KEY (crawl, number)
    ) WITHOUT ROWID;
    CREATE TABLE captures (
        crawl TEXT, offset INTEGER, capture TEXT, PRIMARY KEY (crawl, offset)
    ) WITHOUT ROWID;
    CREATE TABLE jobs (
        name TEXT PRIMARY KEY, status INTEGER, sentence TEXT, ended TEXT, failures INTEGER
    );
    INSERT INTO archive VALUES ('of the release before');
    INSERT INTO jobs VALUES ('site0', 0, 'All.', '2026-11-29T00:00:00+00:00', 0);
"""


def test_the_writer_first_sets_aside_what_the_release_before_sends(cluster: Cluster) -> None:
    Archive(cluster.archive).close()
    with closing(sqlite3.connect(cluster.archive / "cluster.db")) as db:
        db.executescript(FORMER_SCHEMA)
    first, *later = FORMER_MESSAGES
    with make_app(cluster.broker.url) as app, app.connection() as connection:
        channel: Any = connection.default_channel
        for queue in FORMER:
            channel.queue_declare(queue, durable=True, auto_delete=False)
    publish_former(cluster, first)  # in the queue when the writer is upgraded
    cluster.writer()
    wait_for(cluster.figures)
    for message in later:  # of workers that are upgraded later
        publish_former(cluster, message)
    wait_for(lambda: len(cluster.run("dead").splitlines()) == 3)
    lines = cluster.run("dead").splitlines()
    for message in FORMER_MESSAGES:
        named = f"  {message['queue']}  {message['headers']['task']}  "
        (line,) = [line for line in lines if named in line]
        assert line.endswith("it is of a release whose messages have no version")
    cluster.worker("a")
    cluster.send("site0")
    assert cluster.wait_until_done("site0") == {"site0": (0, 0)}


def publish_former(cluster: Cluster, message: dict[str, Any]) -> None:
    kept = ("content_type", "content_encoding", "headers")
    properties = {name: message[name] for name in kept}
    publish(cluster, message["queue"], b64decode(message["body"]), **properties)
