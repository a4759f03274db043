//! Words that several problems share.

use crate::messages::zh::{Region, zh};
use crate::model::objection::{IdObjection, KeyObjection, ValueObjection};
use crate::model::problem::Element;

/// Writes the reason why an id is refused.
pub fn id_objection(why: &IdObjection, region: Region) -> &'static str {
    match why {
        IdObjection::Empty => "是空的",
        IdObjection::TooLong => region.choose("超过 64 个字符", "超過 64 個字元"),
        IdObjection::Hidden => region.choose("含有不可见字符", "含有不可見字元"),
        IdObjection::Sign => region.choose("只能用字母、数字和 `_ . @ -`", "只能用字母、數字和 `_ . @ -`"),
        IdObjection::Begin => region.choose("必须以字母或数字开头", "必須以字母或數字開頭"),
    }
}

/// Writes the reason why a key is refused.
pub fn key_objection(why: &KeyObjection, region: Region) -> &'static str {
    match why {
        KeyObjection::Control => region.choose("含有控制字符", "含有控制字元"),
        KeyObjection::Hidden => region.choose("含有不可见字符", "含有不可見字元"),
        KeyObjection::TooLong => region.choose("超过 512 字节", "超過 512 位元組"),
        KeyObjection::Variable => region.choose(
            "env 类型的密钥库，键只能用 A 到 Z、数字和 `_`",
            "env 類型的密鑰庫，鍵只能用 A 到 Z、數字和 `_`",
        ),
        KeyObjection::Empty => "是空的",
        KeyObjection::NoPath => region.choose("`#` 前面没有名称", "`#` 前面沒有名稱"),
        KeyObjection::NoField => region.choose("`#` 后面没有字段", "`#` 後面沒有欄位"),
        KeyObjection::Climbs => region.choose("会跑到密钥库外面", "會跑到密鑰庫外面"),
        KeyObjection::EmptyName => region.choose("其中有一段名称是空的", "其中有一段名稱是空的"),
        KeyObjection::Former => region.choose(
            "这类名称留给旧密码，旧密码就放在原来的键旁边",
            "這類名稱留給舊密碼，舊密碼就放在原來的鍵旁邊",
        ),
        KeyObjection::Option => region.choose("以 `-` 开头", "以 `-` 開頭"),
        KeyObjection::Sign => region.choose(
            "exec 类型的密钥库，键只能用字母、数字和 `. _ @ / -`",
            "exec 類型的密鑰庫，鍵只能用字母、數字和 `. _ @ / -`",
        ),
    }
}

/// Writes the reason why the value of a secret is refused, as a predicate of its name.
pub fn value_objection(why: &ValueObjection, region: Region) -> &'static str {
    match why {
        ValueObjection::Empty => "是空的",
        ValueObjection::LineEnd => region.choose("末尾有换行", "結尾有換行"),
        ValueObjection::LineBreak => region.choose("含有换行", "含有換行"),
        ValueObjection::Control => region.choose("含有控制字符", "含有控制字元"),
        ValueObjection::ByteOrderMark => {
            region.choose("开头有字节顺序标记（BOM）", "開頭有位元組順序記號（BOM）")
        }
        ValueObjection::Hidden => region.choose("含有不可见字符", "含有不可見字元"),
        ValueObjection::Length => {
            region.choose("长度不符，厂商要求 6 到 32 个字符", "長度不符，廠商要求 6 到 32 個字元")
        }
        ValueObjection::Blank => region.choose("开头或末尾有空格", "開頭或結尾有空格"),
        ValueObjection::NotAscii => {
            region.choose("含有非 ASCII 字符，请求头里不能有", "含有非 ASCII 字元，要求標頭裡不能有")
        }
    }
}

pub(super) fn say(message: impl Into<String>, help: impl Into<String>) -> (String, String) {
    (message.into(), help.into())
}

/// Returns the name of an element, for the beginning of a Chinese sentence: a blank follows a quoted name.
pub(super) fn element(element: &Element, region: Region) -> String {
    let kind = match element {
        Element::Key { key } => return format!("`{key}` "),
        Element::Connection { name } => return zh!(region, "连接 `{name}` ", "連線 `{name}` "),
        Element::Store { name } => return zh!(region, "密钥库 `{name}` ", "密鑰庫 `{name}` "),
        Element::Profile { name } => return zh!(region, "模板 `{name}` ", "範本 `{name}` "),
        Element::Period { name } => return zh!(region, "时段 `{name}` ", "時段 `{name}` "),
        Element::Workspace => region.choose("工作区", "工作區"),
        Element::Ledger => region.choose("账本", "帳本"),
        Element::Policy => "`policy` ",
        Element::Manifest => region.choose("清单", "清單"),
        Element::Agent => region.choose("坐席", "客服人員"),
        Element::Queue => region.choose("队列", "佇列"),
        Element::Member => region.choose("队列成员", "佇列成員"),
        Element::Selector => region.choose("成员选择器", "成員選擇器"),
        Element::Seat => region.choose("语音坐席", "語音座席"),
        Element::Ignored => region.choose("`ignore` 的条目", "`ignore` 的條目"),
        Element::During => region.choose("`during` 的条目", "`during` 的條目"),
        Element::SipAccount => region.choose("SIP 账号", "SIP 帳號"),
        Element::SecretReference => region.choose("密钥引用", "密鑰參照"),
    };
    kind.to_owned()
}

/// Writes the keys of a reference to a password that ask for a rotation, as a predicate of its agent.
pub(super) fn rotation(version: Option<u32>, generate: bool, region: Region) -> String {
    match (version, generate) {
        (None, false) => region.choose("没有写 `version`", "沒有寫 `version`").to_owned(),
        (None, true) => region
            .choose("没有写 `version`，写了 `generate: true`", "沒有寫 `version`，寫了 `generate: true`")
            .to_owned(),
        (Some(version), false) => zh!(region, "写了 `version: {version}`", "寫了 `version: {version}`"),
        (Some(version), true) => zh!(
            region,
            "写了 `version: {version}` 和 `generate: true`",
            "寫了 `version: {version}` 和 `generate: true`"
        ),
    }
}

/// Suggests the near name, or returns the other help.
pub(super) fn did_you_mean<T: std::fmt::Display>(
    near: Option<&T>,
    otherwise: impl FnOnce() -> String,
    region: Region,
) -> String {
    near.map_or_else(otherwise, |near| zh!(region, "是不是想写 `{near}`？", "是不是想寫 `{near}`？"))
}
