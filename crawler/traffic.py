"""The stats that tell of traffic, host by host."""

PREFIX = "traffic/"
"""``traffic/<host>/requests``, ``…/bytes`` received, ``…/status/<status>``, ``…/no_answer``."""
