//! Problems of a value or a key.

use super::words::{did_you_mean, element, say};
use crate::messages::zh::{Region, list, zh};
use crate::model::message::Word;
use crate::model::problem::{Shape, ValueProblem, Wanted};

/// Returns the help on ranges.
pub(super) fn range(region: Region) -> &'static str {
    region.choose(
        "写成 FIRST..LAST，如 8101..8180；单独一名坐席写 `operatorId: \"8101\"`",
        "寫成 FIRST..LAST，如 8101..8180；單獨一位客服人員寫 `operatorId: \"8101\"`",
    )
}

pub(super) fn problem(problem: &ValueProblem, region: Region) -> (String, String) {
    use ValueProblem as P;
    let name_a_secret = region.choose(
        "把密钥存进密钥库，再写明是哪一个：{ store: NAME, key: KEY }",
        "把密鑰存進密鑰庫，再寫明是哪一個：{ store: NAME, key: KEY }",
    );
    match problem {
        P::WrongShape { what, is, wanted } => {
            let (what, is, due) = (element(what, region), shape(*is, region), shape_of(wanted, region));
            let help = match wanted {
                Wanted::Text if is.is_empty() => {
                    region.choose("写上文本，或去掉这一项", "寫上文字，或拿掉這一項").to_owned()
                }
                Wanted::Choice { words, .. } => one_of(words, region),
                wanted => write(wanted, region),
            };
            if is.is_empty() {
                return say(
                    zh!(region, "{what}应为{due}，这里却是空的", "{what}應為{due}，這裡卻是空的"),
                    help,
                );
            }
            say(zh!(region, "{what}应为{due}，这里却是{is}", "{what}應為{due}，這裡卻是{is}"), help)
        }
        P::CannotBe { key, given, wanted } => say(
            zh!(region, "`{key}` 不能是 `{given}`", "`{key}` 不能是 `{given}`"),
            match wanted {
                Wanted::Choice { words, .. } if words.len() == 1 => {
                    zh!(region, "写 `{key}: {}`", "寫 `{key}: {}`", list(words))
                }
                wanted => write(wanted, region),
            },
        ),
        P::NoValue { key } => say(
            zh!(region, "`{key}` 没有值", "`{key}` 沒有值"),
            region.choose("写上值；不想管这个字段，就去掉这个键", "寫上值；不想管這個欄位，就拿掉這個鍵"),
        ),
        P::Missing { what, key } => say(
            zh!(region, "{}缺少 `{key}`", "{}缺少 `{key}`", element(what, region)),
            match key.as_ref() {
                "apiVersion" | "kind" => region
                    .choose(
                        "rosterctl 的文件都要写 `apiVersion: rosterctl/v1`，并用 `kind` 写明是哪一种；\
                         别的用途的文件请放到别的目录",
                        "rosterctl 的檔案都要寫 `apiVersion: rosterctl/v1`，並用 `kind` 寫明是哪一種；\
                         別的用途的檔案請放到別的資料夾",
                    )
                    .to_owned(),
                key => zh!(region, "加上 `{key}: …`", "加上 `{key}: …`"),
            },
        ),
        P::UnknownField { what, key, near, known } => say(
            zh!(region, "{}没有 `{key}` 这个字段", "{}沒有 `{key}` 這個欄位", element(what, region)),
            did_you_mean(near.as_ref(), || one_of(known, region), region),
        ),
        P::Unquoted { key, text, flag } => {
            let shape = if *flag {
                region.choose("布尔值（是或否）", "布林值（是或否）")
            } else {
                region.choose("数字", "數字")
            };
            say(
                zh!(
                    region,
                    "`{key}` 必须是文本，而 `{text}` 不加引号，在 YAML 里是{shape}",
                    "`{key}` 必須是文字，而 `{text}` 不加引號，在 YAML 裡是{shape}"
                ),
                zh!(region, "加上引号：\"{text}\"", "加上引號：\"{text}\""),
            )
        }
        P::Empty { key } => {
            say(format!("`{key}` 是空的"), region.choose("写上内容，或去掉它", "寫上內容，或拿掉它"))
        }
        P::EmptySet { key, known } => {
            say(format!("`{key}` 是空的"), zh!(region, "至少写一个：{}", "至少寫一個：{}", list(known)))
        }
        P::EmptyList { key } => say(
            zh!(region, "`{key}` 是空列表", "`{key}` 是空清單"),
            region.choose("至少写一个", "至少寫一個"),
        ),
        P::OddNumber { key, text } => say(
            zh!(
                region,
                "`{key}` 写成了 `{text}`，各种工具的读法不一样",
                "`{key}` 寫成了 `{text}`，各種工具的讀法不一樣"
            ),
            region.choose(
                "只写十进制数字，前面不加零，也不加正负号",
                "只寫十進位數字，前面不加零，也不加正負號",
            ),
        ),
        P::OutOfBounds { key, text, least, most } => say(
            zh!(region, "`{key}` 是 {text}，超出范围", "`{key}` 是 {text}，超出範圍"),
            match (least, most) {
                (Some(least), Some(most)) => {
                    zh!(region, "写 {least} 到 {most} 之间的整数", "寫 {least} 到 {most} 之間的整數")
                }
                (Some(least), None) => zh!(region, "写不小于 {least} 的整数", "寫不小於 {least} 的整數"),
                (None, Some(most)) => zh!(region, "写不大于 {most} 的整数", "寫不大於 {most} 的整數"),
                (None, None) => region.choose("写整数", "寫整數").to_owned(),
            },
        ),
        P::ItemTwice { key, item } => say(
            zh!(region, "`{item}` 在 `{key}` 里出现两次", "`{item}` 在 `{key}` 裡出現兩次"),
            region.choose("去掉一个", "拿掉一個"),
        ),
        P::LiteralSecret { key } => say(
            zh!(region, "`{key}` 写了明文，应写密钥库的引用", "`{key}` 寫了明文，應寫密鑰庫的參照"),
            zh!(
                region,
                "{name_a_secret}；然后换一个密钥，因为它已经在文件里出现过",
                "{name_a_secret}；然後換一個密鑰，因為它已經在檔案裡出現過"
            ),
        ),
        P::SecretExtra { key, allowed } => say(
            zh!(region, "`{key}` 里除了 {} 还有别的内容", "`{key}` 裡除了 {} 還有別的內容", list(allowed)),
            name_a_secret,
        ),
        P::SecretPart { key, part } => say(
            zh!(region, "`{key}` 没有写 `{part}`，或写的不是文本", "`{key}` 沒有寫 `{part}`，或寫的不是文字"),
            name_a_secret,
        ),
        P::WorkspaceAmongManifests => say(
            region.choose("工作区文件不能和清单放在一起", "工作區檔案不能和清單放在一起"),
            region.choose(
                "把它移出 `manifests:` 所列的目录，放在这些目录旁边",
                "把它移出 `manifests:` 所列的資料夾，放在這些資料夾旁邊",
            ),
        ),
    }
}

