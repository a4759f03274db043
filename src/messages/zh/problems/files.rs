//! Problems of files, secrets and connections.

use super::words::{say, value_objection};
use crate::messages::zh::{Region, zh};
use crate::model::problem::{ConnectionFault, FileProblem};

pub(super) fn problem(problem: &FileProblem, region: Region) -> (String, String) {
    use FileProblem as P;
    let fewer_files = region.choose(
        "把名册拆成几个工作区，或把更多坐席写成号段、写进模板",
        "把名冊拆成幾個工作區，或把更多客服人員寫成號段、寫進範本",
    );
    match problem {
        P::NameNotUtf8 => say(
            region.choose("这个文件的名称不是 UTF-8", "這個檔案的名稱不是 UTF-8"),
            region.choose("改个名称", "改個名稱"),
        ),
        P::LinkOut => say(
            region.choose(
                "这个文件是链接，指到了 `manifests:` 所列目录的外面",
                "這個檔案是連結，指到了 `manifests:` 所列資料夾的外面",
            ),
            region.choose(
                "把文件本身放到这里，或把它所在的目录列在 `manifests:` 下",
                "把檔案本身放到這裡，或把它所在的資料夾列在 `manifests:` 下",
            ),
        ),
        P::ReservedFile => say(
            region.choose(
                "这是密钥库、Git 或 rosterctl 自己的文件，或指向这样的文件",
                "這是密鑰庫、Git 或 rosterctl 自己的檔案，或指向這樣的檔案",
            ),
            region.choose(
                "移走它，或把密钥库放到 `manifests:` 没有列出的目录",
                "移走它，或把密鑰庫放到 `manifests:` 沒有列出的資料夾",
            ),
        ),
        P::TooManyFiles { count, most } => say(
            zh!(region, "清单有 {count} 个文件，最多读 {most} 个", "清單有 {count} 個檔案，最多讀 {most} 個"),
            fewer_files,
        ),
        P::TooManyBytes { bytes, most } => say(
            zh!(
                region,
                "清单合计 {bytes} 字节，最多读 {most} 字节",
                "清單合計 {bytes} 位元組，最多讀 {most} 位元組"
            ),
            fewer_files,
        ),
        P::BehindLink { name } => say(
            zh!(region, "`{name}` 是链接，或要经过链接才能到", "`{name}` 是連結，或要經過連結才能到"),
            region.choose(
                "直接写目录或文件本身，要在 rosterctl.yaml 所在的目录之下",
                "直接寫資料夾或檔案本身，要在 rosterctl.yaml 所在的資料夾之下",
            ),
        ),
        P::FolderUnreadable { name, why } => {
            say(zh!(region, "目录 `{name}` 读不了：{why}", "資料夾 `{name}` 無法讀取：{why}"), "")
        }
        P::NoManifest { name } => say(
            zh!(region, "目录 `{name}` 里没有清单", "資料夾 `{name}` 裡沒有清單"),
            region.choose(
                "放进 *.yaml 或 *.yml 文件，里面写 `kind: Roster`",
                "放進 *.yaml 或 *.yml 檔案，裡面寫 `kind: Roster`",
            ),
        ),
        P::NoSuchFile { name, workspace } => say(
            zh!(region, "没有 `{name}` 这个文件或目录", "沒有 `{name}` 這個檔案或資料夾"),
            zh!(region, "rosterctl 在 {workspace} 旁边找它", "rosterctl 在 {workspace} 旁邊找它"),
        ),
        P::Unreadable { path, why } => say(zh!(region, "{path} 读不了：{why}", "{path} 無法讀取：{why}"), ""),
        P::FolderTooDeep { most } => say(
            zh!(region, "这个目录的深度超过 {most} 层", "這個資料夾的深度超過 {most} 層"),
            region.choose("把它往上移", "把它往上移"),
        ),
        P::LinkToFolder => say(
            region.choose(
                "这是指向目录的链接，rosterctl 不读这种链接",
                "這是指向資料夾的連結，rosterctl 不讀這種連結",
            ),
            region.choose(
                "把目录本身放到这里，或列在 `manifests:` 下",
                "把資料夾本身放到這裡，或列在 `manifests:` 下",
            ),
        ),
        P::NoPlainFile => say(
            region.choose("这不是普通文件", "這不是一般檔案"),
            region.choose("移走它，或改名，不要用 *.yaml 和 *.yml", "移走它，或改名，不要用 *.yaml 和 *.yml"),
        ),
        P::DanglingLink { why } => say(
            zh!(region, "这个链接指向的内容读不了：{why}", "這個連結指向的內容無法讀取：{why}"),
            region.choose(
                "取来它指向的内容（子模块、共用的检出目录），或移走它",
                "取來它指向的內容（子模組、共用的簽出資料夾），或移走它",
            ),
        ),
        P::DeclaredElsewhere { id, workspace, absent, theirs } => {
            say(
                if *theirs {
                    zh!(
                        region,
                        "工作区 `{workspace}` 也写了 {id}，写的是 `state: absent`，而它连的是同一个租户",
                        "工作區 `{workspace}` 也寫了 {id}，寫的是 `state: absent`，而它連的是同一個租戶"
                    )
                } else {
                    zh!(
                        region,
                        "工作区 `{workspace}` 也声明了 {id}，而它连的是同一个租户",
                        "工作區 `{workspace}` 也宣告了 {id}，而它連的是同一個租戶"
                    )
                },
                // A tombstone deletes every agent of that number that the ledger owns.
                match (absent, theirs) {
                    (true, _) => region
                        .choose("去掉这个工作区里的 `state: absent`", "拿掉這個工作區裡的 `state: absent`"),
                    (false, true) => region
                        .choose("去掉那个工作区里的 `state: absent`", "拿掉那個工作區裡的 `state: absent`"),
                    (false, false) => region.choose(
                        "只在一个工作区里声明；用 `rosterctl ledger forget` 让另一个的账本放手",
                        "只在一個工作區裡宣告；用 `rosterctl ledger forget` 讓另一個的帳本放手",
                    ),
                },
            )
        }
        P::BadPassword { secret, why, more } => {
            let (why, more) = (value_objection(why, region), and_more(*more, region));
            say(zh!(region, "密码 {secret} {why}：另存一个{more}", "密碼 {secret} {why}：另存一個{more}"), "")
        }
        P::SecretUnread { why, more } => {
            say(format!("{}{}", why.text(region.language()), and_more(*more, region)), "")
        }
        P::Connection { name, fault: why } => {
            let why = fault(why, region);
            say(zh!(region, "连接 `{name}` {why}", "連線 `{name}` {why}"), "")
        }
        P::Told { message, help } => say(message, help),
    }
}

