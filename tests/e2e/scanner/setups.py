"""How each real server is set up: its files, and what starts it."""

from __future__ import annotations

import grp
import signal
from pathlib import Path

from tests.realservers.launching import LOOPBACK, Command, Kind, Place, Set, UnavailableError, program
from tests.realservers.smtp import SMTP


def _nginx(place: Place) -> Set:
    place.write("www/index.html", "hello\n")
    temporary = "".join(
        f"{name}_temp_path {place.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    policy = "default-src 'self' https://api.csp.example.net; report-uri https://report.example.org/csp"
    conf = place.write(
        "nginx.conf",
        f"""daemon off; worker_processes 1; pid {place.folder}/pid; error_log {place.folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; {temporary}
  server {{ listen {LOOPBACK}:{place.tls_port} ssl http2; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {place.certificate}; ssl_certificate_key {place.key}; root {place.folder}/www;
    add_header Content-Security-Policy "{policy}"; }} }}
""",
    )
    command = [program("nginx"), "-e", f"{place.folder}/error.log", "-p", str(place.folder), "-c", str(conf)]
    return Set(command, [place.tls_port], stop=signal.SIGQUIT)


def _dovecot(place: Place, protocol: str = "imap", login: str = "imap", at_once: str = "imaps") -> Set:
    """`login`: what its service is called; `at_once`: its listener for TLS at once, "" where there is none."""
    name, group = place.user.pw_name, grp.getgrgid(place.user.pw_gid).gr_name
    place.write("users", f"test:{{PLAIN}}secret:{place.user.pw_uid}:{place.user.pw_gid}::{place.folder}\n")
    secured = f"inet_listener {at_once} {{\n    port = {place.tls_port}\n    ssl = yes\n  }}" if at_once else ""
    conf = place.write(
        "dovecot.conf",
        f"""protocols = {protocol}
listen = {LOOPBACK}
base_dir = {place.folder}/run
state_dir = {place.folder}/state
log_path = {place.folder}/dovecot.log
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
ssl = yes
ssl_cert = <{place.certificate}
ssl_key = <{place.key}
ssl_min_protocol = TLSv1.2
mail_location = maildir:{place.folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {place.folder}/users
}}
userdb {{
  driver = passwd-file
  args = {place.folder}/users
}}
service {login}-login {{
  chroot =
  inet_listener {protocol} {{
    port = {place.port}
  }}
  {secured}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""",
    )
    return Set([program("dovecot"), "-F", "-c", str(conf)], [place.port, *([place.tls_port] if at_once else [])])


def _pop3(place: Place) -> Set:
    program("/usr/lib/dovecot/pop3")
    return _dovecot(place, "pop3", "pop3", "pop3s")


def _sieve(place: Place) -> Set:
    program("/usr/lib/dovecot/managesieve")
    return _dovecot(place, "sieve", "managesieve", "")


def _prosody(place: Place) -> Set:
    """Clients on one port, other servers on the other; both begin in the clear. The name asked for is the address."""
    place.write("data/x", "")
    conf = place.write(
        "prosody.cfg.lua",
        f"""daemonize = false
pidfile = "{place.folder}/pid"
data_path = "{place.folder}/data"
log = "*console"
interfaces = {{ "{LOOPBACK}" }}
c2s_ports = {{ {place.port} }}
s2s_ports = {{ {place.tls_port} }}
modules_enabled = {{ "tls", "saslauth", "dialback" }}
modules_disabled = {{ "offline", "s2s_auth_certs" }}
ssl = {{ certificate = "{place.certificate}", key = "{place.key}" }}
VirtualHost "{LOOPBACK}"
""",
    )
    return Set([program("prosody"), "--config", str(conf)], [place.port, place.tls_port])


def _xrdp(place: Place) -> Set:
    conf = place.write(
        "xrdp.ini",
        f"""[Globals]
ini_version=1
fork=false
port=tcp://{LOOPBACK}:{place.port}
security_layer=tls
certificate={place.certificate}
key_file={place.key}
ssl_protocols=TLSv1.2, TLSv1.3
tls_ciphers=HIGH
[Logging]
LogFile={place.folder}/xrdp.log
LogLevel=INFO
EnableSyslog=false
""",
    )
    return Set([program("xrdp"), "--nodaemon", "--config", str(conf)], [place.port])


def _postgres(place: Place) -> Set:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    server = program("postgres", *(str(folder / "postgres") for folder in folders))
    data, bin_of = str(place.folder / "pg"), Path(server).resolve().parent
    make = [str(bin_of / "initdb"), "-D", data, "-U", "certhia", "-A", "trust", "-E", "UTF8"]
    settings = {
        "listen_addresses": LOOPBACK, "unix_socket_directories": place.folder, "fsync": "off", "ssl": "on",
        "ssl_cert_file": place.certificate, "ssl_key_file": place.key,
    }  # fmt: skip
    more = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [server, "-D", data, "-p", str(place.port), *more]
    return Set(command, [place.port], [[*make, "--locale=C.UTF-8", "--no-sync"]], signal.SIGINT)


def _mariadb(place: Place) -> Set:
    (place.folder / "my").mkdir()
    make: Command = [
        program("mariadb-install-db"), "--no-defaults", f"--datadir={place.folder}/my", "--skip-test-db",
        "--auth-root-authentication-method=normal", "--skip-name-resolve",
    ]  # fmt: skip
    command: Command = [
        program("mariadbd", "mysqld"), "--no-defaults", f"--datadir={place.folder}/my",
        f"--socket={place.folder}/s.sock", f"--port={place.port}", f"--bind-address={LOOPBACK}",
        f"--pid-file={place.folder}/pid", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
        f"--ssl-cert={place.certificate}", f"--ssl-key={place.key}",
    ]  # fmt: skip
    return Set(command, [place.port], [make])


def _slapd(place: Place) -> Set:
    (place.folder / "db").mkdir()
    schemas = Path("/etc/ldap/schema")
    conf = place.write(
        "slapd.conf",
        f"""include {schemas}/core.schema
pidfile {place.folder}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {place.certificate}
TLSCertificateKeyFile {place.key}
database mdb
maxsize 16777216
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw secret
directory {place.folder}/db
""",
    )
    if not schemas.is_dir():
        raise UnavailableError("slapd has no schemas here (TEST_INSTALL=1 make test installs it)")
    where = f"ldap://{LOOPBACK}:{place.port} ldaps://{LOOPBACK}:{place.tls_port}"
    return Set([program("slapd"), "-d", "0", "-f", str(conf), "-h", where], [place.port, place.tls_port])


def _vsftpd(place: Place) -> Set:
    (place.folder / "empty").mkdir()
    conf = place.write(
        "vsftpd.conf",
        f"""listen=YES
listen_address={LOOPBACK}
listen_port={place.port}
background=NO
run_as_launching_user=YES
anonymous_enable=YES
anon_root={place.folder}/empty
ssl_enable=YES
allow_anon_ssl=YES
ssl_tlsv1=YES
rsa_cert_file={place.certificate}
rsa_private_key_file={place.key}
secure_chroot_dir={place.folder}/empty
vsftpd_log_file={place.folder}/vsftpd.log
seccomp_sandbox=NO
""",
    )
    return Set([program("vsftpd"), str(conf)], [place.port])


KINDS = (
    Kind("nginx", "www-data", _nginx),
    SMTP,
    Kind("dovecot-imapd", "dovecot", _dovecot),
    Kind("dovecot-pop3d", "dovecot", _pop3),
    Kind("dovecot-managesieved", "dovecot", _sieve),
    Kind("prosody", "prosody", _prosody),
    Kind("xrdp", "xrdp", _xrdp, rsa=True),
    Kind("postgresql", "postgres", _postgres),
    Kind("mariadb-server", "mysql", _mariadb),
    Kind("slapd", "openldap", _slapd),
    Kind("vsftpd", "ftp", _vsftpd, rsa=True),
)