/// Returns the name of a shape, to follow a Chinese word: a blank precedes a quoted one. It is empty for nothing.
fn shape(shape: Shape, region: Region) -> &'static str {
    match shape {
        Shape::Nothing => "",
        Shape::True => " `true`",
        Shape::False => " `false`",
        Shape::Whole => region.choose("整数", "整數"),
        Shape::Fraction => region.choose("小数", "小數"),
        Shape::Text => region.choose("文本", "文字"),
        Shape::List => region.choose("列表", "清單"),
        Shape::Mapping => region.choose("映射", "對應表"),
    }
}

/// Returns the name of a required shape, to follow a Chinese word.
fn shape_of(wanted: &Wanted, region: Region) -> &'static str {
    match wanted {
        Wanted::Text => region.choose("文本", "文字"),
        Wanted::Flag => " true 或 false",
        Wanted::Number => region.choose("整数", "整數"),
        Wanted::Choice { .. } | Wanted::Sip => region.choose("一个词", "一個詞"),
        Wanted::List => region.choose("列表", "清單"),
        Wanted::Mapping | Wanted::Profiles | Wanted::Periods => region.choose("映射", "對應表"),
        Wanted::Range => region.choose("号段", "號段"),
        Wanted::Resource => region.choose("资源的 id", "資源的 id"),
        Wanted::Date => "日期",
        Wanted::Share => region.choose("比例或个数", "比例或個數"),
        Wanted::Address { .. } => region.choose("地址", "網址"),
    }
}

