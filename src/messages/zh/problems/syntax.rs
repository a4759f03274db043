//! Problems that make a file unreadable as YAML.

use super::words::say;
use crate::messages::zh::{Region, zh};
use crate::model::problem::SyntaxProblem;

pub(super) fn problem(problem: &SyntaxProblem, region: Region) -> (String, String) {
    use SyntaxProblem as P;
    let save_as_utf8 = region.choose(
        "在编辑器里把文件另存为 UTF-8（不要选 GBK、ANSI 或 Unicode/UTF-16）",
        "在編輯器裡把檔案另存成 UTF-8（不要選 Big5、ANSI 或 Unicode/UTF-16）",
    );
    let fill_in = region.choose("写出实际的值，或先运行填写它的工具", "寫出實際的值，或先執行填寫它的工具");
    let key_value = region.choose("写成 `key: value`", "寫成 `key: value`");
    let quote = region.choose("给值加上引号", "將值加上引號");
    match problem {
        P::FileTooLong { mebibytes, most } => say(
            zh!(
                region,
                "文件有 {mebibytes} MiB，最多读 {most} MiB",
                "檔案有 {mebibytes} MiB，最多讀 {most} MiB"
            ),
            region.choose("把名册拆成几个文件", "把名冊拆成幾個檔案"),
        ),
        P::Utf16 => say(
            region.choose(
                "文件不是 UTF-8：开头像 UTF-16（第 1 个字节）",
                "檔案不是 UTF-8：開頭像 UTF-16（第 1 個位元組）",
            ),
            save_as_utf8,
        ),
        P::NotUtf8 { position, byte } => say(
            zh!(
                region,
                "文件不是 UTF-8：第 {position} 个字节是 0x{byte:02X}",
                "檔案不是 UTF-8：第 {position} 個位元組是 0x{byte:02X}"
            ),
            save_as_utf8,
        ),
        P::CutCharacter { position } => say(
            zh!(
                region,
                "文件的最后一个字符不完整（第 {position} 个字节）",
                "檔案的最後一個字元不完整（第 {position} 個位元組）"
            ),
            save_as_utf8,
        ),
        P::ControlCharacter { code } => say(
            zh!(region, "文件里有控制字符（U+{code:04X}）", "檔案裡有控制字元（U+{code:04X}）"),
            region.choose(
                "删掉它；在双引号里可以写成转义，如 \"\\x1B\"",
                "刪掉它；在雙引號裡可以寫成跳脫字元，如 \"\\x1B\"",
            ),
        ),
        P::ConflictMark { mark } => say(
            zh!(
                region,
                "`{mark}` 是合并冲突的标记，冲突还没有解决",
                "`{mark}` 是合併衝突的標記，衝突還沒有解決"
            ),
            region.choose("两边只留一边，再删掉标记所在的行", "兩邊只留一邊，再刪掉標記所在的行"),
        ),
        P::Unfilled { found, own } => say(
            match found {
                Some(found) => zh!(region, "占位符 `{found}` 没有填好", "佔位符 `{found}` 沒有填好"),
                None => region.choose("这里有占位符没有填好", "這裡有佔位符沒有填好").to_owned(),
            },
            if *own {
                region.choose("是不是想写 `{operatorId}`？", "是不是想寫 `{operatorId}`？")
            } else {
                fill_in
            },
        ),
        P::UnfilledBegins { mark } => {
            say(zh!(region, "`{mark}` 开头的占位符没有填好", "`{mark}` 開頭的佔位符沒有填好"), fill_in)
        }
        P::AliasInItself => say(
            region.choose(
                "这个别名写在它自己的锚点的值里，会包含自己",
                "這個別名寫在自己的錨點的值裡，會包含自己",
            ),
            region.choose("直接写出值", "直接寫出值"),
        ),
        P::AnchorElsewhere => say(
            region.choose("这个别名的锚点在另一个文档里", "這個別名的錨點在另一個文件裡"),
            region.choose(
                "锚点只在自己的文档里有效；要共用值，请用模板（`profile`）",
                "錨點只在自己的文件裡有效；要共用值，請用範本（`profile`）",
            ),
        ),
        P::NoAnchor { name } => say(
            match name {
                Some(name) => {
                    zh!(
                        region,
                        "别名 `*{name}` 上面没有锚点 `&{name}`",
                        "別名 `*{name}` 上面沒有錨點 `&{name}`"
                    )
                }
                None => region.choose("这个别名上面没有同名的锚点", "這個別名上面沒有同名的錨點").to_owned(),
            },
            region.choose("如果 `*` 是值的一部分，请给值加引号", "如果 `*` 是值的一部分，請將值加引號"),
        ),
        P::AliasesExpand => say(
            region.choose("别名展开之后，一个文件写不下", "別名展開之後，一個檔案寫不下"),
            region.choose(
                "少用别名（`*name`）；模板（`profile`）能共用值，不用复制",
                "少用別名（`*name`）；範本（`profile`）能共用值，不用複製",
            ),
        ),
        P::KeyNotText => say(
            region.choose("列表和映射不能当键", "清單和對應表不能當鍵"),
            region.choose(
                "写成 `key: value`；以 `{` 或 `[` 开头的值要加引号",
                "寫成 `key: value`；以 `{` 或 `[` 開頭的值要加引號",
            ),
        ),
        P::KeyMissing => say(region.choose("`:` 前面缺少键", "`:` 前面缺少鍵"), key_value),
        P::MergeKey => say(
            region.choose("不支持合并键；请用模板", "不支援合併鍵；請用範本"),
            region.choose(
                "共用的内容写在 `profiles:` 下面，再用 `profile:` 写明用哪一个",
                "共用的內容寫在 `profiles:` 下面，再用 `profile:` 寫明用哪一個",
            ),
        ),
        P::KeyTwice { key } => say(
            match key {
                Some(key) => {
                    zh!(region, "`{key}` 在同一个映射里写了两次", "`{key}` 在同一個對應表裡寫了兩次")
                }
                None => {
                    region.choose("这个键在同一个映射里写了两次", "這個鍵在同一個對應表裡寫了兩次").to_owned()
                }
            },
            region.choose("只留一个", "只留一個"),
        ),
        P::TooDeep { most } => say(
            zh!(region, "列表和映射嵌套超过 {most} 层", "清單和對應表巢狀超過 {most} 層"),
            region.choose("清单五层左右就够了", "清單檔五層左右就夠了"),
        ),
        P::TagMisfit { tag } => say(
            zh!(region, "值与标签 `!!{tag}` 不符", "值與標籤 `!!{tag}` 不符"),
            region.choose("去掉标签，或改正值", "拿掉標籤，或改正值"),
        ),
        P::TagUnsupported { tag } => say(
            match tag {
                Some(tag) => zh!(region, "不支持标签 `{tag}`", "不支援標籤 `{tag}`"),
                None => region.choose("不支持这个标签", "不支援這個標籤").to_owned(),
            },
            region
                .choose("去掉它；值本来就以 `!` 开头的，请加引号", "拿掉它；值本來就以 `!` 開頭的，請加引號"),
        ),
        P::TagUnreadable => say(
            region.choose("`!` 开头的标签认不出来", "`!` 開頭的標籤無法辨認"),
            region.choose("如果 `!` 是值的一部分，请给值加引号", "如果 `!` 是值的一部分，請將值加引號"),
        ),
        P::TooManyProblems { file, most } => say(
            zh!(
                region,
                "`{file}` 里的问题超过 {most} 个，其余不再列出",
                "`{file}` 裡的問題超過 {most} 個，其餘不再列出"
            ),
            "",
        ),
        P::ReservedSign { sign: '`' } => {
            say(region.choose("不加引号的值不能以反引号开头", "不加引號的值不能以反引號開頭"), quote)
        }
        P::ReservedSign { sign } => {
            say(zh!(region, "不加引号的值不能以 `{sign}` 开头", "不加引號的值不能以 `{sign}` 開頭"), quote)
        }
        P::NameMissing { sign } => say(
            if *sign == '&' {
                region.choose("`&` 表示锚点，后面却没有名称", "`&` 表示錨點，後面卻沒有名稱").to_owned()
            } else {
                zh!(region, "`{sign}` 表示别名，后面却没有名称", "`{sign}` 表示別名，後面卻沒有名稱")
            },
            region.choose("如果这个符号是值的一部分，请给值加引号", "如果這個符號是值的一部分，請將值加引號"),
        ),
        P::TextBlock => say(
            region.choose("以 `|` 或 `>` 开头的文本块格式不对", "以 `|` 或 `>` 開頭的文字區塊格式不對"),
            region.choose(
                "把 `|` 或 `>` 写在行末，下面各行文本都用空格缩进；或者给值加上引号",
                "把 `|` 或 `>` 寫在行尾，下面各行文字都用空格縮排；或者將值加上引號",
            ),
        ),
        P::ByteOrderMark => say(
            region.choose("文件中间有字节顺序标记（U+FEFF）", "檔案中間有位元組順序記號（U+FEFF）"),
            region.choose("删掉这个不可见字符", "刪掉這個不可見字元"),
        ),
        P::StrayBracket => say(
            region.choose("这个右括号没有对应的左括号", "這個右括號沒有對應的左括號"),
            region.choose("删掉它，或给值加上引号", "刪掉它，或將值加上引號"),
        ),
        P::EntryBesideKey => say(
            region.choose("列表项 `- ` 不能和它的键写在同一行", "清單項目 `- ` 不能和它的鍵寫在同一行"),
            region.choose(
                "列表从下一行写起，或写成 `[a, b]`；如果 `-` 是值的一部分，请给值加引号",
                "清單從下一行寫起，或寫成 `[a, b]`；如果 `-` 是值的一部分，請將值加引號",
            ),
        ),
        P::QuestionMark => say(region.choose("`? ` 不能写在这里", "`? ` 不能寫在這裡"), quote),
        P::ValueBelowRemark => say(
            region.choose("注释把一个值隔成了两段", "註解把一個值隔成了兩段"),
            region.choose("给值加上引号，或写在一行里", "將值加上引號，或寫在一行裡"),
        ),
        P::DocumentBegin => say(
            region.choose("文档不能从这里开始", "文件不能從這裡開始"),
            region.choose(
                "两个文档之间单独写一行 `---`；以 `%` 开头的值要加引号",
                "兩個文件之間單獨寫一行 `---`；以 `%` 開頭的值要加引號",
            ),
        ),
        P::DocumentEnd => say(
            region.choose("`...` 后面只能写注释", "`...` 後面只能寫註解"),
            region.choose("下一个文档前面写 `---`", "下一個文件前面寫 `---`"),
        ),
        P::Tab => say(
            region.choose("这一行的缩进里有制表符（Tab）", "這一行的縮排裡有定位字元（Tab）"),
            region.choose("用空格缩进：YAML 不允许用制表符", "用空格縮排：YAML 不允許用定位字元"),
        ),
        P::FullwidthSign { sign, meant } => say(
            zh!(
                region,
                "`{sign}` 是全角符号，YAML 把它当成文字，不当成 `{meant}`",
                "`{sign}` 是全形符號，YAML 把它當成文字，不當成 `{meant}`"
            ),
            match meant {
                ':' => region
                    .choose(
                        "写成 `: `，后面带一个空格：先把输入法切到英文标点",
                        "寫成 `: `，後面帶一個空格：先把輸入法切到英文標點",
                    )
                    .to_owned(),
                ',' => region
                    .choose("写成 `, `：先把输入法切到英文标点", "寫成 `, `：先把輸入法切到英文標點")
                    .to_owned(),
                _ => zh!(
                    region,
                    "写成 `{meant}`：先把输入法切到英文标点",
                    "寫成 `{meant}`：先把輸入法切到英文標點"
                ),
            },
        ),
        P::OddBlank { sign } => {
            let kind = match sign {
                '\u{3000}' => region.choose("全角空格", "全形空格"),
                '\u{a0}' | '\u{202f}' => region.choose("不换行空格", "不斷行空格"),
                '\u{200b}' | '\u{2060}' => region.choose("不可见的空格", "不可見的空格"),
                _ => region.choose("少见的空格", "少見的空格"),
            };
            let code = u32::from(*sign);
            say(
                zh!(
                    region,
                    "这是{kind}（U+{code:04X}），YAML 把它当成文字",
                    "這是{kind}（U+{code:04X}），YAML 把它當成文字"
                ),
                if *sign == '\u{3000}' {
                    region.choose("写普通空格：先把输入法切到半角", "寫一般空格：先把輸入法切到半形")
                } else {
                    region.choose(
                        "写普通空格：这种空格多半是从网页或聊天里复制来的",
                        "寫一般空格：這種空格多半是從網頁或聊天裡複製來的",
                    )
                },
            )
        }
        P::Escape => say(
            region.choose(
                "双引号里的反斜杠表示转义，而 YAML 没有这一种转义",
                "雙引號裡的反斜線表示跳脫字元，而 YAML 沒有這一種",
            ),
            region.choose(
                "反斜杠本身写成 `\\\\`，或改用单引号：单引号里反斜杠就是普通字符",
                "反斜線本身寫成 `\\\\`，或改用單引號：單引號裡反斜線就是一般字元",
            ),
        ),
        P::CommaMissing => say(
            region.choose("这一项前面缺少 `,`", "這一項前面缺少 `,`"),
            region.choose("各项之间写 `, `；或者给整个值加上引号", "各項之間寫 `, `；或者將整個值加上引號"),
        ),
        P::TextAfterQuote => say(
            region.choose("值的右引号后面还有文字", "值的右引號後面還有文字"),
            region.choose(
                "给整个值加上引号；单引号里的 `'` 写成 `''`，双引号里的 `\"` 写成 `\\\"`",
                "將整個值加上引號；單引號裡的 `'` 寫成 `''`，雙引號裡的 `\"` 寫成 `\\\"`",
            ),
        ),
        P::OpenQuote => say(
            region.choose("引号从这里开始，到值的末尾还没有结束", "引號從這裡開始，到值的結尾還沒有結束"),
            region.choose(
                "在值的末尾补上引号；值要接到下一行的，请缩进那一行",
                "在值的結尾補上引號；值要接到下一行的，請縮排那一行",
            ),
        ),
        P::OpenBracket { bracket } => say(
            zh!(region, "`{bracket}` 从这里开始，一直没有结束", "`{bracket}` 從這裡開始，一直沒有結束"),
            close(*bracket, region),
        ),
        P::InBracket { bracket } => {
            let end = closing(*bracket);
            say(
                zh!(
                    region,
                    "`{bracket}` 还没有结束，后面却不是 `, `，也不是 `{end}`",
                    "`{bracket}` 還沒有結束，後面卻不是 `, `，也不是 `{end}`"
                ),
                close(*bracket, region),
            )
        }
        P::TextAfterBracket => say(
            region.choose("值的右括号后面还有文字", "值的右括號後面還有文字"),
            region.choose("如果括号是值的一部分，请给整个值加引号", "如果括號是值的一部分，請將整個值加引號"),
        ),
        P::ColonInValue => say(
            region.choose("不加引号的值里有 `:` 加空格", "不加引號的值裡有 `:` 加空格"),
            region.choose("给整个值加上引号", "將整個值加上引號"),
        ),
        P::BlankMissing => say(region.choose("`:` 后面缺少空格", "`:` 後面缺少空格"), key_value),
        P::KeyIndented => say(
            region.choose(
                "这个键的缩进像是属于上一行，而上一行已经有值",
                "這個鍵的縮排像是屬於上一行，而上一行已經有值",
            ),
            region.choose("同一个映射的键要从同一列写起", "同一個對應表的鍵要從同一欄寫起"),
        ),
        P::NeitherFieldNorEntry => say(
            region.choose(
                "这一行既不是 `key: value`，也不是列表项 `- value`",
                "這一行既不是 `key: value`，也不是清單項目 `- value`",
            ),
            region.choose(
                "补上 `:` 和值；如果它接着上面的值，请缩进这一行",
                "補上 `:` 和值；如果它接著上面的值，請縮排這一行",
            ),
        ),
        P::NotAnEntry => say(
            region.choose("这一行不是上面列表里的一项", "這一行不是上面清單裡的一項"),
            region.choose("以 `- ` 开头，或与它所属的键对齐", "以 `- ` 開頭，或與它所屬的鍵對齊"),
        ),
        P::Indentation => say(
            region.choose("这一行的缩进与上面哪一行都对不上", "這一行的縮排與上面哪一行都對不上"),
            region.choose(
                "同一个映射的键、同一个列表的 `-`，都从同一列写起",
                "同一個對應表的鍵、同一個清單的 `-`，都從同一欄寫起",
            ),
        ),
        P::ValueBegin => say(region.choose("值不能这样开头", "值不能這樣開頭"), quote),
        P::NotYaml => say(
            region.choose("这不是合法的 YAML", "這不是有效的 YAML"),
            region.choose(
                "看看这里和上一行，是不是缺了引号、括号、空格或缩进",
                "看看這裡和上一行，是不是缺了引號、括號、空格或縮排",
            ),
        ),
        P::NoDocument => say(
            region.choose("文件里没有文档：是空的，或只有注释", "檔案裡沒有文件：是空的，或只有註解"),
            region.choose(
                "把文件写完整，或删掉它；名册确实是空的，就写一个只有 `kind: Roster` 的文档",
                "把檔案寫完整，或刪掉它；名冊確實是空的，就寫一個只有 `kind: Roster` 的文件",
            ),
        ),
        P::Unlisted { count } => say(
            zh!(
                region,
                "还有 {count} 个错误没有列出；先改好这些，再运行一次",
                "還有 {count} 個錯誤沒有列出；先改好這些，再執行一次"
            ),
            "",
        ),
    }
}

fn closing(bracket: char) -> char {
    if bracket == '[' { ']' } else { '}' }
}

fn close(bracket: char, region: Region) -> String {
    let end = closing(bracket);
    zh!(
        region,
        "用 `{end}` 结束，各项之间写 `, `；以 `{bracket}` 开头的值要加引号",
        "用 `{end}` 結束，各項之間寫 `, `；以 `{bracket}` 開頭的值要加引號"
    )
}
