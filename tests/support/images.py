"""A picture and its address."""

from demo.pictures import jpeg, png

HOST = "dfscdn.dfcfw.com"

A, B, C = (f"https://{HOST}/download/{name}.jpg" for name in "ABC")

PICTURE, SAME, ANOTHER = jpeg("a"), jpeg("a"), png("c")
