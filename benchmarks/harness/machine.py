"""On what it was measured: a figure without its machine means nothing."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psutil


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{_cores()} of {_processor()}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def busy() -> str:
    """What others do here. Ask before the run: then it is not our own load."""
    load = psutil.getloadavg()[0]
    warning = "" if load < 0.5 * (psutil.cpu_count() or 1) else ": others were at work, do not quote these figures"
    return f"load average {load:.1f} at the start{warning}"


def _cores() -> str:
    """Those that this process may use, where they are fewer than there are: somebody has pinned it (taskset)."""
    there = psutil.cpu_count() or 1
    ours = len(os.sched_getaffinity(0)) if sys.platform == "linux" else there
    return f"{ours} of {there} cores" if ours < there else f"{there} cores"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
