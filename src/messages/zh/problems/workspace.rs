//! Problems of the workspace file.

use super::values::address;
use super::words::{did_you_mean, element, key_objection, say};
use crate::messages::zh::{Region, list, words, zh};
use crate::model::message::Word;
use crate::model::problem::{KeyForm, WorkspaceProblem};

pub(super) fn problem(problem: &WorkspaceProblem, region: Region) -> (String, String) {
    use WorkspaceProblem as P;
    match problem {
        P::EmptyWorkspace => say(
            region.choose("工作区文件是空的", "工作區檔案是空的"),
            region.choose("示例见 README", "範例見 README"),
        ),
        P::SecondDocument => say(
            region.choose("工作区文件只能有一个文档", "工作區檔案只能有一個文件"),
            region.choose("清单单独写成文件，列在 `manifests` 下", "清單單獨寫成檔案，列在 `manifests` 下"),
        ),
        P::ManifestOutside { path } => say(
            zh!(region, "`{path}` 不在工作区文件旁边", "`{path}` 不在工作區檔案旁邊"),
            region.choose(
                "只写 rosterctl.yaml 所在目录之下的文件和目录",
                "只寫 rosterctl.yaml 所在資料夾之下的檔案和資料夾",
            ),
        ),
        P::NoManifestNamed => say(
            region.choose("`manifests` 没有写文件或目录", "`manifests` 沒有寫檔案或資料夾"),
            region.choose(
                "写上清单所在的目录，如 `manifests: [roster]`",
                "寫上清單所在的資料夾，如 `manifests: [roster]`",
            ),
        ),
        P::StoreNeedsItself { store } => say(
            zh!(
                region,
                "密钥库 `{store}` 要用自己里面的密钥才打得开",
                "密鑰庫 `{store}` 要用自己裡面的密鑰才打得開"
            ),
            region.choose(
                "打开它的密钥要取自别的密钥库，如 env 类型的",
                "打開它的密鑰要取自別的密鑰庫，如 env 類型的",
            ),
        ),
        P::UnknownProvider { provider, near, known } => say(
            zh!(region, "没有 `{provider}` 这个 provider", "沒有 `{provider}` 這個 provider"),
            did_you_mean(near.as_ref(), || available(known, region), region),
        ),
        P::SecondConnection { provider } => say(
            zh!(region, "provider `{provider}` 有了第二个连接", "provider `{provider}` 有了第二個連線"),
            region.choose(
                "一个工作区里，每个 provider 最多一个连接；每个租户各用一个工作区",
                "一個工作區裡，每個 provider 最多一個連線；每個租戶各用一個工作區",
            ),
        ),
        P::SecondHolder { kind } => say(
            zh!(region, "第二个连接也管理{}", "第二個連線也管理{}", words::kind(region, *kind)),
            region.choose(
                "一个工作区里，每类资源最多一个连接；每个系统各用一个工作区",
                "一個工作區裡，每類資源最多一個連線；每個系統各用一個工作區",
            ),
        ),
        P::NoAddress { key, sandbox } => {
            say(zh!(region, "`{key}` 不是地址", "`{key}` 不是網址"), address(*sandbox, region))
        }
        P::AddressHoldsMore { key } => say(
            zh!(
                region,
                "`{key}` 里除了协议、主机、端口和路径，还有别的内容",
                "`{key}` 裡除了通訊協定、主機、連接埠和路徑，還有別的內容"
            ),
            region.choose("凭据要放进密钥库", "帳號密碼等認證資料要放進密鑰庫"),
        ),
        P::InsecureAddress { key, lifted } => say(
            zh!(
                region,
                "`{key}` 用 http:// 连别的主机：密码会在网络上明文传输",
                "`{key}` 用 http:// 連別的主機：密碼會在網路上明文傳輸"
            ),
            if *lifted {
                region.choose(
                    "改用 https://，或在这个连接上写 `allowInsecure: true`",
                    "改用 https://，或在這個連線上寫 `allowInsecure: true`",
                )
            } else {
                "改用 https://"
            },
        ),
        P::KeyAsCode { key, store } => say(
            zh!(
                region,
                "密钥库 `{store}` 的 `{key}` 把 `{{key}}` 写进了要运行的代码",
                "密鑰庫 `{store}` 的 `{key}` 把 `{{key}}` 寫進了要執行的程式碼"
            ),
            region.choose(
                "把它当参数传进去，如 [sh, -c, 'pass show \"$1\"', sh, \"{key}\"]",
                "把它當參數傳進去，如 [sh, -c, 'pass show \"$1\"', sh, \"{key}\"]",
            ),
        ),
        P::UnknownStore { store, near, declared } => say(
            zh!(region, "没有 `{store}` 这个密钥库", "沒有 `{store}` 這個密鑰庫"),
            did_you_mean(
                near.as_ref(),
                || {
                    if declared.is_empty() {
                        region
                            .choose(
                                "在 rosterctl.yaml 的 `secrets:` 下声明一个",
                                "在 rosterctl.yaml 的 `secrets:` 下宣告一個",
                            )
                            .to_owned()
                    } else {
                        zh!(region, "rosterctl.yaml 声明了：{}", "rosterctl.yaml 宣告了：{}", list(declared))
                    }
                },
                region,
            ),
        ),
        P::BadKey { store, key, form, why } => say(
            zh!(
                region,
                "密钥库 `{store}` 不能有键 `{key}`：{}",
                "密鑰庫 `{store}` 不能有鍵 `{key}`：{}",
                key_objection(why, region)
            ),
            match form {
                KeyForm::Variable => region.choose("写成 CC_TOKEN 这样", "寫成 CC_TOKEN 這樣"),
                KeyForm::Field => region.choose(
                    "写成 agents/8001 这样，要别的字段就写 agents/8001#password",
                    "寫成 agents/8001 這樣，要別的欄位就寫 agents/8001#password",
                ),
                KeyForm::Path => region
                    .choose("名称之间用 `/` 隔开，如 agents/8001", "名稱之間用 `/` 隔開，如 agents/8001"),
            },
        ),
        P::NotWritable { store } => say(
            zh!(
                region,
                "`generate: true` 要用可写的密钥库，而 `{store}` 不可写",
                "`generate: true` 要用可寫的密鑰庫，而 `{store}` 不可寫"
            ),
            region.choose(
                "改用 dir、vault，或写了 `put` 的 exec 类型的密钥库",
                "改用 dir、vault，或寫了 `put` 的 exec 類型的密鑰庫",
            ),
        ),
        P::MoreThanOne { what, keys } => say(
            zh!(
                region,
                "{}里，{} 写了不止一个",
                "{}裡，{} 寫了不止一個",
                element(what, region),
                quoted(keys)
            ),
            region.choose("只留一个", "只留一個"),
        ),
        P::NoneGiven { what, keys } => say(
            zh!(
                region,
                "{}里，{} 一个也没有写",
                "{}裡，{} 一個也沒有寫",
                element(what, region),
                quoted(keys)
            ),
            region.choose("写上其中一个", "寫上其中一個"),
        ),
        P::NeededBy { what, key, setting, word } => say(
            zh!(
                region,
                "{}缺少 `{key}`，而 `{setting}: {word}` 需要它",
                "{}缺少 `{key}`，而 `{setting}: {word}` 需要它",
                element(what, region)
            ),
            format!("加上 `{key}: …`"),
        ),
        P::UnknownUrl { key, schemes } => say(
            zh!(region, "`{key}` 的地址类型不认识", "`{key}` 的網址類型不認識"),
            zh!(region, "用其中一种开头：{}", "用其中一種開頭：{}", list(schemes)),
        ),
        P::ZeroDuration { key } => say(
            zh!(region, "`{key}` 必须大于零", "`{key}` 必須大於零"),
            region.choose("写时长，如 30s，或去掉它", "寫時間長度，如 30s，或拿掉它"),
        ),
        P::NoDuration { key } => say(
            zh!(region, "`{key}` 不是时长", "`{key}` 不是時間長度"),
            region.choose(
                "写数字加单位，最长一周：500ms、30s、2m、1h",
                "寫數字加單位，最長一週：500ms、30s、2m、1h",
            ),
        ),
        P::OnlyWith { key, setting, word } => say(
            zh!(
                region,
                "`{key}` 要有 `{setting}: {word}` 才起作用",
                "`{key}` 要有 `{setting}: {word}` 才有作用"
            ),
            zh!(
                region,
                "写上 `{setting}: {word}`，或去掉 `{key}`",
                "寫上 `{setting}: {word}`，或拿掉 `{key}`"
            ),
        ),
        P::NoDays { key, min, most, never } => say(
            zh!(region, "`{key}` 不是天数", "`{key}` 不是天數"),
            zh!(
                region,
                "写天数，{min} 到 {most} 天，如 30d{}",
                "寫天數，{min} 到 {most} 天，如 30d{}",
                if *never { "，或 `never`" } else { "" }
            ),
        ),
        P::UnknownZone { zone, near } => say(
            zh!(region, "没有 `{zone}` 这个时区", "沒有 `{zone}` 這個時區"),
            did_you_mean(
                near.as_ref(),
                || region.choose("写 IANA 名称，如 Asia/Shanghai", "寫 IANA 名稱，如 Asia/Taipei").to_owned(),
                region,
            ),
        ),
        P::NoOffset { key } => say(
            zh!(region, "`{key}` 不是与 UTC 的时差", "`{key}` 不是與 UTC 的時差"),
            region.choose(
                "加上引号，写正负号、小时和分钟：\"+08:00\"",
                "加上引號，寫正負號、小時和分鐘：\"+08:00\"",
            ),
        ),
        P::IgnoredTwice { id } => say(
            zh!(region, "{id} 在 `ignore` 里写了两次", "{id} 在 `ignore` 裡寫了兩次"),
            region.choose("去掉其中一条", "拿掉其中一條"),
        ),
    }
}

fn available(known: &[Word], region: Region) -> String {
    zh!(region, "现有：{}", "現有：{}", list(known))
}

fn quoted(keys: &[Word]) -> String {
    list(keys.iter().map(|key| format!("`{key}`")))
}
