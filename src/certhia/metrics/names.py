"""Every metric by its name: Prometheus, dashboards and alerts of other people hang on them. A test holds them.

Labels `log` and `log_id`: the log's description, and the first 8 bytes of its id as cursors have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from certhia.metrics.published import PUBLISHING, Durations

_LOG: Final = ("log", "log_id")


class Named(NamedTuple):
    """A metric: whether it only grows, its labels, what it says; upper bounds of its buckets, where it is a histogram.
    Counters end in `_total`."""

    counts: bool
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def type(self) -> str:
        """As Prometheus calls it."""
        return "histogram" if self.buckets else "counter" if self.counts else "gauge"


METRICS: Final[Mapping[str, Named]] = {
    "certhia_build_info": Named(False, ("version",), "1, of the version that runs"),
    "certhia_start_time_seconds": Named(False, (), "Unix time when the run began"),
    "certhia_resident_bytes": Named(False, (), "Memory of the process"),
    "certhia_connections": Named(False, (), "Connections that are open, streams and others"),
    "certhia_refused_total": Named(
        True, ("reason",), "Connections and requests refused: total, address, rate (connections), 401, 403 (requests)"
    ),
    "certhia_clients": Named(False, ("stream",), "Clients of each stream"),
    "certhia_clients_too_late_total": Named(True, (), "Clients closed because they could not keep up"),
    "certhia_client_waiting_bytes": Named(False, (), "Bytes that wait for clients, all together"),
    "certhia_messages_sent_total": Named(True, ("stream",), "Messages handed to connections"),
    "certhia_messages_missed_total": Named(True, ("stream",), "Messages that clients lost"),
    "certhia_gaps_total": Named(
        True,
        ("stream",),
        "Times that clients lost messages, also where a profile has no words to tell them",
    ),
    "certhia_sent_bytes_total": Named(True, ("stream",), "Bytes of messages handed to connections"),
    "certhia_logs": Named(False, ("health",), "Logs that are followed, by how they are doing"),
    "certhia_log_up": Named(False, _LOG, "1 of a log that is healthy or degraded, 0 of one that failed or is frozen"),
    "certhia_entries_total": Named(True, _LOG, "Entries read in this run"),
    "certhia_quarantined_total": Named(True, _LOG, "Entries of them that could not be decoded"),
    "certhia_position": Named(False, _LOG, "Entries below this index are read"),
    "certhia_verified_position": Named(False, _LOG, "Entries below this index are proven, save what was skipped"),
    "certhia_tree_size": Named(False, _LOG, "Entries that the newest head covers"),
    "certhia_lag_entries": Named(False, _LOG, "Entries that the newest head covers and that are not read yet"),
    "certhia_lag_seconds": Named(False, _LOG, "Age of the newest entry read, while there are some to be read"),
    "certhia_log_gaps": Named(False, _LOG, "Ranges of entries that were skipped, and are not proven"),
    "certhia_log_gap_entries": Named(False, _LOG, "Entries in them"),
    "certhia_history_bytes": Named(False, (), "Bytes of what is kept for those who come back"),
    "certhia_history_seconds": Named(False, (), "Age of the oldest of it"),
    "certhia_history_up": Named(False, (), "1 while what is sent is recorded, 0 while it can't be"),
    "certhia_unproven_bytes": Named(False, (), "Bytes of pages that wait to be proven, for those who want them so"),
    "certhia_server_up": Named(
        False, ("server",), "1 of a certstream server that is read, 0 while nothing comes of it"
    ),
    "certhia_server_messages_total": Named(True, ("server", "kind"), "Messages that came of it"),
    "certhia_server_missed_total": Named(True, ("server",), "Messages that it says it did not send"),
    "certhia_server_connections_total": Named(True, ("server",), "Connections to it that came about"),
    "certhia_requests_total": Named(
        True, (*_LOG, "reason", "outcome"), "Requests to logs; those for log lists have an empty `log_id`"
    ),
    "certhia_alarms": Named(False, ("kind",), "Alarms that are raised now"),
    "certhia_matches_total": Named(True, (), "Certificates that concern somebody, where rules are given"),
    "certhia_sightings_total": Named(True, (), "Further sightings of them"),
    "certhia_outbox_waiting": Named(False, ("sink",), "Matches that a sink is still to be told"),
    "certhia_sink_up": Named(False, ("sink",), "1 of a sink whose last attempt worked, 0 of one that can't be told"),
    "certhia_sink_told_total": Named(True, ("sink",), "Matches that a sink was told"),
    "certhia_sink_failures_total": Named(True, ("sink",), "Attempts to tell a sink that failed"),
    "certhia_sink_dead_total": Named(True, ("sink",), "Matches that a sink never took; see `certhia outbox list`"),
    "certhia_host_up": Named(False, ("host",), "1 of a host that sinks send to, 0 while it is left in peace"),
    "certhia_module_up": Named(False, ("module",), "1 of a module that is at work, 0 of one that was switched off"),
    "certhia_module_calls_total": Named(True, ("module",), "Calls of a module"),
    "certhia_module_seconds_total": Named(True, ("module",), "Time that they took"),
    "certhia_module_entries_total": Named(True, ("module",), "Entries, or matches, that a module was handed"),
    "certhia_module_findings_total": Named(True, ("module",), "What it found"),
    "certhia_module_errors_total": Named(True, ("module",), "Calls that failed, or took too long"),
    "certhia_module_skipped_total": Named(True, ("module",), "Entries that it was too slow for"),
    "certhia_stage_seconds_total": Named(True, ("stage",), "Time that a stage took: fetch, core, tell, stream, commit"),
    "certhia_stage_times_total": Named(True, ("stage",), "How often it did"),
    "certhia_queue_depth": Named(False, ("queue",), "What waits: pages for the core's threads, changes for a commit"),
    "certhia_bodies_bytes": Named(False, (), "Bytes of bodies in flight and waiting"),
    "certhia_bodies_limit_bytes": Named(False, (), "The most that they may be"),
    "certhia_cache_hits_total": Named(True, ("cache",), "What was asked for and known: certificates told before"),
    "certhia_cache_misses_total": Named(True, ("cache",), "What was asked for and not known"),
    "certhia_cache_size": Named(False, ("cache",), "What is known"),
    "certhia_disk_free_bytes": Named(False, ("path",), "Bytes that we may still write where files are kept"),
    "certhia_received_bytes_total": Named(True, (), "Bytes of bodies that came from logs and lists"),
    "ctscout_certificates_processed_total": Named(True, (), "As ct-scout has it: entries read"),
    "ctscout_matches_found_total": Named(True, (), "As ct-scout has it: matches"),
    "ctscout_redis_publish_total": Named(
        True, ("status",), "As ct-scout has it: writes to Redis, success or failure; one may hold several matches"
    ),
    "ctscout_redis_publish_duration_seconds": Named(
        False, ("status",), "As ct-scout has it: how long such a write took", (*PUBLISHING, float("inf"))
    ),
    "ctscout_redis_connection_status": Named(False, (), "As ct-scout has it: 1 while there is a connection to Redis"),
    "ctscout_redis_reconnection_attempts_total": Named(True, (), "As ct-scout has it: connections begun"),
}

Sample = tuple[str, tuple[str, ...], float | Durations]
"""Name, values of the labels, value."""
