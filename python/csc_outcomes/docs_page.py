"""dbt's own documentation page as one file that needs no network and no server.

`dbt docs generate --static` puts the whole manifest into the page that comes with dbt: 13 MB here,
with all compiled tests and paths of the machine. This page takes what readers need of it, and
carries it compressed.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

Node = Mapping[str, Any]
NODE_FIELDS = (
    "access",
    "alias",
    "database",
    "description",
    "fqn",
    "group",
    "identifier",
    "label",
    "language",
    "maturity",
    "name",
    "original_file_path",
    "owner",
    "package_name",
    "raw_code",
    "resource_type",
    "schema",
    "source_description",
    "source_name",
    "tags",
    "type",
    "unique_id",
    "url",
    "version",
)
BUILD_ID = {
    "name": "build_id",
    "description": "The build that the row comes from: the same in all tables of one build.",
}
# The places in dbt's page where `--static` puts its data in.
MANIFEST, CATALOG = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
SCRIPT, SCRIPT_END = '<script defer="defer">', "</script></head>"
FAVICON = """<link rel="shortcut icon" href="${require('./assets/favicons/favicon.ico')}"/>"""
CANONICAL = '<link rel="canonical" href="/overview/"/>'
# Before Angular has filled it in, a browser takes the placeholder for an address and asks for it.
ICON, ICON_FILLED_IN = 'xlink:href="{{ getIcon', 'ng-href="{{ getIcon'
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
LOADER = """<script>
(async () => {
  const unpacked = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  window.dbtDocs = await unpacked("dbt-docs-data");
  const script = document.createElement("script");
  script.text = document.getElementById("dbt-docs-code").textContent;
  document.head.append(script);
})();
</script>"""  # noqa: E501


class UnknownPage(Exception):
    """The page that comes with the installed dbt isn't built as this module knows it."""


def write_docs_page(generation: Path, manifest: Path) -> None:
    """Writes `docs/index.html` into a generation, or its draft, from dbt's manifest.

    Raises FileNotFoundError where dbt wrote no manifest, UnknownPage for another page of dbt.
    """
    content = json.loads(manifest.read_text(encoding="utf-8"))
    page = docs_page(content, published_types(generation))
    (generation / "docs").mkdir(mode=0o700, exist_ok=True)
    (generation / "docs" / "index.html").write_text(page, encoding="utf-8", newline="\n")


def docs_page(manifest: Node, types: Mapping[str, Mapping[str, str]]) -> str:
    """The page; `types` are the column types of published tables, by table and column."""
    slim = slim_manifest(manifest, types)
    return filled_page({"manifest": slim, "catalog": catalog(slim, types)})


def published_types(generation: Path) -> dict[str, dict[str, str]]:
    """Column types of all published tables, by table and column, in order of position."""
    types: dict[str, dict[str, str]] = {}
    for kind in ("analyst", "release"):
        path = generation / kind / "csc_outcomes.duckdb"
        if path.is_file():
            with duckdb.connect(str(path), read_only=True) as connection:
                rows = connection.execute(
                    "select table_name, column_name, data_type from duckdb_columns() "
                    "where not internal order by table_name, column_index"
                ).fetchall()
            for table, column, data_type in rows:
                types.setdefault(table, {})[column] = data_type
    return types


def slim_manifest(manifest: Node, published: Iterable[str] = ()) -> dict[str, Any]:
    """What readers need of a manifest: public models, all that they are made from, exposures and
    the overview; no macros, compiled code, settings of the machine or times."""
    nodes: Mapping[str, Node] = {**manifest["nodes"], **manifest["sources"]}
    kept = ancestors(nodes, [uid for uid, node in nodes.items() if node.get("access") == "public"])
    slim = {uid: _slim(nodes[uid], kept) for uid in sorted(kept)}
    for node in slim.values():
        if node["name"] in published:
            node["columns"] = {**node["columns"], "build_id": BUILD_ID}
    exposures = {uid: _slim(node, kept) for uid, node in manifest["exposures"].items()}
    return {
        "metadata": {"adapter_type": "duckdb", "send_anonymous_usage_stats": False},
        "nodes": {
            **{uid: node for uid, node in slim.items() if node["resource_type"] != "source"},
            **_column_tests(manifest["nodes"], kept),
        },
        "sources": {uid: n for uid, n in slim.items() if n["resource_type"] == "source"},
        "exposures": exposures,
        "docs": {
            uid: {key: doc[key] for key in ("name", "package_name", "unique_id", "block_contents")}
            for uid, doc in manifest["docs"].items()
            if doc["name"] == "__overview__" and doc["package_name"] != "dbt"
        },
        "groups": {
            uid: {key: group[key] for key in ("name", "package_name", "unique_id", "owner")}
            for uid, group in manifest["groups"].items()
        },
        "parent_map": {uid: n["depends_on"]["nodes"] for uid, n in {**slim, **exposures}.items()},
        **{
            kind: {}
            for kind in ("macros", "metrics", "semantic_models", "saved_queries", "unit_tests")
        },
    }


