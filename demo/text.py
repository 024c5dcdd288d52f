"""Generate Chinese financial prose. No event, person or company in it is real."""

from dataclasses import dataclass
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SPEAKERS = _words(
    "监管部门 行业协会 业内人士 研究机构 某上市公司 多家券商 市场分析人士 交易所 地方政府 "
    "基金经理 产业链企业 银行间市场 评级机构 海外投行 贸易商 统计部门 清算机构 商会 "
    "产业联盟 投资者 头部厂商 央行 第三方平台 保险资管机构"
)
_TOPICS = _words(
    "碳中和 光伏 风电 锂电池 稀土 半导体 算力 机器人 新能源汽车 储能 数字经济 房地产 "
    "土地市场 地方债 国债 逆回购 人民币汇率 北向资金 两融余额 创业板 科创板 北交所 注册制 "
    "退市制度 公募基金 养老金 银行理财 保险资金 螺纹钢 铁矿石 原油 黄金 煤炭 白酒 猪肉 "
    "集采 创新药 航运 快递物流 跨境电商 低空经济 氢能 降准降息 绿色债券 碳配额 专精特新 "
    "县域消费 免税零售 智能家居 充电桩"
)
_ADVERBS = _words(
    "明显 持续 稳步 进一步 大幅 首次 同比 环比 全面 近期 有序 逐步 小幅 显著 加速 阶段性"
)
_VERBS = _words(
    "提高 回落 调整 加快 完善 落实 支持 推动 强化 启动 披露 增持 减持 收购 签署 发行 上调 "
    "下调 突破 优化 收窄 扩大 延续 改善 承压 企稳"
)
_NOUNS = _words(
    "成交额 毛利率 装机容量 出货量 库存水平 资金成本 融资规模 开工率 渗透率 估值中枢 "
    "现金流 研发投入 订单金额 市场份额 存量规模 违约率 到岸价格 回购规模"
)
_TAILS = (
    "市场预期趋于一致",
    "仍需关注外部环境变化",
    "后续走势有待观察",
    "相关配套细则正在制定",
    "短期内影响有限",
    "中长期空间值得期待",
    "各方对此看法不一",
    "具体数据将于下月公布",
    "供需格局有望重塑",
    "多地已有先行案例",
)
_PLACES = _words("沿海 内陆 西部 长三角 大湾区 东北 中部 北部湾")


@dataclass(frozen=True, slots=True)
class Prose:
    """A source of sentences: the same random numbers give the same text."""

    random: Random

    def topic(self) -> str:
        """Return the subject of a piece of news."""
        return self.random.choice(_TOPICS)

    def two_topics(self) -> str:
        """Return two subjects, or one if it comes twice."""
        first, second = self.topic(), self.topic()
        return f"{first}与{second}" if first != second else first

    def headline(self) -> str:
        """Return a title without quirks."""
        pick, number = self.random.choice, self.random.randrange
        form = number(4)
        if form == 0:
            return (
                f"{pick(_SPEAKERS)}：{self.topic()}{pick(_ADVERBS)}{pick(_VERBS)}{number(2, 99)}%"
            )
        if form == 1:
            return f"{pick(_PLACES)}{self.topic()}{pick(_NOUNS)}{pick(_ADVERBS)}{pick(_VERBS)}"
        if form == 2:
            return f"{self.two_topics()}：{pick(_SPEAKERS)}如何看待{pick(_NOUNS)}"
        return f"{pick(_SPEAKERS)}{pick(_VERBS)}{self.topic()} {pick(_TAILS)}"

    def sentence(self) -> str:
        """Return one sentence with its full stop."""
        pick, number = self.random.choice, self.random.randrange
        whole, hundredths = number(1, 999), number(100)
        figure, share = f"{whole}.{hundredths:02}", f"{whole % 30 + 1}.{hundredths:02}"
        form = number(5)
        if form == 0:
            clause = f"{pick(_SPEAKERS)}表示，{pick(_PLACES)}{self.topic()}{pick(_ADVERBS)}"
            return f"{clause}{pick(_VERBS)}，{pick(_NOUNS)}达到{figure}亿元，{pick(_TAILS)}。"
        if form == 1:
            clause = f"截至{number(1, 13)}月末，{self.topic()}{pick(_NOUNS)}{pick(_ADVERBS)}"
            return f"{clause}{pick(_VERBS)}{share}%，较上年同期{pick(_VERBS)}。"
        if form == 2:
            clause = f"{pick(_SPEAKERS)}{pick(_ADVERBS)}{pick(_VERBS)}"
            pair = f"{self.topic()}与{self.topic()}"
            return f"{clause}{pair}，{pick(_NOUNS)}{pick(_VERBS)}{share}%。"
        if form == 3:
            clause = f"从{pick(_NOUNS)}看，{self.topic()}板块{pick(_ADVERBS)}{pick(_VERBS)}"
            return f"{clause}，{pick(_SPEAKERS)}认为{pick(_TAILS)}。"
        clause = f"受{self.topic()}影响，{pick(_PLACES)}地区{pick(_NOUNS)}"
        plan = f"{pick(_SPEAKERS)}{pick(_ADVERBS)}{pick(_VERBS)}{self.topic()}布局"
        return f"{clause}{pick(_VERBS)}至{figure}万吨，{plan}。"

    def paragraph(self) -> str:
        """Return two to five sentences."""
        return "".join(self.sentence() for _ in range(self.random.randint(2, 5)))
