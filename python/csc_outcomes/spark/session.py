"""The Spark session that dbt-spark finds: one for the whole build, in this process."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OLDEST_JAVA = 17
PACKAGES = {"pyspark": "pyspark", "dbt.adapters.spark": "dbt-spark"}


class SparkMissing(Exception):
    """Something that Spark needs isn't installed; the message says what."""


def check_packages() -> None:
    """Raises SparkMissing where dbt-spark or pyspark isn't installed."""
    missing = [name for module, name in PACKAGES.items() if not importlib.util.find_spec(module)]
    if missing:
        raise SparkMissing(
            f"not installed: {' and '.join(missing)}. Spark is optional: "
            "pip install --requirement requirements-spark.txt"
        )


def check_java() -> None:
    """Raises SparkMissing where neither JAVA_HOME nor the path leads to a Java that is new
    enough."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    where = "JAVA_HOME" if home else "the path"
    if java is None or shutil.which(java) is None:
        raise SparkMissing(
            f"no Java found by {where}; Spark needs Java {OLDEST_JAVA} or newer, such as Debian's "
            f"openjdk-{OLDEST_JAVA}-jre-headless. Set JAVA_HOME where it lies elsewhere"
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', told.stderr + told.stdout)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = f"Java {version[1]}" if version else "no Java that tells its version"
        raise SparkMissing(
            f"{found} is what {where} leads to; Spark needs Java {OLDEST_JAVA} or newer: set "
            "JAVA_HOME"
        )


def local_settings(folder: Path) -> dict[str, str]:
    """Spark's settings for one machine: everything that Spark writes is below `folder`, nothing
    listens to the network, and no log holds a value."""
    return {
        "spark.master": "local[2]",
        "spark.app.name": "csc_outcomes",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # Short queries: compiling them, or Java further, costs more than it saves.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m "
        "-XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(folder / "tables"),
        "spark.local.dir": str(folder / "scratch"),
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        "spark.log.level": "OFF",
    }


def start_session(folder: Path, settings: Mapping[str, str]) -> Any:
    """A Spark session with the local settings and, over them, `settings`; dbt-spark's session
    method takes the one that is there. Raises SparkMissing."""
    check_java()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # Spark would make one for all to read
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # pyspark would print each refused statement with a page of Java's stack
    logging.getLogger("SQLQueryContextLogger").disabled = True
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for name, value in {**local_settings(folder), **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
