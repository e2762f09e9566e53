"""Write the reference pages that are made from the code: `python docs/generate.py`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
WIDTH = "100"


def command_page() -> str:
    """The command line: every command's own help text."""
    os.environ["COLUMNS"] = WIDTH
    from headstart.cli import parser

    top = parser()
    parts = ["# Command line\n", "Made from the program itself; do not edit.\n", _block(top)]
    for action in top._subparsers._group_actions:  # type: ignore[union-attr]
        assert action.choices is not None
        for name, command in action.choices.items():
            parts += [f"## headstart {name}\n", _block(command)]
    parts += [
        "## Exit status\n",
        "| status | meaning |\n| --- | --- |\n"
        "| 0 | a decision was reached, whatever it says |\n"
        "| 2 | input that cannot be used; the message names the value, the place, the next step |\n"
        "| 3 | interrupted; the same command goes on where it stopped |\n",
        "## Environment\n",
        "| variable | meaning |\n| --- | --- |\n"
        "| `HEADSTART_CACHE` | folder of converted weights, exported encoders and features; "
        "activations kept for thawing go, the longest unused first, a day after their last use at "
        "the earliest, where they take more than 4 GB |\n"
        "| `HEADSTART_DEVICE` | where thawed networks are trained: cpu, cuda, cuda:1 or mps; "
        "default: the first accelerator that is here, else the CPU. Frozen features and bundles "
        "always run on the CPU |\n"
        "| `HEADSTART_CONFIG` | folder of your own catalogue of backbones, `catalogue.toml` |\n"
        "| `HEADSTART_API_KEY` | key of the endpoint of an `api:` backbone; kept nowhere |\n"
        "| `HEADSTART_API_RATE` | most requests a second to such an endpoint |\n"
        "| `HF_HUB_OFFLINE` | set to 1, nothing is asked of a model hub |\n",
    ]
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Relative path -> content of every generated page."""
    from headstart.brief import brief_page
    from headstart.decide.schema import decision_schema, schema_markdown

    return {
        "reference/cli.md": command_page(),
        "reference/brief.md": brief_page(),
        "reference/decision-schema.md": schema_markdown(decision_schema()),
    }


def _block(command: argparse.ArgumentParser) -> str:
    return f"```\n{command.format_help().strip()}\n```\n"


def main() -> int:
    """Write every page."""
    for name, content in pages().items():
        target = DOCS / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