fn write(wanted: &Wanted, region: Region) -> String {
    let text = match wanted {
        Wanted::Choice { words, near: Some(near) } => {
            return zh!(region, "是不是想写 `{near}`？{}", "是不是想寫 `{near}`？{}", one_of(words, region));
        }
        Wanted::Choice { words, near: None } => return one_of(words, region),
        Wanted::Address { sandbox } => address(*sandbox, region),
        Wanted::Text => region.choose("写一段文本，拿不准就加引号", "寫一段文字，不確定就加引號"),
        Wanted::Flag => region.choose("写 true 或 false，不加引号", "寫 true 或 false，不加引號"),
        Wanted::Number => region.choose("写数字，不加引号", "寫數字，不加引號"),
        Wanted::Sip => {
            region.choose("写 auto、none 或 { number: \"1001\" }", "寫 auto、none 或 { number: \"1001\" }")
        }
        Wanted::List => region.choose(
            "写成列表：每项一行，前面加 `- `；或写成 `[a, b]`",
            "寫成清單：每項一行，前面加 `- `；或寫成 `[a, b]`",
        ),
        Wanted::Mapping => region.choose("各个字段写成 `key: value`", "各個欄位寫成 `key: value`"),
        Wanted::Profiles => {
            region.choose("每个模板写成 `name: { fields }`", "每個範本寫成 `name: { fields }`")
        }
        Wanted::Periods => region.choose(
            "每个时段写成 `name: { from: 2026-11-01, until: 2026-11-11 }`",
            "每個時段寫成 `name: { from: 2026-11-01, until: 2026-11-11 }`",
        ),
        Wanted::Date => region.choose(
            "写某一天，如 2026-12-01，或某一时刻，如 2026-12-01T18:00、2026-12-01T18:00+08:00；\
             不写秒，也不写相对日期",
            "寫某一天，如 2026-12-01，或某一時刻，如 2026-12-01T18:00、2026-12-01T18:00+08:00；\
             不寫秒，也不寫相對日期",
        ),
        Wanted::Range => range(region),
        Wanted::Resource => region.choose(
            "写 agent/ID、queue/NAME、queue/NAME@EXTEN 或 seat/ACCOUNT",
            "寫 agent/ID、queue/NAME、queue/NAME@EXTEN 或 seat/ACCOUNT",
        ),
        Wanted::Share => region.choose(
            "写线上总数的比例，0% 到 100%，或写个数，如 12",
            "寫線上總數的比例，0% 到 100%，或寫個數，如 12",
        ),
    };
    text.to_owned()
}

/// Returns the help on addresses.
pub(super) fn address(sandbox: bool, region: Region) -> &'static str {
    if sandbox {
        region.choose("写 https://HOST[:PORT]，或 `sandbox`", "寫 https://HOST[:PORT]，或 `sandbox`")
    } else {
        region.choose("写 https://HOST[:PORT]", "寫 https://HOST[:PORT]")
    }
}

fn one_of(words: &[Word], region: Region) -> String {
    zh!(region, "可写：{}", "可寫：{}", list(words))
}
