"""How fast is landscape, beside the tools that people would use instead?

    python tests/benchmarks/run.py [--quick] [--only training|surface] [--threads 1 2] [--repeats N]

Needs only Python and pip: it makes an environment of its own with landscape and its rivals, verifies that all
compute the same numbers, measures them in turns and prints tables. It takes about ten minutes, the first time
longer; leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import provision
from processes import BenchmarkError, Sample, Worker, chosen_kernels, in_turns, median, require_equal, workers
from tables import machine, table, with_spread

EXAMPLES = 60_000
BATCHES = (10, 32, 100, 1000)

TRAINING = {
    "landscape_trainer": "landscape",
    "torch_eager": "PyTorch eager",
    "torch_compiled": "PyTorch compiled",
    "jax_gathered": "JAX scan, ordered first",
    "jax_scan": "JAX scan, gathering",
    "sklearn_mlp": "scikit-learn ¹",
}
SURFACE = {
    "landscape_surface": "landscape",
    "torch_loop": "PyTorch loop",
    "torch_stacked": "PyTorch stacked",
    "jax_vmap": "JAX jit + vmap",
}
# At least how many times as fast as a rival landscape means to be, at each batch size or on the surface.
TRAINING_GOALS = {"torch_eager": (4, 3, 2.5, 1.4), "jax_gathered": (0.7, 1, 1, 1), "jax_scan": (0.7, 1, 1, 1)}
SURFACE_GOALS = {"torch_loop": (15,)}

# Samples by contender and thread count.
Results = dict[tuple[str, int], list[Sample]]
Judge = Callable[..., Sequence[float]]


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Show progress, apart from the tables."""
    sys.stderr.write(text + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog="Contenders: " + ", ".join([*TRAINING, *SURFACE])
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and a coarse surface: minutes, and rough")
    parser.add_argument("--only", choices=["training", "surface"], help="half of it")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N", help="thread counts [1 2]")
    parser.add_argument("--repeats", type=int, metavar="N", help="rounds [9, quick 3]")
    parser.add_argument("--batches", type=int, nargs="+", choices=BATCHES, default=BATCHES, help="batch sizes [all]")
    parser.add_argument("--contenders", nargs="+", choices=[*TRAINING, *SURFACE], metavar="NAME", help="only these")
    parser.add_argument(
        "--cache", type=Path, default=provision.cache_folder(), help="for the environment [%(default)s]"
    )
    parser.add_argument("--python", type=Path, help="an interpreter that has everything: make no environment")
    chosen = parser.parse_args()
    chosen.repeats = chosen.repeats or (3 if chosen.quick else 9)
    return chosen


def chosen_of(known: Mapping[str, str], options: argparse.Namespace) -> list[str]:
    """Return the names of the contenders to run."""
    return [name for name in known if not options.contenders or name in options.contenders]


def measure_training(options: argparse.Namespace, python: Path, judge: Worker) -> dict[int, Results]:
    """Return the seconds per epoch of every contender, by batch size."""
    results: dict[int, Results] = {}
    with workers(python, chosen_of(TRAINING, options), options.threads, options.cache) as contenders:
        for batch in options.batches:
            note(f"training, batch {batch}")
            for worker in contenders:
                other = worker.name == "sklearn_mlp"
                right = judge.ask("judge_training", batch=batch, cross_entropy=other)
                require_equal(worker.name, worker.ask("training", batch=batch)["costs"], right["costs"])
            results[batch] = in_turns(contenders, options.repeats, 0.1 if options.quick else 0.5)
    return results


def measure_surface(options: argparse.Namespace, python: Path, judge: Worker) -> Results:
    """Return the seconds per surface of every contender."""
    resolution = 21 if options.quick else 51
    right = judge.ask("judge_surface", resolution=resolution)
    note("surface")
    with workers(python, chosen_of(SURFACE, options), options.threads, options.cache) as contenders:
        for worker in contenders:
            costs = worker.ask("surface", centre=right["centre"], resolution=resolution)["costs"]
            require_equal(worker.name, costs, right["costs"])
        return in_turns(contenders, options.repeats, 0)


def best(results: Results, name: str) -> float:
    """Return the median seconds of `name` at its better thread count."""
    return min(median(samples) for (who, _), samples in results.items() if who == name)


def speed_table(columns: Mapping[str, Results], names: Mapping[str, str], threads: int, show: Callable) -> str:
    """Return what `show` makes of each contender's samples, at `threads` threads, with the cores kept busy."""
    present = [name for name in names if all((name, threads) in r for r in columns.values())]
    rows = []
    for name in present:
        samples = [results[name, threads] for results in columns.values()]
        cores = max(sorted(s.cores for s in found)[len(found) // 2] for found in samples)
        rows.append([names[name], *(show([s.seconds for s in found]) for found in samples), f"{cores:.1f}"])
    return table([f"{threads} thread{'s' * (threads > 1)}", *columns, "cores busy"], rows)


def ratio_table(columns: Mapping[str, Results], names: Mapping[str, str], goals: Mapping[str, Sequence[float]]) -> str:
    """Return how many times as fast as each rival landscape is, each at its better thread count."""
    ours, *rivals = names
    rows = []
    for name in rivals:
        if any(who not in {n for n, _ in results} for results in columns.values() for who in (ours, name)):
            continue
        cells = []
        for k, results in enumerate(columns.values()):
            ratio = best(results, name) / best(results, ours)
            goal = goals[name][k] if name in goals else None
            aim = "" if goal is None else f" {'≥' if ratio >= goal else 'BELOW'} {goal:g}"
            cells.append(f"{ratio:.2f}×{aim}")
        rows.append([names[name], *cells])
    return table(["landscape / rival", *columns], rows) if rows else ""


def report_training(results: dict[int, Results], options: argparse.Namespace) -> None:
    """Print the tables of training."""
    columns = {f"batch {batch}": found for batch, found in results.items()}
    say(
        "## Training\n\n784-16-16-10, sigmoid, quadratic cost, SGD at rate 0.5, float32, all 60,000 digits, reshuffled "
        "each epoch.\nThousand examples per second: median (least–greatest)"
        f" of {options.repeats} rounds, contenders in turns.\n"
    )
    for threads in options.threads:
        say(speed_table(columns, TRAINING, threads, lambda t: with_spread([EXAMPLES / s / 1000 for s in t])))
    goals = {n: [g[BATCHES.index(b)] for b in options.batches] for n, g in TRAINING_GOALS.items()}
    say("Each at its better thread count, with what landscape aims at:\n")
    say(ratio_table(columns, TRAINING, goals))
    say("¹ Its cost is cross-entropy: it has no quadratic one for classes.\n")


def report_surface(results: Results, options: argparse.Namespace) -> None:
    """Print the tables of the surface."""
    points = "21×21" if options.quick else "51×51"
    say(
        f"## Surface\n\n{points} points of the classic network's cost on the 10,000 test images, float32.\n"
        f"Seconds: median (least–greatest) of {options.repeats} rounds, contenders in turns.\n"
    )
    for threads in options.threads:
        say(speed_table({"seconds": results}, SURFACE, threads, lambda t: with_spread(t, 3)))
    say("Each at its better thread count, with what landscape aims at:\n")
    say(ratio_table({"seconds": results}, SURFACE, SURFACE_GOALS))


def describe(python: Path, judge: Worker, cache: Path) -> str:
    """Return what is measured where: processor, versions, and the kernels of NumPy as landscape and alone."""
    text = machine(judge.ask("versions", names=["landscape-explorer", "numpy", "torch", "jax", "scikit-learn"]))
    with workers(python, ["landscape_surface"], [1], cache) as (ours,):
        used, alone = (", ".join(worker.ask("kernels")["architectures"]) for worker in (ours, judge))
    return f"{text}BLAS kernels of NumPy: {used} in landscape, {alone} by itself\n{chosen_kernels()}"


def main() -> None:
    options = arguments()
    python = options.python or provision.python(options.cache)
    with workers(python, ["reference"], [1], options.cache) as (judge,):
        say(describe(python, judge, options.cache))
        if options.only != "surface":
            report_training(measure_training(options, python, judge), options)
        if options.only != "training":
            report_surface(measure_surface(options, python, judge), options)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(str(problem))
