"""Sentence patterns of synthetic listings: institutes write of solutions, workshops of problems."""

from itertools import product
from random import Random
from string import ascii_uppercase
from typing import NamedTuple, TypeVar

from tests.bench.lexicon import Improvement, Product, Work

ItemT = TypeVar("ItemT")

TEXT_CHARACTERS = (80, 160)

RESULT_TITLES = (
    "{process}制备{product}的关键技术",
    "面向{solution}的{product}{process}技术",
    "{material}增强{product}及其{process}工艺",
    "{solution}的{material}基{product}",
    "{product}{process}成套装备研制",
    "基于{tail}的{product}{solution}方法",
    "{brand}{product}：{process}与{solution}",
)
RESULT_OPENINGS = (
    "针对{product}的实际工况，采用{process}与{material}协同的技术路线，实现{solution}。",
    "以{material}为基础，通过{process}构建{tail}结构，应用于{product}，达到{solution}的目的。",
    "围绕{product}开展{process}研究，建立{tail}模型，解决了{solution}中的共性难题。",
    "提出一种{process}新方法，使{product}获得{solution}的效果，{indicator}。",
)
RESULT_SENTENCES = (
    "经第三方检测，{indicator}，批次偏差小于{p}%。",
    "与现有{process2}产线兼容，改造周期约{s}个月。",
    "揭示了{material2}在{process}过程中的演化规律。",
    "已在{brand}公司完成{n}台套验证，运行{s}年未见异常。",
    "形成{code}型样机一套，配套{material2}供应稳定。",
    "同时实现{solution2}，综合成本下降{p}%。",
    "可扩展到{product2}等同类对象。",
    "采用{tail}控制策略，参数可按{brand2}基地条件整定。",
    "提供样品、工艺包与{code}检测报告。",
)
NEED_TITLES = (
    "{plain}{problem}",
    "{plain}{problem}，求办法",
    "寻求{plain}{process}技术",
    "{product}{solution}技术需求",
    "{plain}怎么做到{solution}",
    "{brand}{plain}{problem}",
)
NEED_OPENINGS = (
    "我们厂主要做{plain}，{problem}，客户催得紧，一年损失{p}万。",
    "{plain}这条线去年投的，{problem}，设备厂来看过两次没有解决。",
    "公司生产{product}，目前{problem}，希望实现{solution}。",
    "出口订单要求提高，{plain}{problem}，再不解决{n}万的单子就没了。",
)
NEED_SENTENCES = (
    "之前试过{process}，样品可以，量产就不稳。",
    "现在用的是{material}，{brand}供货，想换便宜一点的。",
    "场地只有{n}平米，不能停产超过{s}天。",
    "另外{problem2}，最好一起解决。",
    "要求{indicator}，验收按{code}标准。",
    "听说{tail}有用，不知道{plain}能不能上。",
    "同行{brand2}用了{process2}，据说减了{p}%人工。",
    "希望交钥匙，培训到位，售后能到现场。",
    "能兼做{plain2}更好。",
)
ENGLISH_TITLES = (
    "{gain} of {thing} by {means}",
    "{means} for {thing}",
    "{thing} with {gain}",
)
ENGLISH_SENTENCES = (
    "The technology applies {means} to {thing} and achieves {gain}.",
    "Trials at {latin} with {n} units of type {code} ran for {s} years.",
    "It fits existing lines, and cost falls by {p} percent.",
    "Samples and a test report are available on request.",
)
ENGLISH_NEED_SENTENCES = (
    "We make {thing} and look for {gain} without stopping the line.",
    "We have tried {means}, but results vary from batch to batch.",
    "At least {n} units a day, {p} percent less labour, acceptance by {code}.",
    "Supplier {latin} could not solve it in {s} months.",
)
_ENGLISH_MEANS = (
    "low-temperature plasma treatment",
    "supercritical foaming",
    "machine learning on process data",
    "reactive extrusion",
    "laser cladding",
    "edge computing",
    "digital twin simulation",
    "membrane separation",
    "near-infrared spectroscopy",
    "atomic layer deposition",
    "enzymatic hydrolysis",
    "vacuum infusion",
)
# Names and terms that are each rare: a catalogue has a long tail of them.
_BRANDS = tuple(
    "".join(pair)
    for pair in product(
        "恒瑞锦泰润鸿盛远鼎嘉源汇晟凯腾宏益捷联昌永峰铭冠德",
        "川泽辉岩桥晖舟岚铄翎翔霖钧骏垚祺皓森楠沣禾屿澜钰",
    )
)
_LATIN_BRANDS = (
    *("Helonatec", "Norivolux", "Vexaridyn", "Talumasan", "Mironatec", "Helarilux", "Norumadyn"),
    *("Vexonasan", "Talivotec", "Mirarilux", "Helumadyn", "Noronasan", "Vexivotec", "Talarilux"),
)
_TAIL_HEADS = """
梯度 仿生 多级孔 双连续 核壳 取向 非晶 层状 自适应 分布式 多尺度 动态 级联 鲁棒 稀疏 耦合 微流 声学
磁控 光敏 形状记忆 超疏 拓扑 序贯 迁移 贝叶斯 分数阶 滑模 模糊 协同
"""
_TAIL_ENDS = """
界面 网络 增韧 调控 优化 辨识 补偿 传质 结晶 分散 包覆 润湿 成核 判别 滤波 重构 映射 嵌段 交联 掺杂
缓释 捕集 降噪 采样 聚类
"""
_TAILS = tuple("".join(pair) for pair in product(_TAIL_HEADS.split(), _TAIL_ENDS.split()))


