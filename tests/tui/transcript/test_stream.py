from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.tui.transcript import growing
from fastchat_tui.tui.transcript.ink import Ink
from fastchat_tui.tui.transcript.line import Line
from fastchat_tui.tui.transcript.stream import StreamDocument

SAMPLE = """# Head

Some *em* text
second line

- one
- two
  - nested

- three

3. three
3. four

   ```python
   def f(): pass
   ```
> quote
> - in quote

| a | b |
|---|--:|
| 1 | 2 |

```python
def f(x):
    '''doc
    string'''
    return x
```
***
    indented

* a
**bold** lazily
#tag
Head two
---
1. x
2) y
"""
ROWS = "".join(f"| {n} | {'x' * (n % 30)} |\n" for n in range(60))
LONG = f"{SAMPLE}\n| a | b |\n|---|---|\n{ROWS}\nafter\n{SAMPLE}"


def lines(document: StreamDocument) -> list[Line]:
    return [document.line(y) for y in range(document.height)]


def whole(text: str, width: int = 50) -> list[Line]:
    document = StreamDocument(width, Ink())
    document.feed(text)
    document.finish()
    document.work()
    return lines(document)


def streamed(text: str, sizes: list[int], width: int = 50) -> list[Line]:
    document = StreamDocument(width, Ink())
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)] if sizes else len(text)
        document.feed(text[at : at + size])
        document.work()
        at, turn = at + size, turn + 1
    document.finish()
    document.work()
    return lines(document)


@pytest.mark.parametrize("text", [SAMPLE, LONG], ids=["sample", "long table"])
@pytest.mark.parametrize("sizes", [[1], [2, 5], [3], [17, 1], [100]])
def test_however_a_text_arrives_it_ends_up_the_same(text: str, sizes: list[int]) -> None:
    assert streamed(text, sizes) == whole(text)


BITS = [
    "- a\n",
    "* b",
    "1. c\n",
    "**d** ",
    "\n",
    "\n\n",
    "> e\n",
    "```\n",
    "~~~\n",
    "| a | b |\n|--|--|\n",
    "| 1 | 2 |\n",
]
MORE = ["    f\n", "# g\n", "---\n", "text ", "  - h\n", "\t", "`", "*", "_", "#", "![i](j)", "<k>", "===\n", "$|$"]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(BITS + MORE), max_size=30), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_any_markdown_streams_to_what_it_is(bits: list[str], sizes: list[int]) -> None:
    text = "".join(bits)
    assert streamed(text, sizes) == whole(text)


def test_settled_rows_do_not_change_while_more_arrives() -> None:
    document = StreamDocument(50, Ink())
    before: list[Line] = []
    for at in range(0, len(SAMPLE), 7):
        document.feed(SAMPLE[at : at + 7])
        first = document.work()
        assert [document.line(y) for y in range(min(first, len(before)))] == before[:first]
        before = lines(document)


def test_a_block_that_grows_too_long_settles_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "_LONG", 100)
    text = "".join(f"line {n}\n" for n in range(100))
    assert [line.text for line in streamed(text, [7])] == text.splitlines()


@pytest.mark.parametrize("fence", ["", "```\n"], ids=["text", "code"])
def test_a_line_of_ten_megabytes_is_drawn_in_slices(fence: str) -> None:
    document = StreamDocument(100, Ink())
    document.feed(fence + "x" * 10_000_000)
    document.finish()
    slices = 0
    while document.busy:
        document.work(0.001)
        slices += 1
    assert slices > 20  # a slice ends soon after its time; how soon is the benchmark's business
    assert sum(len(document.line(y).text.strip()) for y in range(document.height)) == 10_000_000


@pytest.mark.parametrize(
    "text",
    ["```py\n" + "x = f(1)\n" * 2_000, "|a|b|\n|-|-|\n" + "| 1 | 2 |\n" * 1_000, "- item\n" * 2_000, "word " * 20_000],
    ids=["code", "table", "list", "line"],
)
def test_work_grows_with_the_text_only(text: str) -> None:
    def parsed(text: str) -> int:
        document = StreamDocument(80, Ink())
        drawn = 0
        for at in range(0, len(text), 200):
            document.feed(text[at : at + 200])
            before = document.height
            first = document.work()
            drawn += document.height - min(first, before)
        return drawn

    assert parsed(text * 2) < 2.5 * parsed(text) + 200


def test_a_place_is_the_same_at_another_width() -> None:
    wide, narrow = StreamDocument(100, Ink()), StreamDocument(30, Ink())
    text = "\n\n".join(f"Paragraph {n} " + "with some words " * 20 for n in range(50))
    for document in (wide, narrow):
        document.feed(text)
        document.finish()
        document.work()
    row = next(y for y in range(wide.height) if "Paragraph 30" in wide.line(y).text)
    there = narrow.row_at(wide.place(row))
    assert any("Paragraph 30" in narrow.line(y).text for y in range(there - 2, there + 3))


def test_plain_text_is_shown_as_it_is() -> None:
    document = StreamDocument(40, Ink(), markdown=False)
    document.feed("# no *head*\n\n\tx")
    document.finish()
    document.work()
    assert [line.text for line in lines(document)] == ["# no *head*", "", "    x"]
