"""No circle of imports: who reads a file from the top never comes back to it."""

from pathlib import Path

import grimp
import pytest

ROOMS = ("analytics", "dashboard", "data", "models", "pages")
ROOT = Path(__file__).parents[2]
Arrows = dict[str, set[str]]


@pytest.fixture(scope="module")
def arrows() -> Arrows:
    """Module -> the modules of ours that it imports, inside functions and for type hints too."""
    graph = grimp.build_graph(*(room for room in ROOMS if (ROOT / room / "__init__.py").exists()), cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circles(arrows: Arrows) -> list[list[str]]:
    """Names that lead back to themselves: strongly connected components of more than one (Tarjan 1972)."""
    place: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        place[name] = lowest[name] = len(place)
        path.append(name)
        for other in sorted(arrows[name]):
            if other not in place:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == place[name]:
            start = path.index(name)
            if len(path) - start > 1:
                found.append(sorted(path[start:]))
            del path[start:]

    for name in sorted(arrows):
        if name not in place:
            visit(name)
    return found


def floors(arrows: Arrows) -> int:
    """How many modules stand on each other at most. Raises RecursionError where they stand in a circle."""
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            heights[name] = 1 + max((height(other) for other in arrows[name]), default=0)
        return heights[name]

    return max(map(height, arrows))


def rooms(arrows: Arrows) -> Arrows:
    """The same between folders: package -> the packages that its modules import."""

    def room(module: str) -> str:
        return module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]

    between: Arrows = {room(module): set() for module in arrows}
    for module, others in arrows.items():
        between[room(module)] |= {room(other) for other in others} - {room(module)}
    return between


def test_a_circle_would_be_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert floors({"a": {"b"}, "b": set(), "c": {"a"}}) == 3


def test_no_module_imports_itself_by_way_of_others(arrows):
    assert circles(arrows) == []


def test_rooms_arrows_and_floors_are_told(arrows, capsys):
    with capsys.disabled():
        for top in ROOMS:
            inside = {name: others for name, others in arrows.items() if name.split(".")[0] == top}
            if not inside:
                continue
            own = {name: {other for other in others if other in inside} for name, others in inside.items()}
            folders = rooms(own)
            print(
                f"\n{top}: {len(own)} modules, {sum(map(len, own.values()))} arrows, {floors(own)} floors; "
                f"{len(folders)} rooms, {sum(map(len, folders.values()))} arrows between them",
                end="",
            )
        assert arrows
