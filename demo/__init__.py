"""A made-up replica of the mirror site, the share API and Eastmoney, served on loopback.

`python -m demo` lets the real crawler archive it; the tests use the same pieces. Nothing here
imports the crawler or the archive: what the demo expects of them is written by its own code, so
that a mistake in theirs cannot hide in ours.

    exchange      what passes between a client and a site: Request, Answer, Site, Exchange
    replica       the server: an HTTP proxy that answers for the real host names
    certificates  the certificates that it answers with where an address is https
    faults        ways of failing on demand
    ban           a host that bans who asks too fast
    static        sites made of files (a folder, or pages in memory), served as GitHub Pages does
    share         the share API and its share page
    text          made-up Chinese prose
    body          article bodies: as the share API sends them, as the mirror renders them
    articles      the made-up articles, with every quirk the real ones have shown
    post          the expected post file of an article, byte for byte
    mirror        the mirror's pages, as Jekyll writes them
    eastmoney     Eastmoney's own lists of the same articles, and rolling news without an article
    article_page  Eastmoney's article pages
    pictures      the pictures in the bodies, and the charts made on the fly
    site          all of it put together: made_up_site()
    several       several such sites side by side
    brokers       a RabbitMQ and a Redis to run a cluster with, and to kill
"""
