"""Certificate Transparency logs to test against: real trees, real signatures, served in process or over HTTP.

    world = World(seed=1)
    log = world.rfc6962("alpha", max_get_entries=32)
    log.add(world.ca.issue(["www.example.com"]))
    log.publish()

`World` makes the logs and lists them, `CA` issues the certificates, `FakeLog` says what a log can be made to do.
"""

from certhia.testing.ca import CA, Issued
from certhia.testing.entries import Entry, RawEntry, Submission, Template, templates
from certhia.testing.heads import SignedHead
from certhia.testing.logs import FakeLog
from certhia.testing.request import Answer, Hook, Request
from certhia.testing.transport import InProcess
from certhia.testing.tree import Tree
from certhia.testing.world import World

__all__ = [
    "CA",
    "Answer",
    "Entry",
    "FakeLog",
    "Hook",
    "InProcess",
    "Issued",
    "RawEntry",
    "Request",
    "SignedHead",
    "Submission",
    "Template",
    "Tree",
    "World",
    "templates",
]
