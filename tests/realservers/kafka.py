"""A Kafka broker of one node (KRaft), from the jars that scripts/test-needs fetched: for everybody on its plain port,
over TLS for `certhia`, whose password is `let me in`, sent as it is or proved by SCRAM-SHA-512."""

from __future__ import annotations

import os
from pathlib import Path

from tests.realservers.launching import LOOPBACK, Kind, Place, Set, UnavailableError, free_port, program

JARS = Path(os.environ.get("CERTHIA_KAFKA", Path(__file__).resolve().parents[2] / ".cache" / "kafka" / "libs"))
ID = "certhiaCerthiaCerthia0"  # 22 characters of base64
PASSWORDS = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_certhia="let me in";'

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def _kafka(place: Place) -> Set:
    java = program("java")
    if not any(JARS.glob("kafka_*.jar")):
        raise UnavailableError(f"no Kafka in {JARS} (TEST_INSTALL=1 make test fetches it, by Maven)")
    controller = f"{LOOPBACK}:{free_port()}"
    store = place.write("keystore.pem", place.key.read_text() + place.certificate.read_text())
    store.chmod(0o600)
    conf = place.write(
        "server.properties",
        f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{LOOPBACK}:{place.port},SASL_SSL://{LOOPBACK}:{place.tls_port},CONTROLLER://{controller}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{place.port},SASL_SSL://{LOOPBACK}:{place.tls_port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config={PASSWORDS}
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={SCRAM}
ssl.keystore.type=PEM
ssl.keystore.location={store}
log.dirs={place.folder}/data
num.partitions=3
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=8388608
""",
    )
    every = ["-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{JARS}/*"]
    layout = [java, "-Xmx128m", *every, "kafka.tools.StorageTool", "format", "-t", ID, "-c", str(conf),
              "--add-scram", "SCRAM-SHA-512=[name=certhia,iterations=4096,password=let me in]"]  # fmt: skip
    command = [java, "-Xms96m", "-Xmx96m", "-XX:+UseSerialGC", *every, "kafka.Kafka", str(conf)]
    return Set(command, [place.port], [layout])


KAFKA = Kind("kafka", "nobody", _kafka)
