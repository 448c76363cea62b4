"""Forgetting: what a project derives of a child is removed, and a certificate says so."""
