"""Settings: every option there is, and where their values come from."""

from certhia.config.differing import on_reload
from certhia.config.manual import reference
from certhia.config.settings import Settings
from certhia.config.sources import default_file, load, origins

__all__ = ["Settings", "default_file", "load", "on_reload", "origins", "reference"]
