"""Where the files shipped with the program live; the only module that knows their paths."""

from importlib.abc import Traversable
from importlib.resources import files


def resource(folder: str) -> Traversable:
    """Return *folder* (``"ontology"``, ``"shapes"`` or ``"corpora"``) from the wheel, else from the checkout.

    Iterate over the result and read its files; do not turn it into a path, so that a zipped
    installation works too. ``corpora`` always lies inside the package.
    """
    packaged = files("kg") / folder
    if packaged.is_dir():
        return packaged
    return files("kg").joinpath("..", folder)


def text(*parts: str) -> str:
    """Return the UTF-8 text of one shipped file, such as ``text("ontology", "prefixes.ttl")``."""
    return resource(parts[0]).joinpath(*parts[1:]).read_text(encoding="utf-8")
