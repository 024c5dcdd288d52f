"""Answer what programs ask of an archive: the functions behind Python, HTTP and MCP."""
