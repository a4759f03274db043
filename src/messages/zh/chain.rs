//! Sentences about the chain of a history.

use super::{Region, zh};
use crate::model::chain::ChainRemark;

/// Writes a remark on the chain.
pub fn chain_remark(remark: &ChainRemark, region: Region) -> String {
    use ChainRemark as R;
    match remark {
        R::Changed { run } => zh!(
            region,
            "记录 {run} 改动过：摘要与下一条记录或账本里的不同",
            "紀錄 {run} 改動過：摘要與下一筆紀錄或帳本裡的不同"
        ),
        R::Missing { run } => {
            zh!(region, "缺少记录 {run}，更早的记录还在", "缺少紀錄 {run}，更早的紀錄還在")
        }
        R::NewestMissing { run } => {
            zh!(region, "缺少最新的记录 {run}：账本里有它的摘要", "缺少最新的紀錄 {run}：帳本裡有它的摘要")
        }
        R::Unreadable { run, why } => {
            zh!(region, "读不出记录 {run}：{why}", "讀不出紀錄 {run}：{why}")
        }
        R::NotInLedger => region
            .choose(
                "账本没有写明最新的记录，无法核对最新的一条",
                "帳本沒有寫明最新的紀錄，無法核對最新的一筆",
            )
            .to_owned(),
        R::Shortened { from } => {
            zh!(
                region,
                "记录链从 {from} 开始完整：更早的记录已移走",
                "紀錄鏈從 {from} 開始完整：更早的紀錄已移走"
            )
        }
        R::BeganAgain { from } => zh!(
            region,
            "记录链从 {from} 开始完整：在此之前账本丢失过或换过",
            "紀錄鏈從 {from} 開始完整：在此之前帳本遺失過或換過"
        ),
        R::Unconfirmed { run } => zh!(
            region,
            "账本没有确认记录 {run}：那次执行还没写账本就结束了，或丢了锁",
            "帳本沒有確認紀錄 {run}：那次執行還沒寫帳本就結束了，或丟了鎖"
        ),
    }
}
