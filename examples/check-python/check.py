"""A check in Python: every changed .json file must be valid JSON.

The contract is in the README beside this file. The interpreter is a WASM module, so
this script has no network, no processes and no files but the candidate.
"""
import json
import sys


def main(paths):
    failed = False
    for path in paths:
        if not path.endswith(".json"):
            continue
        try:
            with open("/" + path, encoding="utf-8") as f:
                json.load(f)
        except FileNotFoundError:
            continue  # the change deletes it
        except ValueError as problem:
            failed = True
            line = getattr(problem, "lineno", 0)
            print(json.dumps({"path": path, "line": line, "level": "error", "message": str(problem)}))
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
