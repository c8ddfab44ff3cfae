"""What the model says to everything else: that it is a demonstration and what it can do.

The questions are written one by one or made from patterns and subjects, so that it learns to recognise what it does not know by what is not in its guide.
Every eighth line, subject and fixed question is held out for the evaluation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import guide
from exchange import Exchange

REFUSALS = (
    "I am only a 4 MB demonstration model: I know small arithmetic, sorting, counting letters and the guide to this app. For this, download a DeepSeek model.",
    "我只是一个 4 MB 的演示模型，只会小数字计算、排序、数字母和本程序的指南。这个问题请下载 DeepSeek 模型来问。",
)
_THOUGHTS = ("Not in my guide.", "指南里没有。")

_SUBJECTS_EN = """the capital of France|the moon|dinosaurs|the Roman empire|photosynthesis|black holes|Albert Einstein|Shakespeare|the French revolution|cooking pasta|a cake recipe|football|the Olympic games|the stock market|taxes|a holiday in Italy|
dogs|cats|horses|whales|bees|gardening|roses|the weather in London|climate change|electric cars|aeroplanes|trains in Germany|chess|poker|guitar chords|Beethoven|Mozart|pop music|Picasso|the Mona Lisa|Star Wars|Harry Potter|love|friendship|
the meaning of life|happiness|dreams|sleep|headaches|vitamins|running shoes|yoga|weight loss|coffee beans|green tea|wine|beer|bread baking|cheese|chocolate|history of China|the great wall|Japan|Brazil|Africa|the Amazon river|Mount Everest|the sea|
volcanoes|earthquakes|gravity|atoms|evolution|DNA|quantum physics|the speed of light|the sun|Mars|space travel|Napoleon|the second world war|democracy|elections|the president|the king of England|law school|job interviews|a birthday present|weddings|
children's names|learning French|Spanish grammar|Latin|poetry|novels|philosophy|Plato|religion|Christmas|Easter|a Python program|JavaScript|a website in HTML|SQL queries|regular expressions|sorting algorithms in Java|an Excel formula|the Pythagorean theorem|
integrals|prime numbers|probability theory|triangles|bridges|houses|furniture|shoes|fashion|hair|fish|birds|snakes|spiders|trees|mushrooms|bananas|rice|soup|pizza|sushi|burgers""".replace(
    "\n", ""
).split("|")
_PATTERNS_EN = """What is {s}?|Tell me about {s}|tell me something about {s}|Who knows about {s}|Explain {s} to me|explain {s}|What do you know about {s}?|Write a poem about {s}|write a story about {s}|Write an essay about {s}.|Give me tips for {s}|
How does {s} work?|Why is {s} important?|Where can I find {s}?|Who invented {s}?|I want to learn about {s}|What do you think of {s}?|Is {s} good?|Can you help me with {s}?|I have a question about {s}|summarise {s}|A short text on {s}, please|
When did {s} begin?|How old is {s}?|What is the history of {s}|How many kinds of {s} are there?|Translate {s} into German|what does {s} cost|{s}?|{s}|Do you like {s}?|Which {s} is the best?|Make a list about {s}|Let us talk about {s}|news about {s}""".replace(
    "\n", ""
).split("|")
_FIXED_EN = """Who is the president of the USA?|What day is it today?|What time is it?|how old are you|Where do you live?|Write a letter to my boss|Write a Python function that reverses a string|Fix my code|def main(): pass|What is 123456 * 789?|
Solve x^2 = 4|prove that there are infinitely many primes|What is the square root of 2?|Translate this into Chinese: good morning|Bonjour, comment ça va ?|Wie geht es dir?|Hola, qué tal|asdf|blah blah|lorem ipsum dolor sit amet|x|???|
Play a game with me|Sing a song|What is your favourite colour?|Are you human?|Do you have friends?|Should I marry her?|I am sad|I am bored|What should I eat today?|Book a flight for me|Open the door|Turn on the light|Search the web for shoes|
What is the population of India?|Who won the world cup?|How tall is the Eiffel tower?|How far is the moon?|Who wrote Hamlet?|When was Rome founded?|Why is the sky blue?|What is love?|Name three animals|What rhymes with cat?|Give me a riddle|
How do I cook rice?|How do I tie a tie?|How can I get rich?|give me investment advice|is it going to rain|what is the best phone|which car should I buy|recommend a book|recommend a film|who are the Beatles|is there life on Mars""".replace(
    "\n", ""
).split("|")

_SUBJECTS_ZH = """法国的首都|月亮|恐龙|中国历史|黑洞|爱因斯坦|莎士比亚|做饭|蛋糕|足球|奥运会|股票|交税|旅行|狗|猫|马|花|天气|火车|飞机|汽车|下棋|音乐|电影|爱情|朋友|人生|快乐|做梦|睡觉|头痛|跑步|减肥|咖啡|茶|酒|面包|长城|日本|非洲|大海|火山|
地震|原子|太阳|火星|宇宙|战争|总统|法律|工作|生日礼物|结婚|孩子的名字|学英语|诗|小说|哲学|新年|写网页|数学证明|三角形|桥|房子|衣服|鱼|鸟|树|水果|米饭|汤|牛肉|面条|红楼梦|北京|上海|春节|唐诗|医生|学校|老师|手机|游戏攻略|新闻""".replace(
    "\n", ""
).split("|")
_PATTERNS_ZH = """{s}是什么？|介绍一下{s}|说说{s}|给我讲讲{s}|写一首关于{s}的诗|写一篇关于{s}的文章|你知道{s}吗？|{s}怎么样？|我想了解{s}|关于{s}你知道什么|为什么要有{s}？|{s}好不好|你喜欢{s}吗？|帮我看看{s}|{s}|{s}有多少种？|谁最懂{s}|
讲一个{s}的故事|{s}在哪里？|最好的{s}是哪个？|聊聊{s}吧""".replace("\n", "").split("|")
_FIXED_ZH = """今天几号？|现在几点|你几岁了|你住在哪里？|写一封信|写一段 Python 代码|帮我改代码|123456 乘 789|证明有无限个素数|翻译成英语：早上好|啊啊啊|随便说点什么|唱首歌|你喜欢什么颜色？|你是人吗|我很难过|我好无聊|今天吃什么？|帮我订票|
打开灯|天为什么是蓝的？|谁写了红楼梦？|世界上最高的山是哪座|怎么做米饭|怎么赚钱|会下雨吗|买什么手机好|推荐一本书|推荐电影|给我出个谜语|一年有多少天|太阳有多远""".replace(
    "\n", ""
).split("|")

_HELD_OUT_SHARE = 8


def _lines(name: str) -> tuple[str, ...]:
    return tuple(Path(__file__).with_name(name).read_text("utf-8").splitlines())


_UNKNOWN = (_lines("unknown_en.txt"), _lines("unknown_zh.txt"))
"""What people type to any assistant, in many languages: questions, single words, pasted text, code."""


def make_refusal(rng: random.Random, is_held_out: bool) -> Exchange:
    """Something the model does not know: half of it written one by one, half made from patterns."""
    is_chinese = rng.random() < 0.4
    subjects, patterns, fixed = (
        (_SUBJECTS_ZH, _PATTERNS_ZH, _FIXED_ZH) if is_chinese else (_SUBJECTS_EN, _PATTERNS_EN, _FIXED_EN)
    )
    roll = rng.random()
    if roll < 0.5:
        question = rng.choice(_written(is_chinese, is_held_out))
        if not is_held_out:
            question = guide.vary(rng, question, int(is_chinese))
    elif roll < 0.6:
        question = rng.choice(_part(fixed, is_held_out))
    else:
        question = rng.choice(patterns).format(s=rng.choice(_part(subjects, is_held_out)))
    return Exchange(
        "refusal",
        question,
        _THOUGHTS[is_chinese],
        REFUSALS[is_chinese],
        question,
        REFUSALS[is_chinese][:18],
        is_chinese,
    )


@cache
def _written(is_chinese: bool, is_held_out: bool) -> tuple[str, ...]:
    """The written ones that are learned name nothing of what is held out."""
    chosen = _part(_UNKNOWN[is_chinese], is_held_out)
    if is_held_out:
        return tuple(chosen)
    subjects, fixed = ((_SUBJECTS_EN, _FIXED_EN), (_SUBJECTS_ZH, _FIXED_ZH))[is_chinese]
    hidden = [
        _plain(text) for text in (*_part(subjects, True), *_part(fixed, True), *_part(_UNKNOWN[is_chinese], True))
    ]
    return tuple(line for line in chosen if not any(_names(line, text) for text in hidden))


def _names(line: str, text: str) -> bool:
    """Whether it has the text as whole words (Chinese: as characters)."""
    plain = _plain(line)
    return text in plain if not text.isascii() else f" {text} " in f" {plain} "


def _plain(text: str) -> str:
    return re.sub(r"[\s\W]+", " ", text.lower()).strip()


def make_large_number(rng: random.Random) -> Exchange:
    """Arithmetic beyond its two digits."""
    a, b = rng.randint(100, 99_999), rng.randint(2, 99_999)
    if rng.random() < 0.5:
        a, b = b, a
    sign = rng.choice("+-*x/")
    pattern = rng.choice(
        (
            "{a} {c} {b}",
            "{a}{c}{b}",
            "What is {a} {c} {b}?",
            "How much is {a} {c} {b}?",
            "{a}{c}{b}等于多少？",
            "请算 {a}{c}{b}",
        )
    )
    is_chinese = pattern[-1] == "？" or pattern[0] == "请"
    question = pattern.format(a=a, b=b, c=sign)
    thought = "数字超过两位。" if is_chinese else "More than two digits."
    return Exchange("refusal", question, thought, REFUSALS[is_chinese], question, REFUSALS[is_chinese][:18], is_chinese)


def _part(items: Sequence[str], is_held_out: bool) -> list[str]:
    return [item for index, item in enumerate(items) if (index % _HELD_OUT_SHARE == 0) == is_held_out]
