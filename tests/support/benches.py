"""The benchmarks, and how long they take."""

QUICK = {
    "bench.cluster": "--only writer --share 0.01",
    "bench.edits": "--rounds 1",
    "bench.revisits": "--days 3 --articles 4 --limit 1 --seeds 1",
    "bench.extraction": "--pages 10 --folder tests/golden/recorded",
    "bench.importing": "--posts 200",
    "bench.pages": "--posts 200 --rounds 2",
    "bench.relevance": "--posts 300 --queries 60",
    "bench.search": "--posts 200 --queries 3",
}

SLOW = {
    "bench.checking": "--posts 200",
    "bench.growth": "--least 20 --most 200 --rounds 1",
    "bench.publishing": "--posts 100",
    "bench.whole_crawl": "--articles 20 --rounds 1",
}
