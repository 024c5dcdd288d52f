"""Made-up posts whose statistics are those of Chinese financial news.

Texts are built from clauses, clauses from words. Words follow Zipf's law within a topic, and a
post has one topic. The frequent words are real ones, the long tail is invented from real
characters. So a post of 1,400 characters has about 1,000 different pairs of characters and 450
different characters, much as real ones have, and the most frequent pair is in most posts, not in
all.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import accumulate

MEDIA = 500
SECURITIES = 3_000
TOPICS = 60
CLAUSES_OF_TOPIC = 1_000
FUNCTION_WORDS = 40
INVENTED_WORDS = 8_000
RARE_CHARACTERS = 1_500
FIRST_DAY = datetime(2016, 1, 1, 6, tzinfo=timezone(timedelta(hours=8)))
DAYS = 3_500
#: Posts from which on a run covers all days.
SPARSE = 100_000
#: Posts arrive up to this much out of order.
LATE = timedelta(days=3)

#: By falling frequency; the function words and the most general ones come first.
REAL_WORDS = """
    的 和 在 了 将 为 是 等 对 公司 有 与 中国 市场 年 月 日 亿元 经济 企业
    发展 也 从 到 投资 表示 不 万 增长 以 同比 个 行业 产品 金融 股份 上 中
    银行 美元 基金 其 政策 技术 服务 我们 项目 数据 目前 国家 资金 这 管理 价格
    股 业务 及 汽车 实现 全球 后 已 就 建设 国际 相关 资产 支持 未来 工作 影响
    进行 风险 而 万元 较 通过 可以 问题 又 集团 北京 科技 并 上海 人民币 股东
    需求 需要 记者 报告 机构 一个 平台 融资 板块 指数 下跌 上涨 利率 贷款 债券
    收入 利润 净利润 营业收入 央行 证监会 上市公司 新能源 半导体 芯片 人工智能 光伏
    锂电池 储能 房地产 消费 白酒 医药 创新药 创业板 科创板 北交所 沪深 港股 美股
    北向资金 净流入 净卖出 成交额 涨停 跌停 回购 减持 增持 分红 派息 并购 重组 定增
    可转债 国债 地方债 专项债 逆回购 公开市场 操作 降准 降息 加息 通胀 通货膨胀 居民
    就业 出口 进口 贸易 关税 汇率 外汇 储备 黄金 原油 期货 现货 铜 铝 钢铁 煤炭
    天然气 电力 碳中和 碳达峰 绿色 环保 水泥 化工 航运 港口 铁路 高铁 航空 机场
    物流 快递 电商 直播 零售 餐饮 旅游 酒店 影视 游戏 传媒 教育 保险 信托 券商
    私募 公募 养老 社保 医保 集采 疫苗 医院 董事会 监事会 股东大会 公告 披露 年报
    季报 中报 业绩 预告 快报 审计 会计 税务 监管 处罚 立案 调查 诉讼 仲裁 违约
    破产 清算 退市 上市 招股 发行 申购 中签 募集 承销 保荐 评级 展望 研报 分析师
    认为 预计 预期 有望 或 持续 稳步 大幅 小幅 明显 全面 进一步 首次 累计 合计
    分别 约 超过 不足 达到 左右 截至 其中 此外 同时 不过 但 因此 由于 根据 按照
    关于 如果 因为 虽然 以及 之间 方面 情况 部分 主要
"""

CHARACTERS = (
    "一二三四五六七八九十百千大小多少上下左右前后内外东西南北中高低长短新旧快慢强弱远近深浅"
    "天地日月星辰山川河流江湖海洋风云雨雪春夏秋冬金木水火土石田林草花果树竹松柏梅兰菊桃李杏"
    "人民工农商学兵政法文理科技电子机械化材能源动力运输建筑设计制造生产加工销售采购仓储配送"
    "国家省市县乡镇村街道路桥港口岸线区域城际环节点面体系统合作共享开放改革创兴振起立成就功"
    "财务税收支付款项目标准则规范式样品质量价值权益利息率额度数据信用评级审核批准许可证券股票"
    "债基金融资本投贷汇兑换币种类型号码头尾首次轮番回归来往去留存取舍得失败胜负责任务必须应该"
    "安全稳定平衡均匀调整顿理清洁净纯真实际效果因素养育教训练习惯例如同样本期限制度量表现象征"
    "求职业绩优良好坏善恶美丽华荣丰富裕贵贱轻重厚薄宽窄广泛普遍及早晚迟速进退升降增减加乘除"
    "信息网络软件硬盘光纤通讯卫导航空间站船舶车辆客货物流程序列车轨道交叉互联智慧感知识别认定"
    "医药疗养老幼儿童青年壮士女男性别名称姓氏族群众团队员干部委员会议案件证明书记录像图片段落"
    "思想观念头脑心情感受影响声音乐曲调查研究讨论述评说话语言词句章节假日历史记忆念书画报刊登"
    "德昌泰康隆盛旺达通远宏博恒瑞祥福禄寿喜庆嘉佳美欣悦锦绣鹏飞腾龙凤虎豹马牛羊鹿鹤雁鸿燕"
    "铁钢铜铝锌镍锡铅钴锂硅碳氢氧氮磷硫氯氟稀土矿煤油气柴汽焦炭沥青塑胶橡纸浆棉纱布丝麻毛皮"
    "米麦豆粮糖盐茶酒烟奶肉蛋鱼虾菜蔬瓜苗种肥料饲牧渔猎耕播灌溉晒仓库房屋楼宇厅堂室门窗墙壁"
)
PUNCTUATION = "，，，，，，，，，。。。。、；：！？"
TICKERS = ("AI", "GDP", "CPI", "PMI", "ETF", "LPR", "IPO", "A股", "5G", "ESG", "REITs", "T+1", "PE")
NAME_ENDINGS = ("股份", "科技", "集团", "电子", "控股", "能源", "药业", "银行")


@dataclass(frozen=True, slots=True)
class Security:
    """A share: market and code such as ``1.600160``, and its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class MadeUpPost:
    """What the catalog keeps of a post."""

    id: int
    info_code: str
    title: str
    published: str
    media: str
    category: str
    digest: str
    text: str
    securities: tuple[Security, ...]


