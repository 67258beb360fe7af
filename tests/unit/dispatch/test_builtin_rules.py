"""The built-in routing rules: what enterprises write finds a department, also in English, and mostly a fitting one."""

import csv
from pathlib import Path

import pytest

from services.dispatch.routing import route
from tests.unit.one_aggregate import after
from tests.unit.reference import builtin_reference

DIRECTORY = builtin_reference().directory(after())
RULES = DIRECTORY.rules()
SHARED = Path(__file__).parents[4] / "shared" / "data"
LEAST_FOUND, LEAST_FITTING = 0.9, 0.85
FITTING = {
    "城乡建设": {
        *("housing", "planning", "urban_management", "water", "power", "fire_rescue"),
        *("emergency", "development", "provident_fund"),
    },
    "环境保护": {"environment", "urban_management", "water"},
    "交通运输": {"transport", "police", "urban_management"},
    "教育文体": {"education", "culture_tourism", "human_resources"},  # a teacher's pay is both' matter
    "劳动和社会保障": {
        *("human_resources", "medical_insurance", "provident_fund"),
        *("civil_affairs", "education", "tax"),
    },
    "商贸旅游": {"commerce", "market", "culture_tourism", "customs"},
    "卫生计生": {"health", "market", "medical_insurance"},
}
"""Which departments may have what stands under a category of the board."""

OWN = [
    (
        "厂门口的路一下雨就淹",
        "我们厂在园区东侧，门前道路积水没过小腿，货车开不进来，请尽快处理。",
        "urban_management",
    ),
    ("雨水倒灌进车间", "厂区外的排水管堵了，暴雨时内涝，原料泡了水。", "urban_management"),
    ("想增加一条生产线，变压器不够", "申请增容两个月了还没有答复，用电高峰常跳闸。", "power"),
    ("通知停电的时间太晚", "昨天停电前半小时才接到通知，炉子里的料全废了。", "power"),
    ("环评批复迟迟不下来", "扩建项目环评材料交了三次，每次说法不一样。", "environment"),
    ("隔壁化工厂异味飘进食品车间", "夜里异味很重，担心影响产品。", "environment"),
    ("招不到熟练工", "旺季缺工三十多人，希望组织专场招聘。", "human_resources"),
    ("员工子女入学", "外地来的技术骨干，孩子上小学没有学位。", "education"),
    ("公积金能否缓缴", "订单下降，想申请缓缴住房公积金半年。", "provident_fund"),
    ("续贷被要求提前还款", "银行说额度收紧，续贷要加抵押。", "finance"),
    ("出口退税到账慢", "三月份申报的退税到现在没有到账。", "tax"),
    ("报关单被退", "海关说归类不对，货在码头压了六天。", "customs"),
    ("消防验收排不上", "新厂房等消防验收，已经误了投产。", "fire_rescue"),
    ("奖补资金没有拨付", "去年认定的高新技术企业，奖补资金专项资金一直没有拨付。", "fiscal"),
    ("研发项目怎样申报", "想申报市级科技项目，找不到研发费用归集的口径。", "science"),
    ("危险化学品仓库许可", "安全评价做完了，危化品经营许可没有下文。", "emergency"),
    ("蒸汽价格又涨了", "园区热电厂的蒸汽涨价两成，请核一核热价。", "development"),
    ("办事大厅跑了四趟", "一网通办显示已受理，窗口却说没有收到材料。", "data_services"),
    ("被同行仿冒商标", "包装和商标几乎一样，网上到处在卖。", "market"),
    ("工业用地到期怎么续", "土地使用年限还有两年，不动产证怎么办续期。", "planning"),
    ("工程款拖了一年", "给开发商做的小区门窗，工程款一直不结。", "housing"),
    ("村里不让大型车过", "运饲料的车被村委拦下，农户的货出不来。", "agriculture"),
    ("水压太低", "下午供水水压不足，染缸进不了水。", "water"),
    ("外贸订单减少想参展", "希望商务局组织企业去境外展会。", "commerce"),
    ("民宿的许可", "旅游旺季前想开民宿，不知道找谁。", "culture_tourism"),
    ("职业病体检排不上", "职业病体检只有一家医院能做，排队两个月。", "health"),
    ("异地就医报销", "员工在外地医院住院，医保报销退了两次。", "medical_insurance"),
    ("想成立行业协会", "二十家同行想登记社会组织，民政的要求是什么。", "civil_affairs"),
    ("技改补贴的标准", "技术改造买的设备，设备补贴按什么标准。", "industry"),
    ("厂门口违停没人管", "路口违停的车太多，我们的车出不去，交警能否来管。", "police"),
    ("园区没有公交", "最后一班公交六点就没了，职工下班回不去。", "transport"),
    ("对复议结果不明白", "行政复议的决定看不懂，能不能请法律服务的人讲讲。", "justice"),
    ("The road to our factory is flooded", "Trucks cannot get in after every rain.", "urban_management"),
    ("Power cut without notice", "The electricity failed twice this week.", "power"),
    ("VAT refund is late", "We filed in March and have no answer from the tax office.", "tax"),
    ("Customs holds our container", "Quarantine wants another paper.", "customs"),
    ("Fire inspection of the new hall", "We wait for fire safety approval.", "fire_rescue"),
    ("Loan renewal refused", "The bank asks for another guarantee.", "finance"),
]
"""What enterprises might write, made up for this project, and the department whose duty it is."""


@pytest.mark.parametrize(("title", "text", "department"), OWN)
def test_what_an_enterprise_writes_finds_the_department_whose_duty_it_is(
    title: str, text: str, department: str
) -> None:
    assert route(title, text, RULES)[0] == department


def test_every_department_has_words_of_its_own_and_is_found_by_them() -> None:
    assert {*RULES.keywords} == {*DIRECTORY.departments()} and len(RULES.keywords) == 30
    for code, words in RULES.keywords.items():
        for word in words:
            assert route(word, "", RULES)[0] == code, word


def test_most_of_what_a_department_says_it_does_leads_to_it() -> None:
    duties = [
        (duty, code)
        for code in RULES.keywords
        for duty in DIRECTORY.department(code).duties
        if code != "office"
    ]
    found = [route(duty, "", RULES)[0] == code for duty, code in duties]
    assert sum(found) / len(found) >= 0.9


def test_capitals_do_not_matter_and_a_latin_word_counts_where_a_word_begins() -> None:
    assert route("TAX", "", RULES) == ("tax", ("tax",))
    assert route("p2p公司跑路", "", RULES) == ("finance", ("P2P",))
    assert route("We went abroad", "", RULES) == (RULES.fallback, ())
    assert route("the road is flooded", "", RULES)[1] == ("road", "flood")


def rows(name: str) -> list[dict[str, str]]:
    if not (SHARED / name).exists():
        pytest.skip(f"the shared data is not beside this checkout ({name})")
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["messages_replied.csv", "messages_alike.csv", "messages_labelled.csv"])
def test_nine_of_ten_shared_messages_find_a_department(name: str) -> None:
    found = [bool(route(row["subject"], row["text"], RULES)[1]) for row in rows(name)]
    assert sum(found) / len(found) >= LEAST_FOUND


def test_the_labelled_rows_find_a_department_that_fits_their_category() -> None:
    found = [
        route(row["subject"], row["text"], RULES)[0] in FITTING[row["category"]]
        for row in rows("messages_labelled.csv")
    ]
    assert sum(found) / len(found) >= LEAST_FITTING
