"""Links two files with Splink 5 on the raw fields; prints its quality as JSON."""

import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tributary.bench.splink_anchor import splink

logging.getLogger("splink").setLevel(logging.ERROR)
given = json.load(sys.stdin)
left, right, truth = (Path(given[name]) for name in ("left", "right", "truth"))
found = splink(left, right, "id", given["kinds"], truth)
chosen, best = asdict(found["chosen"]), asdict(found["best"])
print(json.dumps({"chosen": chosen, "best": best, "seconds": found["seconds"]}))
