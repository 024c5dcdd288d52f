"""The keys of the stats for the traffic of each host."""

#: Prefix of the keys ``traffic/<host>/requests``, ``…/bytes`` received, ``…/status/<status>`` and
#: ``…/no_answer``.
PREFIX = "traffic/"
