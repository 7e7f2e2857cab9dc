"""RabbitMQ, without and with TLS. It takes four seconds to start."""

from __future__ import annotations

from tests.realservers.launching import LOOPBACK, Kind, Place, Set, free_port, program


def _rabbitmq(place: Place) -> Set:
    folder = place.folder
    conf = place.write(
        "rabbitmq.conf",
        f"""listeners.tcp.1 = {LOOPBACK}:{place.port}
listeners.ssl.1 = {LOOPBACK}:{place.tls_port}
ssl_options.cacertfile = {place.certificate}
ssl_options.certfile = {place.certificate}
ssl_options.keyfile = {place.key}
ssl_options.verify = verify_none
disk_free_limit.absolute = 50MB
""",
    )
    plugins = place.write("enabled_plugins", "[].\n")
    mapper, between = free_port(), free_port()
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"t{place.port}@localhost",
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(conf),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
        "RABBITMQ_LOG_BASE": f"{folder}/log",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_PID_FILE": f"{folder}/pid",
        "RABBITMQ_DIST_PORT": str(between),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": LOOPBACK,
    }
    # The node starts the port mapper as a daemon, which outlives it.
    ending = [[program("epmd"), "-port", str(mapper), "-kill"]]
    command = [program("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")]
    return Set(command, [place.port, place.tls_port], environment=environment, after=ending)


RABBITMQ = Kind("rabbitmq-server", "rabbitmq", _rabbitmq, rsa=True)
