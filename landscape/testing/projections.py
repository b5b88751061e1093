"""Does a projection lay a sound plane through any path of any objective, the same one for the same seed?"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from landscape import plane as plane_module
from landscape.errors import LandscapeError, PlaneError, suggest
from landscape.kinds import Projection
from landscape.layout import Array
from landscape.network import NetworkObjective
from landscape.objective import SPLITS, Objective
from landscape.path import Path
from landscape.plane import Plane
from landscape.testing.afresh import beginning, demand_same_afresh
from landscape.testing.core import Check, Refusal, place_of
from landscape.testing.effects import demand_effects
from landscape.testing.general import fail
from landscape.testing.probe import has_drawn, identical, no_global_randomness, own_generators, remade
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.terrains import Terrain, random_walks, short_paths, terrains

_SEED = 5
# words by which a docstring says through which other point the plane passes
_ELSEWHERE = re.compile(
    r"\b(first|start\w*|begin\w*|init\w*|mean\w*|average\w*|median|mid\w*|half\w*|between|best|least|lowest|highest|"
    r"greatest|smallest|largest|minim\w+|maxim\w+|origin\w*|zero|0|cent(re|er|roid)\w*|points?|step|snapshots?|anchor\w*)\b"
)
_OVERSTATED = 0.5  # more than chance makes of shares, and than a limit of many parameters differs by
_COORDINATES = np.array([[0.0, 0], [1, 0], [0, 1], [-1.5, 0.5], [0.25, -2]])


def _planes(projection: Projection, shrink: float = 1) -> Iterator[tuple[Terrain, Plane]]:
    """Yield the planes on all terrains, but those functions for which the projection says that it is not meant.

    Their paths are made shorter by the factor `shrink`, towards their ends.
    """
    for terrain in terrains(shrink):
        try:
            plane = projection.plane(terrain.objective, terrain.path, np.random.default_rng(_SEED))
        except LandscapeError as error:
            if _is_refused_by_plane(error):
                fail(f"on {terrain.name}, plane raised {type(error).__name__}: {error}.")
            if isinstance(terrain.objective, NetworkObjective):
                raise Refusal(f"on {terrain.name}, plane raised {type(error).__name__}: {error}.") from error
            continue
        except AttributeError as error:
            fail(
                f"{place_of(projection, error)}on {terrain.name}, plane raised AttributeError: {error}.",
                _what_there_is(error),
            )
        yield terrain, _checked(plane, terrain)


def _what_there_is(error: AttributeError) -> str:
    """Return what may be used of the thing that lacks an attribute."""
    near = suggest(error.name or "", [name for name in dir(error.obj) if not name.startswith("_")]).strip()
    if isinstance(error.obj, Path):
        return f"{near} A path has steps, thetas, first, last, thinned(most) and a length.".strip()
    if isinstance(error.obj, Objective):
        return (
            f"{near} Of an objective, use layout, dtype, examples, initial, evaluate and gradient only: it need not be "
            "a network."
        ).strip()
    return near


def _is_refused_by_plane(error: LandscapeError) -> bool:
    """Whether `Plane` raised the error, and not the projection itself."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename == plane_module.__file__


def _checked(plane: Any, terrain: Terrain) -> Plane:
    """Return a plane, having checked that it is one of the objective's θ."""
    if not isinstance(plane, Plane):
        what = "nothing" if plane is None else f"a {type(plane).__name__}"
        fail(f"on {terrain.name}, plane returned {what}: it returns a landscape.Plane.")
    size = terrain.path.thetas.shape[1]
    if plane.centre.shape != (size,):
        fail(f"on {terrain.name}, the plane is one in {plane.centre.size} dimensions, but θ has {size} parameters.")
    kept: Plane = plane
    return kept


def _plane(projection: Projection, terrain: Terrain, seed: int = _SEED) -> Plane:
    try:
        plane = projection.plane(terrain.objective, terrain.path, np.random.default_rng(seed))
    except PlaneError as error:
        if _is_refused_by_plane(error):
            raise
        raise Refusal(f"on {terrain.name}, plane raised {type(error).__name__}: {error}.") from error
    return _checked(plane, terrain)


