//! Sentences of findings.

use std::borrow::Cow;

use super::notes::left_alone;
use super::problems::{ahead, id_objection};
use super::{PEOPLE, Region, THINGS, list, listed, words, zh};
use crate::messages::subject::Subject;
use crate::model::choices::choice;
use crate::model::difference::fields;
use crate::model::field::by_key;
use crate::model::finding::{FindingKind, ForeignSecret, Holder, Numbered};
use crate::model::id::{Kind, OperatorId};
use crate::model::presence::State;
use crate::model::text::visible;
use crate::model::value::{Type, word};

/// Writes a finding.
pub fn finding(what: &FindingKind, about: &Subject<'_>, region: Region) -> String {
    let fact = fact(what, about, region);
    let Some((word, count)) = what.limit() else { return fact };
    zh!(
        region,
        "{fact}；确实要这样，`--allow {word}={count}` 只放宽这一次",
        "{fact}；確實要這樣，`--allow {word}={count}` 只放寬這一次"
    )
}

/// Writes a finding without the allowance that lifts its limit.
pub fn fact(what: &FindingKind, about: &Subject<'_>, region: Region) -> String {
    use FindingKind as K;
    let (id, own, number) = (subject(about, region), own(about), number(about));
    match what {
        K::Immutable { difference } if difference.kind == Kind::Agent => zh!(
            region,
            "{id}：{}，厂商只在新增坐席时能设这一项；写 `policy.immutable: replace` 就删除坐席再重建",
            "{id}：{}，廠商只在新增客服人員時能設這一項；寫 `policy.immutable: replace` 就刪除客服人員再重建",
            words::differs(region, difference)
        ),
        K::Immutable { difference } => zh!(
            region,
            "{id}：{}，厂商没有提供修改这一项的接口；请在控制台修改，或改清单",
            "{id}：{}，廠商沒有提供修改這一項的介面；請在主控台修改，或改清單",
            words::differs(region, difference)
        ),
        K::Unread { fields, editable, agents } => {
            let all = words::amid_chinese(&words::fields(region, Kind::Agent, fields));
            let remedy = if editable.is_empty() {
                region.choose("先不动，厂商没有修改它的接口", "先不動，廠商沒有修改它的介面").to_owned()
            } else if editable.len() == fields.len() {
                region
                    .choose("先不动，`--assert-unread` 会重新设置", "先不動，`--assert-unread` 會重新設定")
                    .to_owned()
            } else {
                let editable = words::after_chinese(&words::fields(region, Kind::Agent, editable));
                zh!(
                    region,
                    "先不动，`--assert-unread` 会重新设置{editable}",
                    "先不動，`--assert-unread` 會重新設定{editable}"
                )
            };
            zh!(
                region,
                "{agents} 名线上坐席的{all}未知：没有系统返回，rosterctl 也还没有设置过；{remedy}",
                "{agents} 位線上客服人員的{all}未知：沒有系統傳回，rosterctl 也還沒有設定過；{remedy}"
            )
        }
        K::SeatDiffers { difference } => zh!(
            region,
            "{id}：{}；rosterctl 不写语音坐席，请在控制台修改，或改清单",
            "{id}：{}；rosterctl 不寫語音座席，請在主控台修改，或改清單",
            words::differs(region, difference)
        ),
        K::SeatPasswordDiffers => zh!(
            region,
            "{id}：密码与密钥库里的不同；rosterctl 不写语音坐席，请在控制台或密钥库里修改",
            "{id}：密碼與密鑰庫裡的不同；rosterctl 不寫語音座席，請在主控台或密鑰庫裡修改"
        ),
        K::SeatPasswordUntold => zh!(
            region,
            "{id}：清单写了密码，厂商却没有返回；rosterctl 不写语音坐席，请在控制台或密钥库里修改",
            "{id}：清單寫了密碼，廠商卻沒有傳回；rosterctl 不寫語音座席，請在主控台或密鑰庫裡修改"
        ),
        K::SeatMissing => zh!(
            region,
            "{id} 清单里有，线上没有；rosterctl 不新增语音坐席，请在控制台新增，或从清单里去掉",
            "{id} 清單裡有，線上沒有；rosterctl 不新增語音座席，請在主控台新增，或從清單裡拿掉"
        ),
        K::SeatPasswordUnknown { why } => zh!(
            region,
            "{id}：没法拿密码与密钥库里的比对：{}",
            "{id}：沒辦法拿密碼與密鑰庫裡的比對：{}",
            why.text(region.language())
        ),
        K::SecretGone { place } => zh!(
            region,
            "{id}：密码已不在密钥库里（{place}），再也查不到；请放回去，或写 `generate: true` 生成新密码",
            "{id}：密碼已不在密鑰庫裡（{place}），再也查不到；請放回去，或寫 `generate: true` 產生新密碼"
        ),
        K::Unprinted { agents, more } => zh!(
            region,
            "坐席 {} 的密码设置时没有留下指纹，在密钥库里改过也看不出来；先不动，`--assert-unread` 会重新设置",
            "客服人員 {} 的密碼設定時沒有留下指紋，在密鑰庫裡改過也看不出來；先不動，`--assert-unread` 會重新設定",
            listed(region, agents, *more, PEOPLE)
        ),
        K::ForeignAgent { queues } => zh!(
            region,
            "{id} 属于另一家公司，不是连接的 `companyId` 那一家；本计划{}不含它；请从清单里去掉，或改正 `companyId`",
            "{id} 屬於另一家公司，不是連線的 `companyId` 那一家；本計畫{}不含它；請從清單裡拿掉，或改正 `companyId`",
            and_of(queues)
        ),
        K::OutsideAgent { queues } => zh!(
            region,
            "{id} 线上在 `scope` 之外：姓名或主技能组不归本工作区；本计划{}不含它；请在控制台修改，或从清单里去掉",
            "{id} 線上在 `scope` 之外：姓名或主技能群組不歸本工作區；本計畫{}不含它；請在主控台修改，或從清單裡拿掉",
            and_of(queues)
        ),
        K::OutsideQueue { exten, live } => zh!(
            region,
            "{id} 线上在 `scope` 之外，名为 `{}`（{exten}）：本计划不含它；请改 `scope`，或从清单里去掉",
            "{id} 線上在 `scope` 之外，名為 `{}`（{exten}）：本計畫不含它；請改 `scope`，或從清單裡拿掉",
            visible(live)
        ),
        K::CreatedOutside { key } => zh!(
            region,
            "{id} 新增之后会在 `scope` 之外，因为 `scope` 要求写 `{key}`：本计划不含它；请写上 `{key}:`，或改 `scope`",
            "{id} 新增之後會在 `scope` 之外，因為 `scope` 要求寫 `{key}`：本計畫不含它；請寫上 `{key}:`，或改 `scope`"
        ),
        K::HeldOutside { queues, again } => {
            let again = if *again { "，也不重建" } else { "" };
            let queues = list(queues);
            zh!(
                region,
                "{id} 不删除{again}：`scope` 之外的 {queues} 里还有此人；请先在那里移出",
                "{id} 不刪除{again}：`scope` 之外的 {queues} 裡還有此人；請先在那裡移出"
            )
        }
        K::KeptMembers { members, more } => zh!(
            region,
            "{id} 保留 `scope` 之外的成员：{}",
            "{id} 保留 `scope` 之外的成員：{}",
            listed(region, coded(members), *more, PEOPLE)
        ),
        K::OutsideMember { member } => zh!(
            region,
            "{id} 写了坐席 `{member}`，而此人线上在 `scope` 之外，不归本工作区管",
            "{id} 寫了客服人員 `{member}`，而此人線上在 `scope` 之外，不歸本工作區管"
        ),
        K::SipHeld { number, holder } => zh!(
            region,
            "{id}：SIP 号码 {number} 在 agent/{holder} 手里，本计划也不会腾出来；请给那名坐席换号码，或写 `sip: none`，或在这里另选号码",
            "{id}：SIP 號碼 {number} 在 agent/{holder} 手上，本計畫也不會騰出來；請給那位客服人員換號碼，或寫 `sip: none`，或在這裡另選號碼"
        ),
        K::Masked { fields, agents } => zh!(
            region,
            "{agents} 名线上坐席的{}没法比对，因为厂商不给完整的值：账本不知道的先不动",
            "{agents} 位線上客服人員的{}沒辦法比對，因為廠商不給完整的值：帳本不知道的先不動",
            words::amid_chinese(&words::fields(region, Kind::Agent, fields))
        ),
        K::MaskedReplace { fields } => zh!(
            region,
            "{id} 不删除重建：厂商不给完整的{}，清单也没写，重建就丢了；请写进清单",
            "{id} 不刪除重建：廠商不給完整的{}，清單也沒寫，重建就丟了；請寫進清單",
            words::after_chinese(&words::fields(region, Kind::Agent, fields))
        ),
        K::UnmanagedAgent { name, unspeakable } => {
            let kept = unspeakable.as_ref().map(|why| {
                let why = id_objection(why, region);
                zh!(
                    region,
                    "；清单没法写这个工号（{why}），所以不删",
                    "；清單沒辦法寫這個工號（{why}），所以不刪"
                )
            });
            let (name, kept) = (in_brackets(name.as_ref()), kept.unwrap_or_default());
            zh!(region, "{id}{name} 线上有，清单里没有{kept}", "{id}{name} 線上有，清單裡沒有{kept}")
        }
        K::UnmanagedQueue { exten } => {
            zh!(region, "{id}（{exten}）线上有，清单里没有", "{id}（{exten}）線上有，清單裡沒有")
        }
        K::UnmanagedSeat { name } => {
            let name = in_brackets(name.as_ref());
            zh!(region, "{id}{name} 线上有，清单里没有", "{id}{name} 線上有，清單裡沒有")
        }
        K::UnknownMembers { members } => zh!(
            region,
            "{id} 有些成员既不是线上坐席，也不在它的清单里：{}；本计划会写它的成员表，厂商可能会把这些去掉",
            "{id} 有些成員既不是線上客服人員，也不在它的清單裡：{}；本計畫會寫它的成員表，廠商可能會把這些拿掉",
            list(coded(members))
        ),
        K::Released { field, resources, more } => {
            let named: Vec<_> = resources.iter().map(|one| holder(field, one, region)).collect();
            let named = listed(region, named, *more, THINGS);
            zh!(
                region,
                "{named} 的清单里不再有 `{field}`：线上的值保持不变；要设置，请再写上 `{field}:`",
                "{named} 的清單裡不再有 `{field}`：線上的值維持不變；要設定，請再寫上 `{field}:`"
            )
        }
        K::Succeeded { name } => zh!(
            region,
            "{id}{} 不再是 rosterctl 认识的那名坐席：这是控制台用同一工号新增的人，不算 rosterctl 所建，角色和密码未知",
            "{id}{} 不再是 rosterctl 認識的那位客服人員：這是主控台用同一工號新增的人，不算 rosterctl 所建，角色和密碼未知",
            in_brackets(name.as_ref())
        ),
        K::Ambiguous { name, extens } => zh!(
            region,
            "线上有 {} 个队列叫 `{name}`：{}；请在清单里用 `exten:` 写明是哪一个",
            "線上有 {} 個佇列叫 `{name}`：{}；請在清單裡用 `exten:` 寫明是哪一個",
            extens.len(),
            list(coded(extens))
        ),
        K::ClaimedTwice { exten, first } => zh!(
            region,
            "线上队列 `{exten}` 写了两次：{own} 和 {first}；请去掉一个，或改正它的 `exten:`；{own} 若是另一个队列，写 `distinct: true`",
            "線上佇列 `{exten}` 寫了兩次：{own} 和 {first}；請拿掉一個，或改正它的 `exten:`；{own} 若是另一個佇列，寫 `distinct: true`"
        ),
        K::TwoQueues { named, known, name, was } => {
            let was = match was {
                true => region.choose(
                    "；这个名字若已归另一个队列，去掉 `was:`",
                    "；這個名字若已歸另一個佇列，拿掉 `was:`",
                ),
                false => "",
            };
            zh!(
                region,
                "{id} 可能是线上两个队列中的一个：`{named}` 叫这个名字，`{known}` 从前是它、现在名为{}；请在清单里用 `exten:` 写明是哪一个{was}",
                "{id} 可能是線上兩個佇列中的一個：`{named}` 叫這個名字，`{known}` 從前是它、現在名為{}；請在清單裡用 `exten:` 寫明是哪一個{was}",
                words::quoted(region, name)
            )
        }
        K::MissingExten { exten } => zh!(
            region,
            "线上没有编号 `{exten}` 的队列，而新队列的编号由厂商定；去掉 `exten:`，就按这个名字新增队列",
            "線上沒有編號 `{exten}` 的佇列，而新佇列的編號由廠商定；拿掉 `exten:`，就按這個名字新增佇列"
        ),
        K::UnknownMember { member, near } => zh!(
            region,
            "{id} 写了坐席 `{member}`，此人清单里没有，线上也没有，厂商会悄悄跳过{}",
            "{id} 寫了客服人員 `{member}`，此人清單裡沒有，線上也沒有，廠商會默默跳過{}",
            did_you_mean(near.as_ref().map(OperatorId::as_str))
        ),
        K::UnknownQueue { near } => zh!(
            region,
            "{id} 清单里没有，线上也没有，而有坐席在 `queues` 里写了它{}",
            "{id} 清單裡沒有，線上也沒有，而有客服人員在 `queues` 裡寫了它{}",
            did_you_mean(near.as_ref().map(|near| visible(near)).as_deref())
        ),
        K::NoRole { again } => {
            let make = if *again { "重建" } else { "新增" };
            zh!(
                region,
                "{id} 要{make}，却没有角色，厂商会随便挑一个；请写 `role:`，什么角色都行就写 `allowAnyRole: true`",
                "{id} 要{make}，卻沒有角色，廠商會隨便挑一個；請寫 `role:`，什麼角色都行就寫 `allowAnyRole: true`"
            )
        }
        K::DeletedInConsole { name, queues } => zh!(
            region,
            "{id}{} 在控制台删除了，不知道角色，没法重建：本计划{}不含它；要重建请写 `role:`，不要就写 `state: absent`",
            "{id}{} 在主控台刪除了，不知道角色，沒辦法重建：本計畫{}不含它；要重建請寫 `role:`，不要就寫 `state: absent`",
            in_brackets(name.as_ref()),
            and_of(queues)
        ),
        K::LeavingMember { member } => zh!(
            region,
            "{id} 写了坐席 `{member}`，而本计划要删除此人；请把此人写进清单，或从队列里去掉",
            "{id} 寫了客服人員 `{member}`，而本計畫要刪除此人；請把此人寫進清單，或從佇列裡拿掉"
        ),
        K::RenamedInConsole { exten, live } => zh!(
            region,
            "{id}（`{exten}`）在控制台名为{}：是同一个队列；请在清单里写 `displayName: {}`，或在控制台改名",
            "{id}（`{exten}`）在主控台名為{}：是同一個佇列；請在清單裡寫 `displayName: {}`，或在主控台改名",
            words::quoted(region, live),
            visible(live)
        ),
        K::RenamedInManifest { exten, live, declared } => zh!(
            region,
            "{id}（`{exten}`）在控制台还名为{}：请在那里改名为{}，或收回新名字",
            "{id}（`{exten}`）在主控台還名為{}：請在那裡改名為{}，或收回新名字",
            words::quoted(region, live),
            words::quoted(region, declared)
        ),
        K::LeftQueues { left, more } => {
            let why = region.choose("万一建出第二个队列，没有接口能删", "萬一建出第二個佇列，沒有介面能刪");
            left_queues(&id, left, *more, why, region)
        }
        K::LeftDeletable { left, more } => {
            let why = region.choose("可能是同一个队列", "可能是同一個佇列");
            left_queues(&id, left, *more, why, region)
        }
        K::Lookalike { name, other } => zh!(
            region,
            "要新增的队列{}与队列{}看起来同名：请照线上队列的名字写；若是另一个队列，写 `distinct: true`",
            "要新增的佇列{}與佇列{}看起來同名：請照線上佇列的名字寫；若是另一個佇列，寫 `distinct: true`",
            words::quoted(region, name),
            words::quoted(region, other)
        ),
        K::Pending { exten, known } => zh!(
            region,
            "{id} 已经新增，编号 `{exten}`，列表里还没出现：不再重复新增；请以后再执行，厂商若始终不列出，用 `rosterctl ledger forget {known}` 放手",
            "{id} 已經新增，編號 `{exten}`，列表裡還沒出現：不再重複新增；請以後再執行，廠商若始終不列出，用 `rosterctl ledger forget {known}` 放手"
        ),
        K::ForeignSecret { place, why } => zh!(
            region,
            "{id}：新的 `version` 会让生成的密码覆盖 {place}，而{}；请写一个密钥库里还没有的键，或手工存入新密码、这次改动不写 `generate`",
            "{id}：新的 `version` 會讓產生的密碼覆蓋 {place}，而{}；請寫一個密鑰庫裡還沒有的鍵，或手動存入新密碼、這次改動不寫 `generate`",
            foreign_secret(why, region)
        ),
        K::InvisibleName { name } => zh!(
            region,
            "没有队列叫 `{name}`；名字含不可见字符的队列，rosterctl 不新增",
            "沒有佇列叫 `{name}`；名字含不可見字元的佇列，rosterctl 不新增"
        ),
        K::Elsewhere { workspace } => zh!(
            region,
            "{id} 要删除，而它还在同一租户的工作区 {workspace} 的清单里；用 `rosterctl ledger forget {own}` 放手",
            "{id} 要刪除，而它還在同一租戶的工作區 {workspace} 的清單裡；用 `rosterctl ledger forget {own}` 放手"
        ),
        K::AllDeleted { count, of } => zh!(
            region,
            "要删除全部线上坐席（{count}/{of}），任何限额都不允许",
            "要刪除全部線上客服人員（{count}/{of}），任何限額都不允許"
        ),
        K::AllQueuesDeleted { count, of } => zh!(
            region,
            "要删除全部线上队列（{count}/{of}），任何限额都不允许",
            "要刪除全部線上佇列（{count}/{of}），任何限額都不允許"
        ),
        K::TooManyDeletes { count, of, limit } => zh!(
            region,
            "{of} 名坐席要删除 {count} 名，超过 `policy.limits.deletes: {limit}`",
            "{of} 位客服人員要刪除 {count} 位，超過 `policy.limits.deletes: {limit}`"
        ),
        K::TooManyQueueDeletes { count, of, limit } => zh!(
            region,
            "{of} 个队列要删除 {count} 个，超过 `policy.limits.deletes: {limit}`",
            "{of} 個佇列要刪除 {count} 個，超過 `policy.limits.deletes: {limit}`"
        ),
        K::TooManyChanges { count, of, limit } => zh!(
            region,
            "{of} 个坐席和队列要修改 {count} 个，超过 `policy.limits.changes: {limit}`",
            "{of} 個客服人員和佇列要修改 {count} 個，超過 `policy.limits.changes: {limit}`"
        ),
        K::TooManyLeave { count, of, limit } => zh!(
            region,
            "{id} 的 {of} 名成员要移出 {count} 名，超过 `policy.limits.memberRemovals: {limit}`",
            "{id} 的 {of} 位成員要移出 {count} 位，超過 `policy.limits.memberRemovals: {limit}`"
        ),
        K::Protected { again, remembered } => {
            let again_words = if *again { "再重建" } else { "" };
            let remedy = match (remembered, again) {
                (true, _) => region.choose(
                    "同一次改动里拿掉了 `protect: true`；请先单独拿掉这一行并执行",
                    "同一次改動裡拿掉了 `protect: true`；請先單獨拿掉這一行並執行",
                ),
                (false, false) => region
                    .choose("请先单独改一次，去掉 `protect: true`", "請先單獨改一次，拿掉 `protect: true`"),
                (false, true) => region.choose("请先去掉 `protect: true`", "請先拿掉 `protect: true`"),
            };
            zh!(
                region,
                "{id} 受保护，却要删除{again_words}；{remedy}",
                "{id} 受保護，卻要刪除{again_words}；{remedy}"
            )
        }
        K::TooFewMembers { left, minimum } => zh!(
            region,
            "{id} 只剩 {left} 名成员，少于 `minMembers: {minimum}`",
            "{id} 只剩 {left} 位成員，少於 `minMembers: {minimum}`"
        ),
        K::RecentCalls { seat, calls, connected, days } => zh!(
            region,
            "{id} 要删除，而它的 {seat} 最近 {days} 天有 {calls} 次通话，接通 {connected} 次；请确认这个号码已经不用",
            "{id} 要刪除，而它的 {seat} 最近 {days} 天有 {calls} 次通話，接通 {connected} 次；請確認這個號碼已經不用"
        ),
        K::Unasked { disruption, system, states } => {
            let states = list(states.iter().map(|word| match State::from_word(word) {
                Some(state) => words::state(region, state).to_owned(),
                None => format!("`{word}`"),
            }));
            zh!(
                region,
                "{}坐席 {number} 要{}，而 {system} 没法查此人是否“{states}”：编号不是工号，{system} 保护不了此人",
                "{}客服人員 {number} 要{}，而 {system} 沒辦法查此人是否「{states}」：編號不是工號，{system} 保護不了此人",
                lead(about, region),
                words::disruption(region, *disruption)
            )
        }
        K::AtWork { disruption, why, waited } => left_alone(&number, *disruption, why, *waited, region),
        K::AgentsIncomplete { doubt } => {
            let doubt = super::doubt(doubt, region);
            zh!(
                region,
                "无法证明坐席列表已读全（{doubt}），所以不新增也不删除坐席；请在没有人修改坐席时再运行",
                "無法證明客服人員列表已讀全（{doubt}），所以不新增也不刪除客服人員；請在沒有人修改客服人員時再執行"
            )
        }
        K::QueuesIncomplete { doubt } => {
            let doubt = super::doubt(doubt, region);
            zh!(
                region,
                "无法证明队列列表已读全（{doubt}），所以不新增队列，也不删除坐席；请在没有人修改队列时再运行",
                "無法證明佇列列表已讀全（{doubt}），所以不新增佇列，也不刪除客服人員；請在沒有人修改佇列時再執行"
            )
        }
        K::SeatsIncomplete { doubt } => {
            let doubt = super::doubt(doubt, region);
            zh!(
                region,
                "无法证明语音坐席列表已读全（{doubt}），所以不说缺了哪个；请在没有人修改语音坐席时再运行",
                "無法證明語音座席列表已讀全（{doubt}），所以不說缺了哪個；請在沒有人修改語音座席時再執行"
            )
        }
        K::SeatsUnread { why } => {
            zh!(region, "读不到语音坐席，没有比对：{why}", "讀不到語音座席，沒有比對：{why}")
        }
        K::NotYet { date } => zh!(
            region,
            "{id} 线上已有，`from: {date}` 还没到：在那之前不动",
            "{id} 線上已有，`from: {date}` 還沒到：在那之前不動"
        ),
        K::Over { count } => zh!(
            region,
            "{count} 个日期已经过去，或已永久生效，可以并入基础值：`rosterctl fmt --settle`",
            "{count} 個日期已經過去，或已永久生效，可以併入基礎值：`rosterctl fmt --settle`"
        ),
        K::DueLeft { field, member } => {
            let kind = match about {
                Subject::One(id) => id.kind,
                Subject::Estate | Subject::Agents { .. } => Kind::Agent,
            };
            let field = words::field(region, kind, field);
            let what = match member {
                Some(member) => format!("{field} {member}"),
                None => field.to_owned(),
            };
            let what = words::after_chinese(&what);
            zh!(
                region,
                "{id}：有日期要改{what}，而线上的值既不是改前的，也不是改后的；先不动",
                "{id}：有日期要改{what}，而線上的值既不是改前的，也不是改後的；先不動",
            )
        }
        K::Ahead { at, what } => {
            let (message, help) = ahead(what, region);
            zh!(region, "从 {at} 起，{message}：{help}", "從 {at} 起，{message}：{help}")
        }
        K::Saved { message } => lead(about, region) + message,
    }
}

