//! Topics of the workspace file.

#[rustfmt::skip]
pub(super) const ROWS: &[(&str, [&str; 2])] = &[
    ("connection", [
        "一个厂商系统，写在 rosterctl.yaml 的 `connections` 下，名字自取，带 `provider`。",
        "一個廠商系統，寫在 rosterctl.yaml 的 `connections` 下，名字自取，帶 `provider`。",
    ]),
    ("connection.baseUrl", [
        "系统的地址，如 https://cc.example.com；或写 `sandbox`，用内置的模拟器。",
        "系統的位址，如 https://cc.example.com；或寫 `sandbox`，用內建的模擬器。",
    ]),
    ("connection.timeout", [
        "一次调用最多等多久。",
        "一次呼叫最多等多久。",
    ]),
    ("connection.retry", [
        "一次调用重试的上限。",
        "一次呼叫重試的上限。",
    ]),
    ("connection.retry.attempts", [
        "一次调用最多试几次。",
        "一次呼叫最多試幾次。",
    ]),
    ("connection.retry.total", [
        "一次调用连同重试最多用多久。",
        "一次呼叫連同重試最多用多久。",
    ]),
    ("connection.concurrency", [
        "同时进行的调用数。",
        "同時進行的呼叫數。",
    ]),
    ("connection.caFile", [
        "另加的证书机构，PEM 文件；路径相对于 rosterctl.yaml，或绝对路径。",
        "另加的憑證機構，PEM 檔案；路徑相對於 rosterctl.yaml，或絕對路徑。",
    ]),
    ("connection.allowInsecure", [
        "允许用 http:// 访问别的主机。这样密码会在网络上明文传送。",
        "允許用 http:// 存取別的主機。這樣密碼會在網路上明文傳送。",
    ]),
    ("connection.*.token", [
        "每次调用都带的令牌。",
        "每次呼叫都帶的權杖。",
    ]),
    ("connection.*.apiSecret", [
        "给每次调用签名的密钥。",
        "替每次呼叫簽章的密鑰。",
    ]),
    ("connection.*.rateLimit", [
        "限速；厂商文档没有写，所以不填就不限速。",
        "限速；廠商文件沒有寫，所以不填就不限速。",
    ]),
    ("connection.*.*.calls", [
        "任一时间窗内允许的调用数。",
        "任一時間窗內允許的呼叫數。",
    ]),
    ("connection.*.*.per", [
        "时间窗的长度。",
        "時間窗的長度。",
    ]),
    ("store", [
        "密钥的来处，写在 rosterctl.yaml 的 `secrets` 下，名字自取，带 `type`。",
        "密鑰的來處，寫在 rosterctl.yaml 的 `secrets` 下，名字自取，帶 `type`。",
    ]),
    ("store.env", [
        "环境变量：键 CC_TOKEN 读取 PREFIX + CC_TOKEN。键只能用 [A-Z0-9_]+。",
        "環境變數：鍵 CC_TOKEN 讀取 PREFIX + CC_TOKEN。鍵只能用 [A-Z0-9_]+。",
    ]),
    ("store.env.prefix", [
        "加在每个键前面。",
        "加在每個鍵前面。",
    ]),
    ("store.dir", [
        "每个键一个文件，不会越出目录；可写。",
        "每個鍵一個檔案，不會越出資料夾；可寫。",
    ]),
    ("store.dir.path", [
        "目录；路径相对于 rosterctl.yaml，或绝对路径。",
        "資料夾；路徑相對於 rosterctl.yaml，或絕對路徑。",
    ]),
    ("store.vault", [
        "HashiCorp Vault，KV 第 2 版；可写。",
        "HashiCorp Vault，KV 第 2 版；可寫。",
    ]),
    ("store.vault.address", [
        "Vault 的地址。",
        "Vault 的位址。",
    ]),
    ("store.vault.mount", [
        "KV 引擎的挂载点。",
        "KV 引擎的掛載點。",
    ]),
    ("store.vault.path", [
        "加在每个键前面的路径。",
        "加在每個鍵前面的路徑。",
    ]),
    ("store.vault.token", [
        "用令牌登录。",
        "用權杖登入。",
    ]),
    ("store.vault.approle", [
        "用 AppRole 登录。",
        "用 AppRole 登入。",
    ]),
    ("store.vault.approle.roleId", [
        "角色的 id。",
        "角色的 id。",
    ]),
    ("store.vault.approle.secretId", [
        "密钥的 id。",
        "密鑰的 id。",
    ]),
    ("store.vault.*.mount", [
        "登录方式的挂载点。",
        "登入方式的掛載點。",
    ]),
    ("store.vault.kubernetes", [
        "以 Kubernetes 服务账号登录。",
        "以 Kubernetes 服務帳號登入。",
    ]),
    ("store.vault.kubernetes.role", [
        "角色。",
        "角色。",
    ]),
    ("store.vault.namespace", [
        "命名空间（Vault Enterprise）。",
        "命名空間（Vault Enterprise）。",
    ]),
    ("store.vault.caFile", [
        "另加的证书机构，PEM 文件。",
        "另加的憑證機構，PEM 檔案。",
    ]),
    ("store.sops", [
        "用 SOPS 为 age 或 SSH 收件人加密的 YAML 或 JSON 文件；只读。",
        "用 SOPS 為 age 或 SSH 收件人加密的 YAML 或 JSON 檔案；唯讀。",
    ]),
    ("store.*.path", [
        "文件。",
        "檔案。",
    ]),
    ("store.sops.identity", [
        "age 身份或 SSH 密钥；不填就用 SOPS 的环境变量和默认文件。",
        "age 身分或 SSH 金鑰；不填就用 SOPS 的環境變數和預設檔案。",
    ]),
    ("store.age", [
        "用 age 加密的文件，内容是键到值的映射；只读。",
        "用 age 加密的檔案，內容是鍵到值的對應表；唯讀。",
    ]),
    ("store.age.identity", [
        "age 身份或 SSH 密钥。",
        "age 身分或 SSH 金鑰。",
    ]),
    ("store.exec", [
        "一条命令，不经 shell；{key} 代表键。",
        "一條命令，不經 shell；{key} 代表鍵。",
    ]),
    ("store.exec.get", [
        "打印 {key} 的值。",
        "印出 {key} 的值。",
    ]),
    ("store.exec.put", [
        "把标准输入存到 {key}。",
        "把標準輸入存到 {key}。",
    ]),
    ("store.exec.line", [
        "值是 `get` 打印的全部，还是只取第一行。",
        "值是 `get` 印出的全部，還是只取第一行。",
    ]),
    ("store.exec.missing", [
        "键不存在时 `get` 怎么结束；pass、gopass、op、security、secret-tool 的情形已内置。",
        "鍵不存在時 `get` 怎麼結束；pass、gopass、op、security、secret-tool 的情形已內建。",
    ]),
    ("store.exec.missing.exit", [
        "键不存在时 `get` 的退出码。",
        "鍵不存在時 `get` 的結束代碼。",
    ]),
    ("store.exec.missing.stderr", [
        "此时 `get` 在标准错误上打印的文本。",
        "此時 `get` 在標準錯誤上印出的文字。",
    ]),
    ("ledger", [
        "账本：rosterctl 在这里记住执行过什么；rosterctl.yaml 的 `ledger`。",
        "帳本：rosterctl 在這裡記住執行過什麼；rosterctl.yaml 的 `ledger`。",
    ]),
    ("ledger.path", [
        "账本文件，路径相对于 rosterctl.yaml；每个工作区各有一个。",
        "帳本檔案，路徑相對於 rosterctl.yaml；每個工作區各有一個。",
    ]),
    ("ledger.url", [
        "账本的对象存储，如 s3://bucket/prefix；代替 `path`。",
        "帳本的物件儲存，如 s3://bucket/prefix；取代 `path`。",
    ]),
    ("ledger.lease", [
        "锁不续期能保持多久。",
        "鎖不續期能保持多久。",
    ]),
    ("ledger.fingerprintKey", [
        "密码指纹的密钥。",
        "密碼指紋的密鑰。",
    ]),
    ("language", [
        "给人看的内容用什么语言：报告、问题、办法、`explain`。`--lang` 优先。JSON、id、键和日志不变。",
        "給人看的內容用什麼語言：報告、問題、辦法、`explain`。`--lang` 優先。JSON、id、鍵和日誌不變。",
    ]),
    ("timeZone", [
        "清单里所有日期的时区，写 IANA 名称，如 Asia/Shanghai；清单里有日期就必须写。",
        "清單裡所有日期的時區，寫 IANA 名稱，如 Asia/Taipei；清單裡有日期就必須寫。",
    ]),
    ("calendar", [
        "清单里的日期往前看多远；rosterctl.yaml 的 `calendar`。",
        "清單裡的日期往前看多遠；rosterctl.yaml 的 `calendar`。",
    ]),
    ("calendar.horizon", [
        "`validate` 检查、`calendar` 显示今后多少天。",
        "`validate` 檢查、`calendar` 顯示今後多少天。",
    ]),
    ("policy", [
        "策略：一次执行可以做什么；rosterctl.yaml 的 `policy`。",
        "政策：一次執行可以做什麼；rosterctl.yaml 的 `policy`。",
    ]),
    ("policy.prune", [
        "清单里没有的线上坐席，删除哪些：都不删、删 rosterctl 新增或接管的、全删。厂商能删除队列、清单又声明了队列时，对队列同样有效。",
        "清單裡沒有的線上客服人員，刪除哪些：都不刪、刪 rosterctl 新增或接管的、全刪。廠商能刪除佇列、清單又宣告了佇列時，對佇列同樣有效。",
    ]),
    ("policy.limits", [
        "一次执行可以改多少。",
        "一次執行可以改多少。",
    ]),
    ("policy.limits.deletes", [
        "一次执行最多删除多少坐席，按线上人数算；队列另按线上队列数算。",
        "一次執行最多刪除多少客服人員，依線上人數算；佇列另依線上佇列數算。",
    ]),
    ("policy.limits.changes", [
        "一次执行最多修改或重建多少坐席和队列，按线上数量算。",
        "一次執行最多修改或重建多少客服人員和佇列，依線上數量算。",
    ]),
    ("policy.limits.memberRemovals", [
        "一次执行里一个队列最多减少多少成员；删除队列也算。",
        "一次執行裡一個佇列最多減少多少成員；刪除佇列也算。",
    ]),
    ("policy.limits.floor", [
        "不超过这个数量的变更，任何非零的限额都放行。",
        "不超過這個數量的異動，任何非零的限額都放行。",
    ]),
    ("policy.leavers", [
        "离职的坐席怎么处理。",
        "離職的客服人員怎麼處理。",
    ]),
    ("policy.leavers.then", [
        "坐席过了 `until` 之后：停用、删除，或不动。",
        "客服人員過了 `until` 之後：停用、刪除，或不動。",
    ]),
    ("policy.leavers.deleteAfter", [
        "停用的坐席在最后一天之后多少天删除。",
        "停用的客服人員在最後一天之後多少天刪除。",
    ]),
    ("policy.immutable", [
        "厂商改不了的字段有差异时怎么办：只报告，或删除坐席再重建。",
        "廠商改不了的欄位有差異時怎麼辦：只報告，或刪除客服人員再重建。",
    ]),
    ("policy.presence", [
        "工作中的人，先放过哪些。",
        "工作中的人，先放過哪些。",
    ]),
    ("policy.presence.protect", [
        "坐席在哪些状态下先放过。",
        "客服人員在哪些狀態下先放過。",
    ]),
    ("policy.presence.block", [
        "坐席在这些状态下，哪些变更先不做。",
        "客服人員在這些狀態下，哪些異動先不做。",
    ]),
    ("policy.presence.wait", [
        "等这个状态结束，最多等多久。",
        "等這個狀態結束，最多等多久。",
    ]),
    ("policy.presence.onError", [
        "状态系统连不上时怎么办。",
        "狀態系統連不上時怎麼辦。",
    ]),
    ("policy.queueMembers", [
        "队列的成员列表是整个替换，还是只增不减。",
        "佇列的成員名單是整個取代，還是只增不減。",
    ]),
    ("scope", [
        "租户里归这个工作区管的部分。范围之外的坐席和队列不列出、不比对、不删除，清单也不能声明它们。队列里范围之外的成员留在列表里。",
        "租戶裡歸這個工作區管的部分。範圍之外的客服人員和佇列不列出、不比對、不刪除，清單也不能宣告它們。佇列裡範圍之外的成員留在名單裡。",
    ]),
    ("scope.agents", [
        "这个工作区的坐席：每个键都要符合，每个键符合其中一个文本即可。不写就是全部坐席。",
        "這個工作區的客服人員：每個鍵都要符合，每個鍵符合其中一個文字即可。不寫就是全部客服人員。",
    ]),
    ("scope.agents.operatorId", [
        "坐席的工号，逐个写，或写范围。",
        "客服人員的工號，逐個寫，或寫範圍。",
    ]),
    ("scope.agents.mainSkillGroup", [
        "坐席的主技能组。线上没有主技能组的坐席在范围之外。",
        "客服人員的主技能群組。線上沒有主技能群組的客服人員在範圍之外。",
    ]),
    ("scope.agents.name", [
        "坐席的姓名。",
        "客服人員的姓名。",
    ]),
    ("scope.queues", [
        "这个工作区的队列，写法相同。不写就是全部队列。",
        "這個工作區的佇列，寫法相同。不寫就是全部佇列。",
    ]),
    ("scope.queues.displayName", [
        "队列的名字。",
        "佇列的名字。",
    ]),
    ("scope.queues.exten", [
        "厂商给队列的编号。还没有编号的队列在范围之外。",
        "廠商給佇列的編號。還沒有編號的佇列在範圍之外。",
    ]),
    ("ignore", [
        "这个工作区不动的个别线上对象，如同在 `scope` 之外，各写原因。",
        "這個工作區不動的個別線上對象，如同在 `scope` 之外，各寫原因。",
    ]),
    ("ignore.id", [
        "坐席、队列或语音坐席：`agent/8002`、`queue/NAME`、`queue/NAME@EXTEN` 或 `seat/ACCOUNT`。",
        "客服人員、佇列或語音座席：`agent/8002`、`queue/NAME`、`queue/NAME@EXTEN` 或 `seat/ACCOUNT`。",
    ]),
    ("ignore.reason", [
        "为什么不动；错误的报告会显示它。",
        "為什麼不動；錯誤的報告會顯示它。",
    ]),
];