def _lays_a_plane(projection: Projection) -> None:
    for terrain, plane in _planes(projection):
        for what, values in (("centre", plane.centre), ("directions", plane.directions)):
            if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
                fail(f"on {terrain.name}, the plane's {what} are not an array of floating-point numbers.")
            if not np.isfinite(values).all():
                fail(f"on {terrain.name}, the plane's {what} are not finite: divide by nothing that may be 0.")
            if values.dtype.itemsize < 4:
                fail(f"on {terrain.name}, the plane's {what} are {values.dtype}: compute them in float64.")


def _directions_span_a_plane(projection: Projection) -> None:
    for terrain, plane in _planes(projection):
        u, v = plane.directions.astype(np.float64)
        lengths = float(np.linalg.norm(u)), float(np.linalg.norm(v))
        if not min(lengths) > 0:
            fail(f"on {terrain.name}, the directions have the lengths {lengths[0]:.6g} and {lengths[1]:.6g}: not 0.")
        cosine = abs(float(u / lengths[0] @ (v / lengths[1])))
        if cosine > 1 - 1e-6:
            fail(
                f"on {terrain.name}, the two directions are parallel: the cosine of their angle is {cosine:.9f}.",
                "Take from the second what it has of the first: v -= (v @ u) / (u @ u) * u.",
            )


def _axes_are_described(projection: Projection) -> None:
    for terrain, plane in _planes(projection):
        labels, reach, walk = plane.labels, plane.reach, plane.random_walk
        if not isinstance(labels, tuple) or len(labels) != 2 or not all(isinstance(x, str) and x for x in labels):
            fail(f"the plane's labels are {labels!r}: they are two texts, one for each axis.")
        if plane.name not in (projection.name, "custom"):
            fail(f"the plane says that {plane.name!r} laid it: pass name=self.name, which is {projection.name!r}.")
        if len(reach) != 2 or not all(np.isfinite(r) and r >= 0 for r in reach):
            fail(f"the plane's reach is {reach!r}: it is two finite numbers, how far to look along each axis at least.")
        steps = np.arange(terrain.path.steps[-1] + 1)
        captured = projection.random_walk_captured(terrain.path), projection.random_walk_captured(terrain.path, steps)
        for what, share in (("plane.random_walk", walk), *(("random_walk_captured(…)", c) for c in captured)):
            if not isinstance(share, float | np.floating) or not (np.isnan(share) or -1e-9 <= share <= 1 + 1e-9):
                fail(
                    f"on {terrain.name}, {what} is {share!r}: it is a share from 0 to 1, or NaN where it is not known."
                )


def _read_outs_agree(projection: Projection) -> None:
    for terrain, plane in _planes(projection):
        a, b = _COORDINATES.T
        lifted = plane.lift(a, b)
        scale = float(np.abs(plane.centre).max() + 2 * np.abs(plane.directions).max()) or 1.0
        expected = plane.centre.astype(np.float64) + _COORDINATES @ plane.directions.astype(np.float64)
        _demand_near(lifted, expected, 1e-9 * scale, f"on {terrain.name}, lift(a, b) is not centre + a·u + b·v")
        # rounding of θ shows in coordinates the more, the shorter and the more parallel the directions are
        loss = 1e-12 * scale / float(plane.norms.min() * np.sqrt(1 - plane.cosine**2))
        back = f"on {terrain.name}, project(lift(a, b)) is not (a, b)"
        _demand_near(plane.project(lifted), _COORDINATES, 1e-9 + loss, back)
        _demand_near(
            plane.off_plane(lifted), np.zeros(len(a)), 1e-8 * scale, f"on {terrain.name}, lifted points lie off"
        )
        _demand_pythagoras(terrain, plane)
    _demand_no_overstatement(projection)


