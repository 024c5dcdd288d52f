"""What people would use instead of finews, each a program of its own that imports nothing of it:
they need other versions of the same packages.
"""
