"""Postfix that puts all mail for example.com into one folder. It runs as root alone."""

from __future__ import annotations

import shutil
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.realservers.launching import LOOPBACK, Kind, Place, Running, Set, program

_UID = 65_534


def _postfix(place: Place) -> Set:
    for name in ("q", "lib", "etc", "mail"):
        (place.folder / name).mkdir()
    # Its data directory must be its own user's, though its master runs as root.
    shutil.chown(place.folder / "lib", "postfix")
    shutil.chown(place.folder / "mail", _UID, _UID)
    place.write(
        "etc/main.cf",
        f"""compatibility_level = 3.6
queue_directory = {place.folder}/q
data_directory = {place.folder}/lib
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {place.folder}/maillog
maillog_file_prefixes = {place.folder}
inet_interfaces = {LOOPBACK}
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
local_recipient_maps =
biff = no
virtual_mailbox_domains = example.com
virtual_mailbox_base = {place.folder}/mail
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:{_UID}
virtual_gid_maps = static:{_UID}
smtpd_tls_cert_file = {place.certificate}
smtpd_tls_key_file = {place.key}
smtpd_tls_security_level = may
""",
    )
    place.write(
        "etc/master.cf",
        f"""{LOOPBACK}:{place.port} inet n - n - - smtpd
{LOOPBACK}:{place.tls_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
""",
    )
    etc = str(place.folder / "etc")
    # "postfix start-fg" would leave its master running once it is killed: the master itself is started.
    check = [program("postfix"), "-c", etc, "check"]
    return Set([program("/usr/lib/postfix/sbin/master"), "-c", etc, "-d"], [place.port, place.tls_port], [check])


def mail(server: Running) -> list[EmailMessage]:
    """What was delivered so far."""
    files = sorted((server.place.folder / "mail").glob("box/new/*"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]


SMTP = Kind("postfix", "postfix", _postfix, as_root=True)
