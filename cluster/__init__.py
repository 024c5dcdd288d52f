"""More than one machine: workers that crawl, one writer that keeps, a broker between them.

    jobs       what is to be crawled, how often
    app        the Celery application and its queues
    crawling   the worker's task: a job is one `scrapy crawl` in a process of its own
    holds      one crawl per host, whichever worker it is with
    elsewhere  the archive as a crawl on a worker sees it
    known      which articles are archived, on the worker's own disk
    wire       articles and captured exchanges as plain data
    writing    the writer's tasks: batches into the archive
    received   which batches the archive has
    status     how it all goes
    commands   finews cluster …

Nothing in `archive/` or `crawler/` knows of it: `settings/cluster.py` puts it in their place.
"""
