"""Serve an archive to agents by the Model Context Protocol (MCP)."""
