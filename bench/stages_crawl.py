"""The crawl of `bench.stages`, as a process of its own."""

from bench.stages import crawl

if __name__ == "__main__":
    crawl()
