"""What `docs/faults.md` says around the tables that `matrix.py` makes."""

PAGE = """# What a server can do, and what becomes of it

Made by `python -m tests.faults.matrix` from the list that the tests try out, one by one, on the
made-up site (`tests/faults/test_matrix.py`, `test_eastmoney_matrix.py`). In every case the crawl
goes on with all the rest, ends in bounded time and memory, and puts nothing into the archive that
is not the article; and the next crawl with a server that works makes the archive whole, as if
nothing had happened.

The mirror and the share API, which `scrapy crawl finews` asks:

{mirrors}

What `scrapy crawl eastmoney` asks beside the share API: the lists `getFastNewsList` (rolling news;
a second host has it too, and is asked where the first one fails) and `getNewsByColumns`, and the
page of an article that no share host has.

{eastmoneys}

A cell is empty where there can be no such fault: one of JSON on a page, one of markup in JSON. A
NUL on an article's page is one, and so are tags in capitals or without an end: there the page is
the article, and is kept as it is.

- **read**: nothing is lost; the crawl does not even mention it.
- a **word** such as `http_500` is the reason under which the crawl counts the failure. The log
  names the address and what happened in one sentence.
  - On a list: “The list … was not read: …”. What other lists name is archived. Exit status 3, for
    articles may be missed (4 where none could be read and one had another layout). All lists are
    read anew by the next crawl.
  - On a post page or an article's page: “… is not archived: …”, and the summary says how many
    failed. Exit status 0 up to a tenth of the articles, 6 beyond it (4 where most of those failed
    for their layout). `finews stats` names the article, and the next crawls try it again, ever more
    rarely.
  - At every share host: the mirror's rendering is archived, marked as a stand-in. Exit status 0.
    The next looks ask for the article's own bytes, which become its next version. Where just one
    share host fails, the next one is asked, and nothing is missing.
- **gone**: the article has no page any more. It is counted as gone, and asked for again by later
  crawls, ever more rarely; exit status 0 while few are gone.
- **missing**: some categories that posts link to do not exist. The log says so; exit status 0. The
  page is asked for again whenever the lists that lead to it have changed.
- **blocks**: the host is asked no more at once, for ten minutes or as long as it asks, up to six
  hours; the log and `finews stats` say until when. The mirror, or the last host of a list: exit
  status 3. A share host: as above.

A host that fails five times in a row, whatever it fails in, is asked no more for ten minutes; the
tests of this page switch that off (`FINEWS_SILENT_AFTER_FAILURES`), to meet every fault.

`unreachable` and `left_out` say nothing about an article, and count as no attempt at it. A request
that fails for a status of 500 or more, or for the connection, is made twice more before.

The same is tried out (`tests/faults/test_network.py`) with names that cannot be resolved,
connections that are refused, and certificates that have expired, are another host's or of an issuer
that is not trusted, where whole sites are gone: exit status 3, and nothing changes.

## What robots.txt can be

`tests/faults/test_hostile_robots.py` asks hosts for an article whose robots.txt is endless, a
bomb, a drip, 10,000 agents with 10,000 rules, full of `*`, binary, in GBK, a redirect to itself or
elsewhere, an error, and more. The crawl ends in bounded time and memory, asks no other host, and
obeys all rules that it can read: those in the first 500 KiB (RFC 9309 wants no more), in whatever
encoding that has ASCII in it. UTF-16 has not, and is read as if it were empty.

A robots.txt that cannot be had (no answer, a status of 500 or more, more than `DOWNLOAD_MAXSIZE`,
a redirect that is not followed) forbids nothing, and the log says so: “The robots.txt of … could
not be had, and so it forbids nothing: …”. RFC 9309 would have all forbidden where a server fails;
but hosts of APIs that answer 500 to what they do not know would then give no article ever. One that
is not there, or is refused with a status of 400 to 499, forbids nothing and is not mentioned.

## What content can do

`tests/faults/test_hostile.py` crawls a site of hostile codes, titles and bodies. What it says is
archived as text, every post is YAML, a real `jekyll build --strict_front_matter` of the archive
succeeds, no file is written outside of it, and no host but those of the source is asked. Refused by
name, in the log and in `finews stats`: codes that are none, addresses of more than 2,000
characters, times beyond the calendar, bodies that are nested deeper than 500 tags or 100 marks of
Markdown (Jekyll would die of them). Categories that lie behind category after category are not
followed. A list of Eastmoney's that names the same articles page after page, or whose next page has
an address that none can have, is told as one that was not read (`test_hostile_lists.py`).

Jekyll's Markdown takes the square of some texts, such as 5,000 opening brackets outside of all
tags: half a minute, and an archive with many of them builds slowly.

## Input made by chance

`make fuzz` feeds every reader with input that [atheris](https://github.com/google/atheris) makes,
guided by what it has reached so far, and demands that it is read or refused by name, that what is
read makes a post, that the post is YAML and reads the same. Every run of the tests does it for a
second each, and tries again what broke something once (`tests/fuzz/crashes/`). In November 2026:

| reader | inputs |
| --- | ---: |
| codes in addresses | 7,637,420 |
| post pages | 5,193,109 |
| share answers | 980,322 |
| lists | 501,482 |
| feeds | 343,386 |
| Eastmoney's columns | 336,351 |
| Eastmoney's rolling news | 193,415 |
| post files | 144,853 |
| search queries | 138,383 |
| Eastmoney's pages of articles | 43,908 |
"""
