"""`manage.py cdc_doctor`: what keeps the log from flowing, or the disk from staying empty, and what to do."""

from strangler.relay.doctor.examination import Patient, examine
from strangler.relay.doctor.finding import Finding, Severity
from strangler.relay.doctor.recovery import recover

__all__ = ["Finding", "Patient", "Severity", "examine", "recover"]
