from tests.cluster.conftest import Cluster
from tests.conftest import posts_in
from demo.brokers import wait_for
import time, sqlite3, os

def test_it_runs(cluster: Cluster) -> None:
    w=cluster.writer()
    a=cluster.worker("a", 3)
    try:
        cluster.send()
        for i in range(7):
            time.sleep(3)
            print(time.time(), len(cluster.replica.requests), cluster.ended(), os.listdir(cluster.archive))
            pass

            if len(cluster.ended())==3: break
        print(cluster.run("status"))
        assert len(posts_in(cluster.archive)) == 180
        for p in (a,w):
            t=time.monotonic(); p.terminate(); assert p.wait(30)==0; print("stopped", time.monotonic()-t)
    finally:
        for n in ("writer","a"): print("=====",n, cluster.log(n)[-6000:])
