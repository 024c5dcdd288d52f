"""What one worker learns, the next one knows."""

from archive.archive import Archive
from demo.brokers import wait_for
from demo.faults import Fault, status
from tests.cluster.conftest import Cluster, Visits
from tests.conftest import posts_in


def test_a_block_that_one_worker_met_holds_for_the_next(cluster: Cluster, visits: Visits) -> None:
    share = "share.site0.example"
    cluster.replica.faults = [Fault(share, "/NewsData", failure=status(403))]
    writer, first = cluster.writer(), cluster.worker("a")
    cluster.send("site0")
    wait_for(lambda: share in cluster.asked())
    first.kill()  # it tells the others at once, not when it ends
    first.wait(timeout=30)

    cluster.replica.requests.clear()
    cluster.worker("b")
    cluster.send("site0")
    cluster.wait_until_done(jobs=1)
    assert share not in cluster.asked()
    assert "site0.example" in cluster.asked()

    writer.terminate()
    assert writer.wait(timeout=60) == 0
    with Archive(cluster.archive) as archive:
        (block,) = archive.crawl_state.all()["blocks"]
    assert block["host"] == share
    assert block["times"] == 1


def test_what_is_archived_is_not_fetched_by_another_worker(
    cluster: Cluster, visits: Visits
) -> None:
    cluster.writer()
    first = cluster.worker("a")
    cluster.send("site0")
    cluster.wait_until_done(jobs=1)
    first.terminate()
    assert first.wait(timeout=60) == 0
    assert len(posts_in(cluster.archive)) == cluster.posts_of_first()

    (cluster.folder / "site0.toml").write_text(
        cluster.sites[0].sources.replace("http://site0", "http://other")
    )
    cluster.replica.sites["other.example"] = cluster.replica.sites["site0.example"]
    cluster.replica.requests.clear()
    cluster.worker("b")
    cluster.send("site0")
    cluster.wait_until_done(jobs=1)
    wait_for(lambda: "60 articles found, 0 added, 60 unchanged" in cluster.log("b"))
    assert "share.site0.example" not in cluster.asked()
    posts = [path for path in cluster.paths("other.example") if path.endswith(".html")]
    assert all(path.startswith("/category/") for path in posts)
    assert posts


def test_jobs_of_the_same_hosts_wait_for_each_other(cluster: Cluster, visits: Visits) -> None:
    cluster.writer()
    cluster.worker("a", crawls=3)
    cluster.send("site0", "site0", "site0")
    wait_for(lambda: "Another crawl of the cluster has locked" in cluster.log("a"))
    cluster.wait_until_done(jobs=1)
    assert visits.together == []
    assert len(posts_in(cluster.archive)) == cluster.posts_of_first()


def test_a_stopped_worker_gives_its_jobs_back(cluster: Cluster, visits: Visits) -> None:
    cluster.writer()
    first = cluster.worker("a")
    cluster.send("site0")
    wait_for(visits.go_on(20))
    first.terminate()
    assert first.wait(timeout=60) == 0
    assert "The crawl was ended early (shutdown)" in cluster.log("a")
    assert cluster.status().waiting["finews.jobs"] == 1
    cluster.worker("b")
    ended = cluster.wait_until_done(jobs=1)
    assert [job.status for job in ended.jobs] == [0]
    assert len(posts_in(cluster.archive)) == cluster.posts_of_first()
