"""Proofs that an archive is whole, and the repair of what is not: verify, repair, rebuild."""
