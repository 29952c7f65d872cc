"""`manage.py debezium doctor`: what keeps the log from flowing, or the disk from staying empty, and what to do."""

from strangler.relay.debezium.doctor.examination import Patient, examine
from strangler.relay.debezium.doctor.finding import Finding, Severity
from strangler.relay.debezium.doctor.recovery import recover

__all__ = ["Finding", "Patient", "Severity", "examine", "recover"]
