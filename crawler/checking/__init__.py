"""Ask each interface of a source once, and compare the answers with what is expected of them."""