def _demand_pythagoras(terrain: Terrain, plane: Plane) -> None:
    """Fail unless a path's points are apart from the plane by what their projections leave of them."""
    thetas = terrain.path.thetas.astype(np.float64)
    on_plane, off = plane.lift(*plane.project(thetas).T), plane.off_plane(thetas)
    scale = float(np.abs(thetas).max())
    if not (off >= 0).all():
        fail(f"on {terrain.name}, off_plane is negative, {off.min():.6g}: a distance is not.")
    distances = np.linalg.norm(thetas - on_plane, axis=1)
    _demand_near(off, distances, 1e-7 * scale, f"on {terrain.name}, off_plane is not the distance to the projection")
    share = plane.captured(thetas)
    if not np.isnan(share) and not -1e-7 <= share <= 1 + 1e-7:
        fail(f"on {terrain.name}, the plane captures {share:.6g} of the path: a share lies between 0 and 1.")


def _demand_no_overstatement(projection: Projection) -> None:
    """Fail where the share of random walks that is claimed is far more than planes laid through some capture."""
    captured, claimed = [], []
    for terrain in random_walks(4):
        plane = _plane(projection, terrain)
        captured.append(plane.captured(terrain.path.thetas))
        claimed.append([plane.random_walk, projection.random_walk_captured(terrain.path)])
    for what, share in zip(("plane.random_walk", "random_walk_captured(path)"), np.mean(claimed, axis=0), strict=True):
        if share > np.mean(captured) + _OVERSTATED:
            fail(
                f"{what} is {share:.3g} for random walks, but the planes laid through some capture "
                f"{np.mean(captured):.3g} of them.",
                "A projection whose directions have nothing to do with the path leaves random_walk_captured as it is; "
                "others compute the share for their own planes, or return NaN.",
            )


def _demand_near(found: Array, expected: Array, tolerance: float, what: str) -> None:
    error = float(np.abs(found - expected).max())
    if not error <= tolerance:
        fail(f"{what}: they differ by {error:.3g}.", "Leave the methods of landscape.Plane as they are.")


def _is_deterministic(projection: Projection) -> None:
    remedy = "Draw everything from the generator that plane is given, as in rng.normal(size=(2, n))."
    terrain, moved = _two_paths()
    with no_global_randomness("plane", remedy):
        first = _plane(projection, terrain)
        _plane(projection, moved, 9)  # what other planes leave behind must not matter
        alike = terrains()[0]
        _demand_same(first, _plane(projection, alike), f"on {terrain.name}, laid again with the same seed,", remedy)
        _demand_same(first, _plane(remade(projection), alike), f"on {terrain.name}, laid again by its like,", remedy)
        _demand_same(
            _plane(remade(projection), moved),
            _plane(projection, moved),
            f"on {terrain.name}, laid through another path than before,",
            "Lay every plane anew, from the path that is given.",
        )


def _two_paths() -> tuple[Terrain, Terrain]:
    """Return a network with one path and with another."""
    one = terrains()[0]
    return one, one._replace(path=Path(one.path.steps, one.path.thetas[::-1] + np.float32(0.5)))


def _demand_same(one: Plane, two: Plane, when: str, remedy: str) -> None:
    for what in ("centre", "directions", "labels", "reach", "random_walk"):
        if not _same(getattr(one, what), getattr(two, what)):
            fail(f"{when} the plane has other {what} than it should have.", remedy)


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return identical(one, two)
    return bool(one == two) or (one != one and two != two)  # NaN


def _leaves_its_arguments_alone(projection: Projection) -> None:
    for terrain in terrains():
        steps, thetas = terrain.path.steps.copy(), terrain.path.thetas.copy()
        data = [values.copy() for values in _data(terrain.objective)]
        cost = terrain.objective.evaluate(thetas[0]).cost
        with suppress(LandscapeError, Refusal):  # it may say that it is not meant for functions
            _plane(projection, terrain)
        projection.random_walk_captured(terrain.path)
        for what, before, after in (("steps", steps, terrain.path.steps), ("thetas", thetas, terrain.path.thetas)):
            if not identical(before, after):
                fail(
                    f"on {terrain.name}, plane changes path.{what} in place.",
                    "Work on a copy: offsets = path.thetas - path.last, or .copy().",
                )
        unchanged = all(map(identical, data, _data(terrain.objective)))
        if not unchanged or terrain.objective.evaluate(thetas[0]).cost != cost:
            fail(
                f"on {terrain.name}, {'the cost of one θ is' if unchanged else 'the examples are'} not as before plane "
                "was called: change nothing of an objective."
            )


