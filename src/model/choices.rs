//! The words of manifests that name a choice, as people read them.

use super::agent::{CHANNELS, OUTBOUND, TYPES};
use super::language::{Language, is_equal};
use super::queue::{ASSIGN_RULES, MEMORY};

/// The words of manifests that name a choice, each with the vendor documents' own words: `zh-CN`, `zh-TW`.
pub const CHOICES: &[(&str, [&str; 2])] = &[
    ("agent", ["坐席", "客服人員"]),
    ("leader", ["班长", "班長"]),
    ("allowed", ["允许外呼", "允許外撥"]),
    ("no-long-distance", ["限制长话", "限制長途"]),
    ("forbidden", ["禁止外呼", "禁止外撥"]),
    ("no-international", ["限制国际", "限制國際"]),
    ("voice", ["语音", "語音"]),
    ("message", ["消息", "訊息"]),
    ("video", ["视频", "視訊"]),
    ("random", ["随机", "隨機"]),
    ("queue", ["轮流", "輪流"]),
    ("least", ["最少", "最少"]),
    ("priority", ["优先", "優先"]),
    ("off", ["关闭", "關閉"]),
    ("2h", ["2小时", "2小時"]),
    ("1d", ["一天", "一天"]),
    ("1w", ["一周", "一週"]),
    ("30d", ["30天", "30天"]),
];

/// Returns a word of a choice as people read it.
pub fn choice(word: &'static str, language: Language) -> &'static str {
    let names = CHOICES.iter().find(|(key, _)| *key == word).map_or([word; 2], |(_, names)| *names);
    language.choose(word, names[0], names[1])
}

/// Returns true if every word of a list has a row in [`CHOICES`].
const fn are_named(words: &[&str]) -> bool {
    let mut word = 0;
    while word < words.len() {
        let mut row = 0;
        while row < CHOICES.len() && !is_equal(CHOICES[row].0, words[word]) {
            row += 1;
        }
        if row == CHOICES.len() {
            return false;
        }
        word += 1;
    }
    true
}

// A word that one language lacks does not compile.
const _: () = assert!(
    are_named(TYPES)
        && are_named(OUTBOUND)
        && are_named(CHANNELS)
        && are_named(ASSIGN_RULES)
        && are_named(MEMORY)
);