class Corpus:
    """The same posts for the same seed; a longer run begins with the posts of a shorter one, which
    follow each other closer beyond `SPARSE` posts.

    Attributes `words`, `media` and `securities` are what the posts are made of.

    :param securities: that the posts name; invented ones by default.
    """

    def __init__(self, seed: int = 0, securities: Sequence[Security] = ()) -> None:
        self._seed = seed
        rng = random.Random(seed)
        self.words = _words(rng)
        self._topics = [_clauses(rng, _vocabulary(rng, self.words)) for _ in range(TOPICS)]
        self.media = [f"{_invent(rng, 2, 4)}{rng.choice(('网', '报', '社'))}" for _ in range(MEDIA)]
        self._categories = [f"meiti{number}" for number in range(MEDIA)]
        self.securities = securities or [
            Security(_code(number), _invent(rng, 2, 2) + rng.choice(NAME_ENDINGS))
            for number in range(SECURITIES)
        ]
        self._media_weights = _zipf(MEDIA, 0.8)
        self._security_weights = _zipf(len(self.securities), 0.8)

    def posts(self, count: int) -> Iterator[MadeUpPost]:
        """Make posts one by one, in the order of their arrival."""
        rng = random.Random(self._seed + 1)
        media = range(MEDIA)
        for number in range(1, count + 1):
            source = rng.choices(media, cum_weights=self._media_weights)[0]
            named = tuple(
                rng.choices(
                    self.securities, cum_weights=self._security_weights, k=rng.randint(0, 4)
                )
            )
            published = _published(rng, number / max(count, SPARSE))
            clauses = rng.choices(rng.choice(self._topics), k=rng.randint(80, 130))
            for security in named:
                clauses[rng.randrange(len(clauses))] = _mention(rng, security)
            for start in range(9, len(clauses), 17):
                clauses[start] = clauses[start][:-1] + "。\n"
            yield MadeUpPost(
                id=number,
                info_code=f"NW{published:%Y%m%d}{number:010d}",
                title=clauses[0][:-1] + " " + clauses[1][:-1],
                published=published.isoformat(timespec="seconds"),
                media=self.media[source],
                category=self._categories[source],
                digest="".join(clauses[2:6]).strip(),
                text="".join(clauses[2:]),
                securities=named,
            )


def _zipf(count: int, exponent: float = 1.0) -> list[float]:
    """Cumulative weights of ranks."""
    return list(accumulate((rank + 3) ** -exponent for rank in range(count)))


def _invent(rng: random.Random, shortest: int, longest: int) -> str:
    return "".join(rng.choices(CHARACTERS, k=rng.randint(shortest, longest)))


def _words(rng: random.Random) -> list[str]:
    """By falling frequency; every fourth invented word has a rare character."""
    words = REAL_WORDS.split()
    for number in range(INVENTED_WORDS):
        word = _invent(rng, 2, 4 if number % 5 == 0 else 2)
        rare = chr(0x4E00 + 13 * rng.randrange(RARE_CHARACTERS)) if number % 4 == 0 else ""
        words.append(word[: -1 if rare else None] + rare)
    return words


def _vocabulary(rng: random.Random, words: list[str]) -> list[str]:
    """The words of one topic, by falling frequency."""
    real = len(REAL_WORDS.split())
    function, special, invented = words[:FUNCTION_WORDS], words[FUNCTION_WORDS:real], words[real:]
    return [*rng.sample(function, 25), *rng.sample(special, 70), *rng.sample(invented, 600)]


def _clauses(rng: random.Random, words: list[str]) -> list[str]:
    weights = _zipf(len(words), 0.9)
    clauses = []
    for _ in range(CLAUSES_OF_TOPIC):
        parts = rng.choices(words, cum_weights=weights, k=rng.randint(3, 9))
        if rng.random() < 0.1:
            parts.insert(rng.randrange(len(parts)), f"{rng.expovariate(0.01):.2f}%")
        if rng.random() < 0.05:
            parts.insert(rng.randrange(len(parts)), rng.choice(TICKERS))
        clauses.append("".join(parts) + rng.choice(PUNCTUATION))
    return clauses


def _code(number: int) -> str:
    return f"1.{600_000 + number}" if number % 2 else f"0.{1 + number:06d}"


def _published(rng: random.Random, share: float) -> datetime:
    """Return the time at a share of all days, late by up to `LATE`."""
    late = rng.random() ** 3 * LATE.total_seconds()
    return FIRST_DAY + timedelta(days=share * DAYS, seconds=int(-late))


def _mention(rng: random.Random, security: Security) -> str:
    market, _, number = security.code.partition(".")
    code = f"{number}.{'SH' if market == '1' else 'SZ'}"
    return f"{security.name}（{code}）{rng.choice('涨跌')}{rng.random() * 10:.2f}%，"