/// Returns the subject at the beginning of a sentence.
fn subject(about: &Subject<'_>, region: Region) -> String {
    match about {
        Subject::Estate => String::new(),
        Subject::One(id) => id.to_string(),
        Subject::Agents { count, ids } => {
            zh!(region, "{count} 名坐席（agent/{ids}）", "{count} 位客服人員（agent/{ids}）")
        }
    }
}

/// Returns the prefix of a sentence that does not begin with its subject.
fn lead(about: &Subject<'_>, region: Region) -> String {
    match about {
        Subject::Agents { .. } => format!("{}：", subject(about, region)),
        Subject::Estate | Subject::One(_) => String::new(),
    }
}

/// Returns the id of the subject within a sentence; of several agents each one's own.
fn own(about: &Subject<'_>) -> Cow<'static, str> {
    match about {
        Subject::Estate => "".into(),
        Subject::One(id) => id.to_string().into(),
        Subject::Agents { .. } => "agent/{operatorId}".into(),
    }
}

/// Returns the number of the subject within a sentence.
fn number(about: &Subject<'_>) -> Cow<'static, str> {
    match about {
        Subject::Estate => "".into(),
        Subject::One(id) => id.name.to_string().into(),
        Subject::Agents { .. } => "{operatorId}".into(),
    }
}

/// Returns the name of a resource after its id.
fn in_brackets(name: Option<&String>) -> String {
    name.map(|name| format!("（{name}）")).unwrap_or_default()
}

/// Returns ids in backquotes.
fn coded<T: std::fmt::Display>(ids: &[T]) -> Vec<String> {
    ids.iter().map(|id| format!("`{id}`")).collect()
}

/// Writes the other queues that an agent is left out of: `和 queue/在线售前 都`, or nothing.
fn and_of<T: std::fmt::Display>(queues: &[T]) -> String {
    if queues.is_empty() {
        return String::new();
    }
    format!("和 {} 都", list(queues))
}

/// Writes a resource with the short value that it holds.
fn holder(key: &str, holder: &Holder, region: Region) -> String {
    let Some(value) = &holder.value else { return holder.id.to_string() };
    let value = match by_key(fields(holder.id.kind), key).map(|field| field.ty) {
        Some(Type::Flag) if value == "true" => "是",
        Some(Type::Flag) if value == "false" => "否",
        Some(Type::Choice(all)) => {
            word(all, value).map_or(&**value, |word| choice(word, words::language(region)))
        }
        _ => value,
    };
    format!("{}（{value}）", holder.id)
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("；是不是 `{near}`？")).unwrap_or_default()
}

fn left_queues(id: &str, left: &[Numbered], more: usize, why: &str, region: Region) -> String {
    let left: Vec<_> = left.iter().map(|queue| format!("{}（`{}`）", queue.id, queue.exten)).collect();
    let left = listed(region, left, more, THINGS);
    zh!(
        region,
        "{id} 要新增，而 {left} 离开了清单，还不能断定已经不在：{why}；若是那个队列改了名，写 `was: 旧名`；若是另一个队列，写 `distinct: true`",
        "{id} 要新增，而 {left} 離開了清單，還不能斷定已經不在：{why}；若是那個佇列改了名，寫 `was: 舊名`；若是另一個佇列，寫 `distinct: true`"
    )
}

fn foreign_secret(why: &ForeignSecret, region: Region) -> String {
    match why {
        ForeignSecret::SharedWith(agent) => {
            zh!(region, " agent/{agent} 也用这个键", " agent/{agent} 也用這個鍵")
        }
        ForeignSecret::CameFrom(place) => {
            zh!(region, "线上的密码来自 {place}", "線上的密碼來自 {place}")
        }
        ForeignSecret::OriginUnknown => {
            region.choose("账本没有记下线上密码的来处", "帳本沒有記下線上密碼的來處").to_owned()
        }
        ForeignSecret::NeverSet => {
            region.choose("线上的密码不是 rosterctl 设置的", "線上的密碼不是 rosterctl 設定的").to_owned()
        }
    }
}
