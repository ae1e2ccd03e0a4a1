"""An MCP server of the official SDK for tests: `stdio`, or `http PORT`. It notes what it does in the file JOURNAL."""
import asyncio
import json
import os
import sys

try:  # The SDK from version 2 on, whose newest protocol has no `initialize`.
    from mcp.server.mcpserver import Context, MCPServer

    server = MCPServer("tables")
    newer = True
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP

    port = int(sys.argv[2]) if sys.argv[1] == "http" else 0
    server = FastMCP("tables", host="127.0.0.1", port=port)
    newer = False


def note(what):
    with open(os.environ["JOURNAL"], "a") as file:
        file.write(json.dumps(what) + "\n")


def key(context):
    meta = context.request_context.meta
    if meta is not None and not isinstance(meta, dict):
        meta = meta.model_dump()
    return (meta or {}).get("switchboard/idempotency-key")


@server.tool()
def find_tables(people: int) -> dict:
    """Finds the tables that are free for so many people."""
    return {"tables": [{"number": 4, "seats": people}]}


@server.tool()
async def book_table(people: int, context: Context, seconds: float = 0) -> dict:
    """Books a table."""
    note({"begun": people, "key": key(context)})
    await asyncio.sleep(seconds)
    note({"booked": people})
    return {"number": 4}


@server.tool()
def say_text() -> str:
    """Says something that is no JSON."""
    return "Table four, by the window."


@server.tool()
def environment() -> dict:
    """Names the variables that this server was given."""
    return {"names": sorted(os.environ)}


@server.tool()
def break_down() -> str:
    """Fails."""
    raise ValueError("the book is lost")


@server.tool()
def end() -> str:
    """Ends the server in the midst of a call."""
    os._exit(3)


note({"started": newer})
if sys.argv[1] == "stdio":
    server.run("stdio")
elif newer:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
else:
    server.run("streamable-http")
