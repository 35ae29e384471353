"""``qwop-native card``: a model card for the folder of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli.common import MISTAKE, OK, command_parser, require_models


def main(argv: Sequence[str]) -> int:
    """Writes README.md into a run's folder and prints how to upload it.

    Args:
        argv: The folder and options.

    Returns:
        0, or 2 for a mistake or a missing part.
    """
    parser = command_parser(
        "card",
        "Writes a model card into the folder of a run: README.md with the metadata that\nthe "
        "Hugging Face Hub reads. Nothing is uploaded.",
        "runs/qrdqn-1",
    )
    parser.add_argument("folder", type=Path, help="folder of a run of qwop-native train")
    parser.add_argument("--force", action="store_true", help="replace a README.md that is there")
    given = parser.parse_args(argv)
    try:
        require_models()
        from qwop_native.models.card import write_card

        card = write_card(given.folder, given.force)
    except (ImportError, OSError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return MISTAKE
    print(f"wrote {card}")
    print(f"upload it: hf upload NAME/MODEL {given.folder} --exclude 'resume.ckpt'")
    return OK
