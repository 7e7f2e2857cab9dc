"""The plugin under test, also where Certhia is not installed and its entry point unknown to pytest."""

from __future__ import annotations

import pytest

from certhia.testing import plugin


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin, "certhia")
