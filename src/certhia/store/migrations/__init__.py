"""From any schema to ours, by Alembic. Imported only where the schema differs: it costs 12 MB."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations beside this file, run on `connection`."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def migrate(connection: Connection) -> None:
    """Runs the missing migrations inside the transaction that `connection` is in; the caller commits."""
    command.upgrade(config(connection), "head")
