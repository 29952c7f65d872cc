"""A host of Debezium's connector, as small as one can be: `python -m tests.support.engine_host PROPERTIES OUTPUT`.

It writes the body of each event as a line to OUTPUT and only then lets Debezium mark it. PROPERTIES is a JSON file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from strangler.relay.debezium.engine import Engine


def main(properties: Path, output: Path) -> None:
    with output.open("ab") as out, Engine(json.loads(properties.read_text(encoding="utf-8"))) as engine:
        while True:
            captured = engine.poll(0.5)
            if captured:
                out.writelines(row.body + b"\n" for row in captured)
                out.flush()
                os.fsync(out.fileno())
                engine.done()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
