"""The settings of bug bounty platforms, `[platforms]` and `[platforms.NAME]`: one file a type, told apart by `type`."""

from certhia.config.platforms.bugcrowd import BugcrowdPlatform
from certhia.config.platforms.hackerone import HackerOnePlatform
from certhia.config.platforms.intigriti import IntigritiPlatform
from certhia.config.platforms.plugin import PluginPlatform
from certhia.config.platforms.section import PlatformSection
from certhia.config.platforms.url import UrlPlatform
from certhia.config.platforms.whole import Platforms, PlatformSettings
from certhia.config.platforms.yeswehack import YesWeHackPlatform

__all__ = [
    "BugcrowdPlatform",
    "HackerOnePlatform",
    "IntigritiPlatform",
    "PlatformSection",
    "PlatformSettings",
    "Platforms",
    "PluginPlatform",
    "UrlPlatform",
    "YesWeHackPlatform",
]
