"""Modules that pickles of release 0.1 name, by the names that they had then: `scalargrad.value` and others."""
