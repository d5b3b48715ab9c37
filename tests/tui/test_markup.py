"""What a person reads is never read as markup: no call that takes markup is given anything but a literal or Content.

The source is read, not run, so that a widget which nobody tests is found, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastchat_tui.tui

TUI = Path(fastchat_tui.tui.__file__).parent
WIDGETS = {
    *("Static", "Label", "Button", "Checkbox", "RadioButton", "Link", "Option", "Collapsible", "TabPane", "Tab"),
    *("Toast", "Tooltip", "Placeholder"),
}
"""Of Textual's widgets; what has the same name and is ours takes no markup."""
METHODS = {"notify", "update", "add_option", "add_options", "set_options"}
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "label"}
READS_MARKUP = {"from_markup", "from_text", "render_str", "to_content"}
CONTENT = ("Content", "Content.assemble", "Content.styled", "Option")


def breaches(source: str) -> Iterator[str]:
    """Lines that give markup-taking calls something of which nobody knows what it is."""
    tree = ast.parse(source)
    contents = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _gives_content(node)}
    widgets = WIDGETS & {*_imported(tree)}
    for node in ast.walk(tree):
        wrong = False
        match node:
            case ast.Call(func=func, args=args, keywords=named) if _name(func) in (
                widgets if isinstance(func, ast.Name) else METHODS
            ):
                given = [*args[:1], *(k.value for k in named if k.arg in ("content", "label", "title", "prompt"))]
                off = any(k.arg == "markup" and ast.unparse(k.value) == "False" for k in named)
                wrong = not off and not all(_is_safe(one, contents) for one in given)
            case ast.Call(func=func):
                wrong = _name(func) in READS_MARKUP
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                wrong = name in ATTRIBUTES and not _is_safe(value, contents)
        if wrong:
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
            yield from (alias.asname or alias.name for alias in node.names)


def _gives_content(node: ast.FunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns) in ("Content", "Content | None")


def _name(func: ast.expr) -> str:
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_safe(given: ast.expr, contents: set[str]) -> bool:
    match given:
        case ast.Constant(value=value):
            return not isinstance(value, str) or "[" not in value
        case ast.Call(func=func):
            return ast.unparse(func) in CONTENT or _name(func) in contents
        case ast.GeneratorExp(elt=one) | ast.ListComp(elt=one):
            return _is_safe(one, contents)
        case ast.IfExp(body=one, orelse=other):
            return _is_safe(one, contents) and _is_safe(other, contents)
        case _:
            return False


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: str(path.relative_to(TUI)))
def test_nothing_is_read_as_markup(path: Path) -> None:
    assert list(breaches(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(f'{name}')",
        "Label(name)",
        "self.notify(text)",
        "self.notify(text, markup=True)",
        "box.border_title = name",
        "widget.tooltip = f'{x}'",
        "Button(label=name)",
        "line.update('[b]' + name)",
        "Content.from_markup(name)",
        "Static('[b]x')",
        "rows.add_options(names)",
    ],
)
def test_a_breach_is_found(line: str) -> None:
    assert len(list(breaches(f"from textual.widgets import Button, Label, Static\n{line}"))) == 1