def ancestors(nodes: Mapping[str, Node], start: Iterable[str]) -> set[str]:
    """The nodes of `start` and everything that they are made from."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        uid = waiting.pop()
        if uid in nodes and uid not in found:
            found.add(uid)
            waiting += nodes[uid].get("depends_on", {}).get("nodes", [])
    return found


def _slim(node: Node, kept: set[str]) -> dict[str, Any]:
    """One node without what readers have no use for."""
    config = node.get("config", {})
    columns = {
        name: {key: column[key] for key in ("name", "description", "data_type")}
        for name, column in node.get("columns", {}).items()
    }
    parents = node.get("depends_on", {}).get("nodes", [])
    return {
        **{key: node[key] for key in NODE_FIELDS if node.get(key) is not None},
        "columns": columns,
        "config": {
            "materialized": config.get("materialized"),
            "contract": {"enforced": bool((config.get("contract") or {}).get("enforced"))},
        },
        "meta": {"grain": ", ".join(grain)} if (grain := _grain(config)) else {},
        "depends_on": {"macros": [], "nodes": [uid for uid in parents if uid in kept]},
        "docs": {"show": True},
    }


def _grain(config: Node) -> list[str]:
    grain = (config.get("meta") or {}).get("grain")
    return [grain] if isinstance(grain, str) else list(grain or [])


def _column_tests(nodes: Mapping[str, Node], kept: set[str]) -> dict[str, Any]:
    """The tests of single columns, such as which values are accepted, without their code."""
    return {
        uid: {
            "name": test["name"],
            "unique_id": uid,
            "resource_type": "test",
            "package_name": test["package_name"],
            "original_file_path": test["original_file_path"],
            "test_metadata": {
                "name": test["test_metadata"]["name"],
                "namespace": None,
                "kwargs": {
                    k: v for k, v in test["test_metadata"]["kwargs"].items() if k != "model"
                },
            },
            "column_name": test["column_name"],
            "refs": [],
            "depends_on": {"macros": [], "nodes": [test["attached_node"]]},
        }
        for uid, test in nodes.items()
        if test["resource_type"] == "test"
        and test.get("test_metadata")
        and test.get("column_name")
        and test.get("attached_node") in kept
    }


def catalog(slim: Node, types: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Columns with types in order of position: of published tables as published, of others as
    their contract says."""
    nodes = {}
    for uid, node in slim["nodes"].items():
        if node["resource_type"] != "test":
            declared = {name: c.get("data_type") or "" for name, c in node["columns"].items()}
            columns = types.get(node["name"], declared)
            nodes[uid] = {
                "unique_id": uid,
                "metadata": {
                    "type": "VIEW" if node["config"]["materialized"] == "view" else "BASE TABLE",
                    "database": "csc_outcomes",
                    "schema": node.get("schema"),
                    "name": node["name"],
                },
                "columns": {
                    name: {"name": name, "type": data_type, "index": index}
                    for index, (name, data_type) in enumerate(columns.items(), start=1)
                },
                "stats": {},
            }
    return {"metadata": {}, "nodes": nodes, "sources": {}}


def filled_page(data: Mapping[str, Any]) -> str:
    """dbt's page with `data` in it; nothing in it can reach a network. Equal for equal data."""
    page = bundled_page()
    for part in (MANIFEST, CATALOG, SCRIPT, SCRIPT_END):
        if page.count(part) != 1:
            raise UnknownPage(f"the documentation page of this dbt has no single {part}")
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    packed = base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()
    head, rest = page.split(SCRIPT)
    code, body = rest.split(SCRIPT_END)
    code = code.replace(MANIFEST, "window.dbtDocs.manifest")
    code = code.replace(CATALOG, "window.dbtDocs.catalog").replace(ICON, ICON_FILLED_IN)
    head = head.replace(FAVICON, '<link rel="icon" href="data:,"/>').replace(CANONICAL, "")
    head = head.replace("<title>dbt Docs</title>", "<title>Models and tables</title>")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>'
    head = head.replace('<meta charset="utf-8">', f'<meta charset="utf-8">{policy}')
    return (
        f'{head}<script type="text/plain" id="dbt-docs-code">{code}</script>'
        f'<script type="text/plain" id="dbt-docs-data">{packed}</script></head>'
        f"{body.replace('</body>', f'{LOADER}</body>')}"
    )


def bundled_page() -> str:
    """The page that comes with the installed dbt."""
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    return Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
