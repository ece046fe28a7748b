"""The command that makes the demo model: synthesise, train in stages, export. See README.md beside it.

    python train.py data
    python train.py train --minutes 25 --rate 3e-3
    python train.py train --minutes 25 --rate 1.4e-3 --resume ema
    python train.py export --out ../../models/demo

Stages stop by the clock, so that two runs never give the same weights.
"""

import argparse
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / ".cache" / "demo_model"


def main() -> None:
    """Runs one step."""
    given = _parser().parse_args()
    if given.step == "data":
        from utterances import make_cache  # noqa: PLC0415 - needs no torch

        make_cache(given.build / "utterances", given.count)
    elif given.step == "train":
        from training import Stage, train  # noqa: PLC0415 - loads torch

        train(
            Stage(
                given.build / "utterances",
                given.build / "checkpoint.pt",
                given.minutes,
                given.rate,
                resume=given.resume,
                seed=given.seed,
                threads=given.threads,
                bf16=not given.float32,
            )
        )
    else:
        from export import export  # noqa: PLC0415 - loads torch

        export(given.build / "checkpoint.pt", given.out, given.quantization)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of utterances and checkpoint")
    steps = parser.add_subparsers(dest="step", required=True)
    data = steps.add_parser("data", help="synthesise the utterances, about 4 minutes")
    data.add_argument("--count", type=int, default=18_000, help="utterances, in files of 500")
    stage = steps.add_parser("train", help="train one stage")
    stage.add_argument("--minutes", type=float, default=25)
    stage.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    stage.add_argument("--resume", choices=("raw", "ema"), default="", help="begin with the checkpoint's weights")
    stage.add_argument("--seed", type=int, default=7)
    stage.add_argument("--threads", type=int, default=0, help="0 = the faster of one and two")
    stage.add_argument("--float32", action="store_true", help="no bfloat16")
    exported = steps.add_parser("export", help="write the CTranslate2 model")
    exported.add_argument("--out", type=Path, default=BUILD / "model")
    exported.add_argument("--quantization", default="int8")
    return parser


if __name__ == "__main__":
    main()
