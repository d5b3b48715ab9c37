from __future__ import annotations

from dataclasses import dataclass

from fastchat_tui.tui.transcript.column import Column


@dataclass
class Block:
    height: int
    true: int
    drawn: int = 0


def column(*heights: tuple[int, int], view: int = 10) -> Column[Block]:
    """Items by estimated and true height."""

    def draw(block: Block) -> None:
        block.drawn += 1
        found.resize(block, block.true)

    found: Column[Block] = Column(draw)
    found.view = view
    for estimated, true in heights:
        found.append(Block(estimated, true))
    return found


def test_it_opens_at_the_end_and_draws_only_what_is_seen() -> None:
    found = column(*[(3, 3)] * 10_000)
    found.settle()
    assert found.scroll == found.end
    assert sum(block.drawn > 0 for block in found.items) == 4


def test_wrong_estimates_below_the_window_do_not_move_it() -> None:
    found = column(*[(1, 7)] * 100)
    found.follow = False
    found.top = (50, 3)
    found.settle()
    assert found.top == (50, 3)


def test_moving_up_goes_row_by_row_however_wrong_the_estimates_were() -> None:
    found = column(*[(1, 7)] * 100)
    found.settle()
    index, row = found.top
    found.follow = False
    found.move(-10)
    assert found.top == divmod(7 * index + row - 10, 7)


def test_moving_down_ends_at_the_last_row() -> None:
    found = column(*[(5, 2)] * 30)
    found.follow, found.top = False, (0, 0)
    found.move(1_000)
    assert found.scroll == found.end
    assert found.top == divmod(2 * 30 - 10, 2)


def test_older_items_are_added_above_without_moving_the_window() -> None:
    found = column(*[(3, 3)] * 20)
    found.follow, found.top = False, (2, 1)
    found.prepend([Block(1, 9) for _ in range(50)])
    found.settle()
    assert found.top == (52, 1)
    assert found.scroll == 50 + 2 * 3 + 1


def test_a_following_window_stays_at_the_end_when_the_last_item_grows() -> None:
    found = column(*[(3, 3)] * 20)
    found.settle()
    found.resize(found.items[-1], 8)
    found.items[-1].true = 8
    found.settle()
    assert found.scroll == found.end == 19 * 3 + 8 - 10


def test_less_than_a_window_starts_at_the_top() -> None:
    found = column((2, 2), (3, 3))
    found.settle()
    assert (found.scroll, found.end) == (0, 0)


def test_a_jump_lands_on_the_row_that_was_asked_for() -> None:
    found = column(*[(3, 3)] * 100)
    found.follow = False
    found.jump(100)
    assert found.scroll == 100