def _data(objective: Objective) -> list[Array]:
    """Return the examples of a network's objective."""
    if not isinstance(objective, NetworkObjective):
        return []
    return [values for split in SPLITS for values in (objective.data[split].inputs, objective.data[split].targets)]


def _keeps_its_plane(projection: Projection) -> None:
    one, other = _two_paths()
    plane = _plane(projection, one)
    before = plane.centre.copy(), plane.directions.copy()
    _plane(projection, one, 6)
    _plane(projection, other, 6)
    if not (identical(before[0], plane.centre) and identical(before[1], plane.directions)):
        fail(
            "a plane changes when the next one is laid.",
            "Make new arrays for each plane, and keep none in the projection.",
        )


def _passes_through_the_last_point(projection: Projection) -> None:
    if _says_where_it_lies(projection):
        return
    for terrain, plane in _planes(projection):
        last = terrain.path.last.astype(np.float64)
        apart = float(plane.off_plane(last[None])[0])
        if apart > 1e-6 * (1 + float(np.linalg.norm(last))):
            fail(
                f"on {terrain.name}, the plane passes the path's last point at a distance of {apart:.3g}.",
                "Let it pass through that point, Plane(path.last, …), or say in the docstring through which it does: "
                "the first one, the mean, or another.",
            )


def _says_where_it_lies(projection: Projection) -> bool:
    """Whether the docstring says of the plane that it lies elsewhere than at the path's last point."""
    text = f"{type(projection).__doc__} {type(projection).plane.__doc__}".lower()
    text = re.sub(r"\b(path.s )?(last|end|final)[ -]?(point|one|θ|theta|snapshot)?\b", " ", text)
    return _ELSEWHERE.search(text) is not None


def _draws_from_its_seed(projection: Projection) -> None:
    terrain, moved = _two_paths()
    one, rng = np.random.default_rng(_SEED), np.random.default_rng(_SEED + 1)
    with own_generators(projection) as made:
        first = projection.plane(terrain.objective, terrain.path, one)
    other = projection.plane(terrain.objective, terrain.path, rng)
    if not made or any("seed" in name for name in type(projection).model_fields):
        return
    remedy = "Draw everything from the argument, as in rng.normal(size=(2, n))."
    if not has_drawn(rng, _SEED + 1) and identical(first.directions, other.directions):
        fail(
            f"plane draws from a generator of its own, {made[0]}, and never from the one that it is given, so that all "
            "seeds give the same plane.",
            remedy,
        )
    same = [k for k in (0, 1) if identical(first.directions[k], other.directions[k])]
    if len(same) == 1 and identical(first.directions[same], _plane(projection, moved).directions[same]):
        fail(
            f"plane draws direction {same[0] + 1} from a generator of its own, {made[0]}: all seeds give the same.",
            remedy,
        )


def _of_a_seed(projection: Projection) -> dict[str, Array]:
    """Return the plane of a seed other than the first, as another process is asked for it."""
    plane = _plane(projection, terrains()[0], _SEED + 1)
    return {"centre": plane.centre, "directions": plane.directions}


def _is_the_same_elsewhere(projection: Projection) -> None:
    _plane(projection, terrains()[0])  # what another seed leaves behind must not matter
    demand_same_afresh(
        projection,
        _of_a_seed,
        "the same seed",
        "Let plane depend on the fields and its arguments alone: take no seed from hash() of a text or from the time, "
        "no order from a set, and keep nothing for other seeds, paths or fields.",
        processes=1,
    )


def _effects(projection: Projection) -> None:
    # a number may say where something counts as 0, which it never is here
    demand_effects(projection, _answer, always=frozenset())


def _answer(projection: Projection) -> bytes:
    """Return all that there is of the planes on all terrains."""
    said = [
        repr((plane.centre.tobytes(), plane.directions.tobytes(), plane.labels, plane.reach, plane.random_walk))
        for _, plane in _planes(projection)
    ]
    return "".join(said).encode()


