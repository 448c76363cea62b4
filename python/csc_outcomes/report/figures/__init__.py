"""The figures of a study's report: each a function from tables to a `Figure`, or None.

A figure draws what its tables hold and reckons nothing new: the numbers in its data and in its
alternative text are those of the tables.
"""
