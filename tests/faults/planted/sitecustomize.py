"""Faults planted on purpose, to see that the tests notice: Python reads this file at its start
where the folder is on PYTHONPATH, and CSC_PLANTED_FAULT names the fault."""

import importlib.abc
import importlib.util
import os
import signal
import sys


def publish_in_place(module):
    """Tables written into the folder that people read, one after the other, and a kill between."""

    def publish(build, build_id, project, connection, read):
        analyst = (project / "published" / "current").resolve() / "analyst"
        for table in sorted(build.public_tables)[: len(build.public_tables) // 2]:
            connection.execute(
                f"copy (select *, '{build_id}' as build_id from {table}) "
                f"to '{analyst / table}.parquet' (format parquet)"
            )
        os.kill(os.getpid(), signal.SIGKILL)

    module.publish = publish


def write_in_any_order(module):
    """Rows written as they come."""
    write = module._write_table

    class Shuffled:
        def __init__(self, connection):
            self._connection = connection

        def execute(self, query, *arguments):
            query = query.replace("order by all", "order by random()")
            return self._connection.execute(query, *arguments)

    module._write_table = lambda connection, *others: write(Shuffled(connection), *others)


def delete_first(module):
    """What was published goes before the new build is complete."""
    import shutil

    write = module.write_generation

    def emptied(published, *others):
        shutil.rmtree((published / "current").resolve())
        return write(published, *others)

    module.write_generation = emptied


FAULTS = {
    "publish_in_place": ("csc_outcomes.publish", publish_in_place),
    "write_in_any_order": ("csc_outcomes.generations", write_in_any_order),
    "delete_first": ("csc_outcomes.publish", delete_first),
}


class Planter(importlib.abc.MetaPathFinder):
    """Lets a module be loaded as ever, and changes it then."""

    def __init__(self, name, plant):
        self._name, self._plant = name, plant

    def find_spec(self, name, path, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            self._plant(module)

        spec.loader.exec_module = exec_module
        return spec


if os.environ.get("CSC_PLANTED_FAULT"):
    sys.meta_path.insert(0, Planter(*FAULTS[os.environ["CSC_PLANTED_FAULT"]]))
