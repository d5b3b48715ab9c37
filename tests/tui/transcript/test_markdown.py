from __future__ import annotations

import pytest
from rich.cells import cell_len

from fastchat_tui.tui.transcript.inline import parser
from tests.tui.transcript.conftest import Rendered, role_of, texts


def test_a_paragraph_keeps_its_line_breaks(rendered: Rendered) -> None:
    assert texts(rendered("one\ntwo  \nthree")) == ["one", "two", "three"]


def test_blocks_are_separated_by_one_blank_line(rendered: Rendered) -> None:
    assert texts(rendered("# Head\ntext\n\n\n\nmore")) == ["Head", "", "text", "", "more"]


def test_emphasis_is_drawn_and_not_written(rendered: Rendered) -> None:
    lines = rendered("a *b* **c** ~~d~~ `e`")
    assert texts(lines) == ["a b c d e"]
    assert [role_of(lines, t) for t in "bcde"] == ["em", "strong", "strike", "code"]


def test_lists_nest_and_count(rendered: Rendered) -> None:
    assert texts(rendered("3. a\n3. b\n   - c\n     - d\n- [x] e\n- [ ] f")) == [
        "3. a",
        "4. b",
        "   ◦ c",
        "     ▪ d",
        "",
        "☑ e",
        "☐ f",
    ]


def test_a_wrapped_item_is_indented(rendered: Rendered) -> None:
    assert texts(rendered("- one two three", 10)) == ["• one two", "  three"]


def test_a_blank_line_between_items_is_kept(rendered: Rendered) -> None:
    assert texts(rendered("- a\n\n- b\n- c")) == ["• a", "", "• b", "• c"]


def test_a_quote_has_a_bar_at_every_row(rendered: Rendered) -> None:
    assert texts(rendered("> one two three\n>\n> four", 12)) == ["▎ one two", "▎ three", "▎ ", "▎ four"]


def test_a_link_shows_its_target_unless_that_is_its_text(rendered: Rendered) -> None:
    assert texts(rendered("[a](http://b.c) <http://d.e>", 60)) == ["a (http://b.c) http://d.e"]


def test_a_click_on_a_link_reports_its_url(rendered: Rendered) -> None:
    (line,) = rendered("[a](http://b.c)")
    assert {segment.style.meta.get("link") for segment in line.segments if segment.style} == {"http://b.c"}


def test_a_bare_url_is_a_link_without_the_full_stop(rendered: Rendered) -> None:
    (line,) = rendered("See https://a.b/c(d).")
    links = [s.text for s in line.segments if s.style and s.style.meta.get("link")]
    assert links == ["https://a.b/c(d)"]


def test_an_image_is_a_link(rendered: Rendered) -> None:
    assert texts(rendered("![cat](http://c.t/1.png)")) == ["[cat] (http://c.t/1.png)"]


@pytest.mark.parametrize("source", ["<b>x</b>", "<script>alert(1)</script>", "[bold]x[/]", "[@click=app.quit]x[/]"])
def test_html_and_markup_are_text(rendered: Rendered, source: str) -> None:
    assert texts(rendered(source, 60)) == [source]


def test_an_entity_cannot_bring_a_control_or_bidi_character_back(rendered: Rendered) -> None:
    text = "".join(texts(rendered("a&#27;b&#x202e;c&#x9b;d")))
    assert text.isprintable()
    assert "\u202e" not in text


def test_a_table_is_aligned_by_cells(rendered: Rendered) -> None:
    lines = texts(rendered("| n | p |\n|---|--:|\n| 你好 | 1 |\n| b | 22 |"))
    assert lines == ["n    │   p", "─────┼────", "你好 │   1", "b    │  22"]


def test_a_cell_that_is_too_long_is_wrapped_inside_its_column(rendered: Rendered) -> None:
    lines = texts(rendered(f"| a | b |\n|---|---|\n| {'word ' * 10} | x |", 30))
    assert all(cell_len(line) <= 30 for line in lines)
    assert len(lines) > 3


def test_a_table_with_too_many_columns_becomes_records(rendered: Rendered) -> None:
    names = [f"c{n}" for n in range(12)]
    source = f"|{'|'.join(names)}|\n|{'-|' * 12}\n|{'|'.join(str(n) for n in range(12))}|"
    assert texts(rendered(source, 30))[:2] == ["c0: 0", "c1: 1"]


def test_code_is_highlighted_on_a_ground_that_fills_the_row(rendered: Rendered) -> None:
    lines = rendered("```python\ndef f():\n    return 'x'\n```")
    assert texts(lines) == ["  python", "  def f():", "      return 'x'"]
    assert role_of(lines, "def") == "keyword"
    assert role_of(lines, "'x'") == "string"
    assert all(line.fill is not None for line in lines)


def test_a_string_or_comment_over_several_lines_keeps_its_colour(rendered: Rendered) -> None:
    python = rendered('```py\n"""one\ntwo"""\nx = 1\n```')
    assert role_of(python, "two") == "string"
    script = rendered("```js\nlet a; /* one\n two\n*/ let b\n```")
    assert role_of(script, " two") == "comment"
    assert role_of(script[3:], "let") == "keyword"


def test_a_comment_sign_in_a_string_is_no_comment(rendered: Rendered) -> None:
    lines = rendered('```js\nlet a = "/*"\nlet b\n```')
    assert role_of(lines[2:], "let") == "keyword"


def test_an_unknown_language_is_plain_code(rendered: Rendered) -> None:
    assert texts(rendered("```klingon\nx\n```")) == ["  klingon", "  x"]


def test_long_code_is_cut_where_it_must_and_tabs_are_spaces(rendered: Rendered) -> None:
    assert texts(rendered("```\n\tabcdefgh\n```", 10)) == ["      abcd", "  efgh"]


def test_nesting_that_is_deeper_than_the_window_still_shows_the_text(rendered: Rendered) -> None:
    lines = texts(rendered("> " * 30 + "deep", 20))
    assert "deep" in "".join(lines)
    assert all(cell_len(line) <= 20 for line in lines)


def test_a_reference_defined_at_the_end_is_a_link_from_the_start() -> None:
    from fastchat_tui.tui.transcript.inline import references

    assert references("[a]\n\n[a]: http://b.c\n")["A"]["href"] == "http://b.c"


def test_a_page_of_links_is_read(rendered: Rendered) -> None:
    lines = rendered("[a](http://b.c/d) and " * 70)
    assert all("[a]" not in text for text in texts(lines))


@pytest.mark.parametrize("bomb", ["[", "![", "[[]", "[!!!!!!!"])
def test_a_paragraph_of_open_brackets_is_text(rendered: Rendered, bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    def look(*_: object) -> int:
        nonlocal looked
        looked += 1
        return -1

    monkeypatch.setattr(parser().helpers, "parseLinkLabel", look)
    text = bomb * 4_000
    assert "".join(texts(rendered(text))) == text
    assert not looked