/// Writes the reason why a connection cannot be used, as a predicate of its name.
pub fn fault(fault: &ConnectionFault, region: Region) -> String {
    match fault {
        ConnectionFault::NoConnector => region.choose("没有连接器", "沒有連接器").to_owned(),
        ConnectionFault::NoSecret => {
            region.choose("没有写明用哪个密钥给调用签名", "沒有寫明用哪個密鑰為呼叫簽章").to_owned()
        }
        ConnectionFault::SecretUnread { why } => {
            let why = why.text(region.language());
            zh!(region, "无法给调用签名：{why}", "無法為呼叫簽章：{why}")
        }
        ConnectionFault::BadSecret { setting, secret, why } => {
            let why = value_objection(why, region);
            zh!(
                region,
                "无法给调用签名：它的 `{setting}` {secret} {why}：改好再存",
                "無法為呼叫簽章：它的 `{setting}` {secret} {why}：改好再存"
            )
        }
        ConnectionFault::Unusable { why } => zh!(region, "不能用：{why}", "不能用：{why}"),
    }
}

/// Writes the number of the other problems of one entry.
fn and_more(more: usize, region: Region) -> String {
    if more > 0 {
        zh!(region, "（同一个条目还有 {more} 个）", "（同一個條目還有 {more} 個）")
    } else {
        String::new()
    }
}