def _leaves_the_process_alone(projection: Projection) -> None:
    terrain = terrains()[0]
    demand_undisturbed("plane", lambda: _plane(projection, terrain))


def _comes_near_the_path(projection: Projection) -> None:
    for terrain, plane in _planes(projection, shrink=0.05):
        thetas = terrain.path.thetas.astype(np.float64)
        extent = float(np.linalg.norm(thetas - thetas[-1], axis=1).max())
        apart = float(plane.off_plane(thetas).min())
        if apart > extent:
            fail(
                f"on {terrain.name}, the plane passes the path at a distance of {apart:.3g}, though the path is no "
                f"longer than {extent:.3g}.",
                "Let it pass through a point of the path: Plane(path.last, …).",
            )


def _bears_short_paths(projection: Projection) -> None:
    for terrain in terrains()[::2]:
        for what, path in short_paths(terrain.path).items():
            _demand_plane_or_reason(projection, Terrain(terrain.name, terrain.objective, path), what)


def _demand_plane_or_reason(projection: Projection, terrain: Terrain, what: str) -> None:
    remedy = "Lay a plane, or raise landscape.errors.PlaneError and say what to do."
    try:
        plane: Any = projection.plane(terrain.objective, terrain.path, np.random.default_rng(_SEED))
    except LandscapeError as error:
        if _is_refused_by_plane(error) and str(error).startswith("a plane needs") and len(terrain.path) > 1:
            fail(f"for a path {what}, on {terrain.name}, plane raises {type(error).__name__}: {error}.", remedy)
        if "not finite" in str(error) and str(error).startswith("the plane's"):
            fail(f"for a path {what}, on {terrain.name}, the plane is not finite: something is divided by 0.", remedy)
        if not str(error).strip():
            fail(f"for a path {what}, plane raises {type(error).__name__} without a word.", remedy)
        return
    except Exception as error:  # whatever foreign code raises
        text = f"{type(error).__name__}: {error}"
        fail(f"for a path {what}, on {terrain.name}, plane raises {text}.", remedy)
    if not isinstance(plane, Plane):
        fail(f"for a path {what}, on {terrain.name}, plane returned a {type(plane).__name__}.", remedy)


CHECKS: tuple[Check, ...] = (
    Check(
        "lays_a_plane",
        "There is a plane of the size of θ, finite, on a network and on functions of few parameters.",
        _lays_a_plane,
        varied=True,
    ),
    Check("directions_span_a_plane", "The directions are neither zero nor parallel.", _directions_span_a_plane, True),
    Check("axes_are_described", "Labels, reach and shares are what they should be.", _axes_are_described, varied=True),
    Check(
        "read_outs_agree",
        "Lifting and projecting undo each other; no distance is negative, and no share overstated.",
        _read_outs_agree,
    ),
    Check("is_deterministic", "The same seed gives the same plane.", _is_deterministic, varied=True),
    Check("leaves_its_arguments_alone", "Neither the path nor the objective is changed.", _leaves_its_arguments_alone),
    Check("draws_from_its_seed", "What is random in it comes from the seed.", _draws_from_its_seed),
    Check(
        "is_the_same_elsewhere",
        "Another process, in which no plane was laid before, gets the same.",
        _is_the_same_elsewhere,
        begin=beginning(_of_a_seed),
    ),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
    Check(
        "leaves_the_process_alone",
        "Nothing is printed, written into the working folder, or changed that others rely on.",
        _leaves_the_process_alone,
    ),
    Check(
        "passes_through_the_last_point",
        "The plane passes through the path's last point, or the docstring says through which.",
        _passes_through_the_last_point,
    ),
    Check("comes_near_the_path", "The plane passes by the path.", _comes_near_the_path),
    Check("keeps_its_plane", "A plane stays as it is when another is laid.", _keeps_its_plane),
    Check(
        "bears_short_paths",
        "Paths of few or equal points give a plane, or an error that says why not.",
        _bears_short_paths,
        varied=True,
    ),
)
