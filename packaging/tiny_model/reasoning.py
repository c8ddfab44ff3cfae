"""The reasoning that so small a model can get right, each with the short thought that leads there.

Every kind of task draws its numbers and its wording from the generator that it is given; the same seed makes the same tasks.
What is held out for the evaluation is decided by the task's key (its numbers or its word and letter), not by its wording.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from exchange import Exchange
from words import SPELLED_WORDS

TASKS = ("addition", "subtraction", "multiplication", "comparison", "decimals", "sorting", "letters")

_ADDITION = (
    (
        "{a} + {b}",
        "{a}+{b}",
        "{a} + {b} =",
        "{a}+{b}=?",
        "What is {a} + {b}?",
        "what is {a} plus {b}",
        "{a} plus {b}",
        "Add {a} and {b}.",
        "add {a} and {b}",
        "How much is {a} + {b}?",
        "Please calculate {a} + {b}",
        "Can you add {a} and {b}?",
        "the sum of {a} and {b}",
        "What do {a} and {b} make together?",
        "I have {a} and get {b} more. How many now?",
    ),
    (
        "{a}+{b}=?",
        "{a} + {b}",
        "{a}加{b}等于几？",
        "{a} 加 {b} 是多少",
        "{a}+{b}等于多少？",
        "请算 {a}+{b}",
        "{a} 和 {b} 的和是多少？",
        "我有 {a} 个，又来 {b} 个，一共多少？",
    ),
)
_SUBTRACTION = (
    (
        "{a} - {b}",
        "{a}-{b}",
        "{a} - {b} =",
        "{a}-{b}=?",
        "What is {a} - {b}?",
        "what is {a} minus {b}",
        "{a} minus {b}",
        "Subtract {b} from {a}.",
        "subtract {b} from {a}",
        "Take {b} from {a}",
        "How much is {a} - {b}?",
        "Please calculate {a} - {b}",
        "the difference of {a} and {b}: {a} - {b}",
        "I have {a} and give away {b}. How many are left?",
    ),
    (
        "{a}-{b}=?",
        "{a} - {b}",
        "{a}减{b}等于几？",
        "{a} 减 {b} 是多少",
        "{a}-{b}等于多少？",
        "请算 {a}-{b}",
        "我有 {a} 个，用掉 {b} 个，还有多少？",
    ),
)
_MULTIPLICATION = (
    (
        "{a} * {b}",
        "{a}*{b}",
        "{a} x {b}",
        "{a} times {b}",
        "What is {a} * {b}?",
        "what is {a} times {b}",
        "Multiply {a} by {b}.",
        "How much is {a} x {b}?",
        "Please calculate {a} * {b}",
    ),
    ("{a}*{b}=?", "{a}乘{b}等于几？", "{a} 乘 {b} 是多少", "{a}x{b}等于多少？", "请算 {a}*{b}"),
)
_LARGER = (
    (
        "Which is larger, {a} or {b}?",
        "which is bigger, {a} or {b}",
        "Is {a} larger than {b}?",
        "Compare {a} and {b}.",
        "compare {a} with {b}",
        "{a} or {b}, which number is greater?",
        "Which number is larger: {a} or {b}?",
        "is {a} > {b}",
        "What is more, {a} or {b}?",
    ),
    ("{a} 和 {b} 哪个大？", "{a}和{b}哪个更大", "比较 {a} 和 {b}", "{a} 比 {b} 大吗？", "哪个数大，{a} 还是 {b}？"),
)
_SMALLER = (
    (
        "Which is smaller, {a} or {b}?",
        "which is less, {a} or {b}",
        "Is {a} smaller than {b}?",
        "{a} or {b}, which number is smaller?",
        "is {a} < {b}",
    ),
    ("{a} 和 {b} 哪个小？", "{a}和{b}哪个更小", "{a} 比 {b} 小吗？", "哪个数小，{a} 还是 {b}？"),
)
_ASCENDING = (
    (
        "Sort {l}",
        "sort {l}",
        "Sort these numbers: {l}",
        "Please sort {l}.",
        "Put {l} in order",
        "Order the numbers {l}",
        "sort from small to large: {l}",
        "Sort {l} in ascending order",
        "Can you sort {l}?",
    ),
    ("排序：{l}", "把 {l} 排序", "从小到大排列 {l}", "请把 {l} 从小到大排好", "给 {l} 排个序"),
)
_DESCENDING = (
    (
        "Sort {l} from large to small",
        "sort in descending order: {l}",
        "Sort {l} in descending order",
        "Put {l} in order, largest first",
        "sort from largest to smallest: {l}",
    ),
    ("从大到小排列 {l}", "把 {l} 从大到小排序", "请把 {l} 从大到小排好"),
)
_LETTERS = (
    (
        "How many {c} in {w}?",
        "how many {c} are in {w}",
        "How many {c}'s are in the word {w}?",
        "Count the letter {c} in {w}.",
        "count {c} in {w}",
        "How often is {c} in {w}?",
        "How many times does {c} occur in {w}?",
        'How many letters {c} does "{w}" have?',
        'number of {c} in "{w}"',
    ),
    ("{w} 里有几个 {c}？", "“{w}”中有多少个 {c}", "数一数 {w} 里的 {c}", "{w} 这个词有几个字母 {c}？"),
)


def make_task(name: str, rng: random.Random, words: Sequence[str] = SPELLED_WORDS) -> Exchange:
    """One task of a kind of `TASKS`; letters are counted in one of the words."""
    return _letters(rng, words) if name == "letters" else _MAKERS[name](rng)


def _say(rng: random.Random, wordings: tuple[tuple[str, ...], tuple[str, ...]], **values: object) -> tuple[str, bool]:
    is_chinese = rng.random() < 0.3
    return rng.choice(wordings[is_chinese]).format(**values), is_chinese


def _digits(number: int) -> tuple[int, int]:
    return number // 10, number % 10


def addition_steps(a: int, b: int) -> str:
    """The sum of two numbers below 100 as the model shall think it: ones first.

    Here and in the other thoughts numbers are first written with two digits: what is copied then always stands at the same distance.
    """
    (tens_a, ones_a), (tens_b, ones_b) = _digits(a), _digits(b)
    ones = ones_a + ones_b
    carry = ones // 10
    tens = tens_a + tens_b + carry
    return f"{a:02}+{b:02}. {ones_a}+{ones_b}={ones}{', carry 1' if carry else ''}. {tens_a}+{tens_b}{'+1' if carry else ''}={tens}."


def _addition(rng: random.Random) -> Exchange:
    a, b = (rng.randint(0, 99) if rng.random() < 0.12 else rng.randint(10, 99) for _ in range(2))
    question, is_chinese = _say(rng, _ADDITION, a=a, b=b)
    return Exchange(
        "addition", question, addition_steps(a, b), f"{a} + {b} = {a + b}", f"{a}+{b}", f"= {a + b}", is_chinese
    )


def _subtraction(rng: random.Random) -> Exchange:
    a, b = (rng.randint(0, 99) if rng.random() < 0.12 else rng.randint(10, 99) for _ in range(2))
    if a < b and rng.random() < 0.6:
        a, b = b, a
    question, is_chinese = _say(rng, _SUBTRACTION, a=a, b=b)
    large, small = max(a, b), min(a, b)
    (tens_a, ones_a), (tens_b, ones_b) = _digits(large), _digits(small)
    # Whether to borrow is said before anything is computed with it.
    borrow = ones_a < ones_b
    ones = f"{ones_a}{_sign(ones_a, ones_b)}{ones_b}, {'1' if borrow else ''}{ones_a}-{ones_b}={10 * borrow + ones_a - ones_b}"
    tens = f"{tens_a}-{tens_b}{'-1' if borrow else ''}={tens_a - tens_b - borrow}"
    return Exchange(
        "subtraction",
        question,
        f"{_comparing(f'{a:02}', f'{b:02}')} {large:02}-{small:02}. {ones}. {tens}.",
        f"{a} - {b} = {a - b}",
        f"{a}-{b}",
        f"= {a - b}",
        is_chinese,
    )


def _comparing(a: str, b: str) -> str:
    """Which of two numbers of equal length is larger: digit by digit, up to the first that differ."""
    digits = [(int(x), int(y)) for x, y in zip(a, b, strict=True) if x != "."]
    told = next((i for i, (x, y) in enumerate(digits) if x != y), len(digits) - 1) + 1
    return f"{a} {b}. {', '.join(f'{x}{_sign(x, y)}{y}' for x, y in digits[:told])}."


def _multiplication(rng: random.Random) -> Exchange:
    a, b = rng.randint(0, 10), rng.randint(0, 10)
    question, is_chinese = _say(rng, _MULTIPLICATION, a=a, b=b)
    return Exchange(
        "multiplication", question, f"{a}*{b}={a * b}.", f"{a} * {b} = {a * b}", f"{a}*{b}", f"= {a * b}", is_chinese
    )


def _comparison(rng: random.Random) -> Exchange:
    a, b = rng.randint(0, 99), rng.randint(0, 99)
    if rng.random() < 0.25:  # the same tens: the ones decide
        b = a // 10 * 10 + rng.randint(0, 9)
    if a == b:
        b = (a + 1) % 100
    return _compared(rng, "comparison", str(a), str(b), a > b, _comparing(f"{a:02}", f"{b:02}"))


def _decimals(rng: random.Random) -> Exchange:
    whole = rng.randint(0, 20)
    others = (whole, rng.randint(0, 20) if rng.random() < 0.25 else whole)
    a, b = (f"{n}.{rng.randint(1, 9)}" if rng.random() < 0.5 else f"{n}.{rng.randint(1, 99):02d}" for n in others)
    if float(a) == float(b):
        b = f"{others[1] + 1}.{rng.randint(1, 9)}"
    padded_a, padded_b = (f"{float(x):05.2f}" for x in (a, b))
    return _compared(rng, "decimals", a, b, padded_a > padded_b, _comparing(padded_a, padded_b))


def _compared(rng: random.Random, task: str, a: str, b: str, is_larger: bool, thought: str) -> Exchange:
    asks_larger = rng.random() < 0.65
    question, is_chinese = _say(rng, _LARGER if asks_larger else _SMALLER, a=a, b=b)
    large, small = (a, b) if is_larger else (b, a)
    first, second = (large, small) if asks_larger else (small, large)
    if is_chinese:
        answer = f"{first} 比 {second} {'大' if asks_larger else '小'}。"
        result = f"{first} 比 {second}"
    else:
        answer = f"{first} is {'larger' if asks_larger else 'smaller'} than {second}."
        result = answer[:-1]
    return Exchange(task, question, thought, answer, f"{a}?{b}", result, is_chinese)


def _sign(a: int, b: int) -> str:
    return ">" if a > b else "<" if a < b else "="


def _sorting(rng: random.Random) -> Exchange:
    numbers = rng.sample(range(100), rng.randint(3, 6))
    descending = rng.random() < 0.3
    joined = (", " if rng.random() < 0.8 else " ").join(map(str, numbers))
    question, is_chinese = _say(rng, _DESCENDING if descending else _ASCENDING, l=joined)
    in_order = sorted(numbers, reverse=descending)
    # Numbers are taken out of what is left, one by one: each step is small enough for the model.
    left, steps = list(numbers), [_two_digits(numbers)]
    for number in in_order[:-1]:
        left.remove(number)
        steps.append(f"{number:02} | {_two_digits(left)}")
    result = ", ".join(map(str, in_order))
    kind = "Largest" if descending else "Smallest"
    return Exchange(
        "sorting",
        question,
        f"{kind} first: {', '.join(steps)}.",
        result,
        " ".join(map(str, numbers)),
        result,
        is_chinese,
    )


def _two_digits(numbers: Sequence[int]) -> str:
    return " ".join(f"{number:02}" for number in numbers)


def _letters(rng: random.Random, words: Sequence[str]) -> Exchange:
    word = rng.choice(words)
    letter = rng.choice(word) if rng.random() < 0.8 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    question, is_chinese = _say(rng, _LETTERS, c=letter, w=word)
    spelled, count = list[str](), 0
    for character in word:
        count += character == letter
        spelled.append(f"{character} {count}" if character == letter else character)
    if is_chinese:
        answer = f"{word} 里有 {count} 个 {letter}。"
        result = f"有 {count} 个"
    else:
        answer = f"There {'is' if count == 1 else 'are'} {count} {letter} in {word}."
        result = f" {count} {letter} in"
    return Exchange(
        "letters",
        question,
        f"Letter {letter}: {' '.join(spelled)}: {count}.",
        answer,
        f"{word}:{letter}",
        result,
        is_chinese,
    )


_MAKERS: dict[str, Callable[[random.Random], Exchange]] = {
    "addition": _addition,
    "subtraction": _subtraction,
    "multiplication": _multiplication,
    "comparison": _comparison,
    "decimals": _decimals,
    "sorting": _sorting,
}