class Topic(NamedTuple):
    """What one listing is about, in the words of its field of work."""

    work: Work
    product: Product
    other_product: Product
    improvement: Improvement
    other_improvement: Improvement
    materials: tuple[str, str]
    processes: tuple[str, str]


def draw_topic(rng: Random, works: tuple[Work, ...]) -> Topic:
    work = skewed(rng, works)
    return Topic(
        work=work,
        product=skewed(rng, work.products),
        other_product=skewed(rng, work.products),
        improvement=rng.choice(work.improvements),
        other_improvement=rng.choice(work.improvements),
        materials=(skewed(rng, work.materials), rng.choice(work.materials)),
        processes=(skewed(rng, work.processes), rng.choice(work.processes)),
    )


def skewed(rng: Random, items: tuple[ItemT, ...]) -> ItemT:
    return items[int(rng.random() ** 1.4 * len(items))]


def wording(rng: Random, topic: Topic) -> dict[str, str]:
    """The words that fill the patterns for one listing; numbers are drawn anew."""
    numbers = {
        "n": str(rng.randrange(5, 500)),
        "p": str(rng.randrange(10, 70)),
        "s": str(rng.randrange(2, 10)),
        "d": f"0.{rng.randrange(1, 60):02}",
        "z": str(rng.randrange(2)),
    }
    return numbers | {
        "product": topic.product.formal,
        "plain": topic.product.plain,
        "product2": topic.other_product.formal,
        "plain2": topic.other_product.plain,
        "solution": rng.choice(topic.improvement.solutions),
        "problem": rng.choice(topic.improvement.problems),
        "solution2": rng.choice(topic.other_improvement.solutions),
        "problem2": rng.choice(topic.other_improvement.problems),
        "indicator": topic.improvement.indicator.format_map(numbers),
        "material": topic.materials[0],
        "material2": topic.materials[1],
        "process": topic.processes[0],
        "process2": topic.processes[1],
        "brand": rng.choice(_BRANDS),
        "brand2": rng.choice(_BRANDS),
        "latin": rng.choice(_LATIN_BRANDS),
        "tail": rng.choice(_TAILS),
        "code": f"{''.join(rng.choices(ascii_uppercase, k=2))}-{rng.randrange(100, 10_000)}",
        "thing": rng.choice(topic.work.english),
        "gain": topic.improvement.english,
        "means": rng.choice(_ENGLISH_MEANS),
    }


def compose(
    rng: Random, words: dict[str, str], openings: tuple[str, ...], sentences: tuple[str, ...]
) -> str:
    """An opening and some of the sentences, TEXT_CHARACTERS long."""
    shortest, longest = TEXT_CHARACTERS
    wanted = rng.randrange(shortest, longest - 20)
    text = rng.choice(openings).format_map(words)
    for pattern in rng.sample(sentences, len(sentences)):
        if len(text) >= wanted:
            break
        sentence = pattern.format_map(words)
        if len(text) + len(sentence) <= longest:
            text += sentence
    return text


def compose_english(words: dict[str, str], sentences: tuple[str, ...]) -> str:
    return " ".join(pattern.format_map(words) for pattern in sentences)
