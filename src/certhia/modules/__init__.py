"""Modules: what people add. `api` says what one is, `hooks` what it may implement, `host` runs them."""

from certhia.modules.api import Info, Module, Nothing, Outside, Sees
from certhia.modules.batch import Entries, Handed, Matches
from certhia.modules.finding import JSON, Drop, Finding, Name, Note, Result, Severity
from certhia.modules.hooks import hookimpl
from certhia.modules.simple import module
from certhia.scanner.content.extracting import Visit

__all__ = [
    "JSON",
    "Drop",
    "Entries",
    "Finding",
    "Handed",
    "Info",
    "Matches",
    "Module",
    "Name",
    "Note",
    "Nothing",
    "Outside",
    "Result",
    "Sees",
    "Severity",
    "Visit",
    "hookimpl",
    "module",
]
