//! Problems that make a file unreadable as YAML.

use super::words::say;
use crate::model::problem::SyntaxProblem;

const SAVE_AS_UTF8: &str = "save the file as UTF-8 in your editor (not as GBK, ANSI or Unicode/UTF-16)";
const FILL_IN: &str = "write the value out, or run the tool that fills it in first";
const KEY_VALUE: &str = "write `key: value`";
const QUOTE: &str = "put the value in quotes";

pub(super) fn problem(problem: &SyntaxProblem) -> (String, String) {
    use SyntaxProblem as P;
    match problem {
        P::FileTooLong { mebibytes, most } => say(
            format!("the file has {mebibytes} MiB; at most {most} MiB are read"),
            "split the roster into several files",
        ),
        P::Utf16 => say("the file is not UTF-8: it begins like UTF-16 (byte 1)", SAVE_AS_UTF8),
        P::NotUtf8 { position, byte } => {
            say(format!("the file is not UTF-8: byte {position} is 0x{byte:02X}"), SAVE_AS_UTF8)
        }
        P::CutCharacter { position } => {
            say(format!("the file ends in the middle of a character (byte {position})"), SAVE_AS_UTF8)
        }
        P::ControlCharacter { code } => say(
            format!("the file holds a control character (U+{code:04X})"),
            "remove it; in double quotes it may be written as an escape such as \"\\x1B\"",
        ),
        P::ConflictMark { mark } => say(
            format!("`{mark}` is the mark of a merge conflict that was not resolved"),
            "keep one of the two sides, and remove the lines of the marks",
        ),
        P::Unfilled { found, own } => say(
            match found {
                Some(found) => format!("`{found}` is a placeholder that was not filled in"),
                None => "a placeholder stands here that was not filled in".to_owned(),
            },
            if *own { "did you mean `{operatorId}`?" } else { FILL_IN },
        ),
        P::UnfilledBegins { mark } => {
            say(format!("`{mark}` begins a placeholder that was not filled in"), FILL_IN)
        }
        P::AliasInItself => say(
            "this alias stands inside the value of its own anchor, so it would contain itself",
            "write the value out",
        ),
        P::AnchorElsewhere => say(
            "the anchor of this alias stands in another document",
            "an anchor holds within its own document; use a profile to share values",
        ),
        P::NoAnchor { name } => say(
            match name {
                Some(name) => format!("no anchor `&{name}` stands above the alias `*{name}`"),
                None => "no anchor of this name stands above this alias".to_owned(),
            },
            "quote the value if the `*` belongs to it",
        ),
        P::AliasesExpand => say(
            "aliases expand to more than the file could hold if it were written out",
            "use fewer aliases (`*name`); a profile shares values without copying them",
        ),
        P::KeyNotText => say(
            "a list or a map cannot be a key",
            "write `key: value`; quote a value that begins with `{` or `[`",
        ),
        P::KeyMissing => say("a key is missing before the `:`", KEY_VALUE),
        P::MergeKey => say(
            "merge keys are not supported; use a profile",
            "put what is shared under `profiles:` and name it with `profile:`",
        ),
        P::KeyTwice { key } => say(
            match key {
                Some(key) => format!("`{key}` is given twice in one map"),
                None => "the key is given twice in one map".to_owned(),
            },
            "keep one of the two",
        ),
        P::TooDeep { most } => say(
            format!("lists and maps are nested more than {most} levels deep"),
            "a manifest needs five levels or so",
        ),
        P::TagMisfit { tag } => {
            say(format!("the value does not fit its tag `!!{tag}`"), "remove the tag, or correct the value")
        }
        P::TagUnsupported { tag } => say(
            match tag {
                Some(tag) => format!("the tag `{tag}` is not supported"),
                None => "this tag is not supported".to_owned(),
            },
            "remove it; quote the value if it begins with `!`",
        ),
        P::TagUnreadable => {
            say("`!` begins a tag that cannot be read", "put the value in quotes if the `!` belongs to it")
        }
        P::TooManyProblems { file, most } => {
            say(format!("more than {most} problems in `{file}`; the rest are not listed"), "")
        }
        P::ReservedSign { sign: '`' } => say("an unquoted value cannot begin with a backtick", QUOTE),
        P::ReservedSign { sign } => say(format!("an unquoted value cannot begin with `{sign}`"), QUOTE),
        P::NameMissing { sign } => say(
            format!(
                "`{sign}` begins an {}, but no name follows",
                if *sign == '&' { "anchor" } else { "alias" }
            ),
            "put the value in quotes if the sign belongs to it",
        ),
        P::TextBlock => say(
            "a text block that begins with `|` or `>` is not well formed",
            "write `|` or `>` at the end of the line and indent all lines of text below it by blanks; or put the value \
             in quotes",
        ),
        P::ByteOrderMark => {
            say("a byte order mark (U+FEFF) stands within the file", "delete this invisible character")
        }
        P::StrayBracket => say("this bracket closes nothing", "remove it, or put the value in quotes"),
        P::EntryBesideKey => say(
            "a list entry `- ` cannot stand on the line of its key",
            "begin the list on the next line, or write `[a, b]`; quote the value if the `-` belongs to it",
        ),
        P::QuestionMark => say("`? ` cannot stand here", QUOTE),
        P::ValueBelowRemark => {
            say("a value goes on below a remark", "put the value in quotes, or on one line")
        }
        P::DocumentBegin => say(
            "this document cannot begin here",
            "put `---` on a line of its own between two documents; quote a value that begins with `%`",
        ),
        P::DocumentEnd => say("only a remark may follow `...`", "put `---` before the next document"),
        P::Tab => {
            say("a tab stands where the line is indented", "indent with blanks: YAML allows no tabs there")
        }
        P::FullwidthSign { sign, meant } => say(
            format!("`{sign}` is a fullwidth sign, which YAML takes for a letter and not for `{meant}`"),
            match meant {
                ':' => "write `: `, with a blank behind it: switch the keyboard to English signs".to_owned(),
                ',' => "write `, `: switch the keyboard to English signs".to_owned(),
                _ => format!("write `{meant}`: switch the keyboard to English signs"),
            },
        ),
        P::OddBlank { sign } => {
            let kind = match sign {
                '\u{3000}' => "a fullwidth one",
                '\u{a0}' | '\u{202f}' => "a no-break space",
                '\u{200b}' | '\u{2060}' => "an invisible one",
                _ => "an unusual one",
            };
            say(
                format!("this blank is {kind} (U+{:04X}), which YAML takes for a letter", u32::from(*sign)),
                if *sign == '\u{3000}' {
                    "write ordinary blanks: switch the keyboard to English signs"
                } else {
                    "write ordinary blanks: such a one often comes from a web page or a chat"
                },
            )
        }
        P::Escape => say(
            "in double quotes a backslash begins an escape, and this is none that YAML knows",
            "write `\\\\` for a backslash, or use single quotes, in which a backslash is an ordinary sign",
        ),
        P::CommaMissing => say(
            "a `,` is missing before this entry",
            "put `, ` between entries; or put the whole value in quotes",
        ),
        P::TextAfterQuote => say(
            "text follows the closing quote of a value",
            "put the whole value in quotes; a `'` within single quotes is written `''`, a `\"` within double quotes \
             `\\\"`",
        ),
        P::OpenQuote => say(
            "a quote is opened here but not closed where the value ends",
            "close the quote at the end of the value; if the value goes on in the next line, indent that line",
        ),
        P::OpenBracket { bracket } => {
            say(format!("`{bracket}` is opened here and never closed"), close(*bracket))
        }
        P::InBracket { bracket } => say(
            format!("`{bracket}` is open, but what follows is neither `, ` nor `{}`", closing(*bracket)),
            close(*bracket),
        ),
        P::TextAfterBracket => say(
            "text follows the closing bracket of a value",
            "put the whole value in quotes if the brackets belong to it",
        ),
        P::ColonInValue => say(
            "a `:` with a blank behind it stands inside an unquoted value",
            "put the whole value in quotes",
        ),
        P::BlankMissing => say("a blank is missing behind the `:`", KEY_VALUE),
        P::KeyIndented => say(
            "this key is indented as if it belonged to the line above, which already has a value",
            "begin all keys of one map in the same column",
        ),
        P::NeitherFieldNorEntry => say(
            "this line is neither `key: value` nor a list entry `- value`",
            "add the `:` and the value, or indent the line if it continues the value above",
        ),
        P::NotAnEntry => say(
            "this line is not an entry of the list above it",
            "begin it with `- `, or with the column of the key that it belongs to",
        ),
        P::Indentation => say(
            "the indentation of this line matches no line above it",
            "begin all keys of one map, and all `-` of one list, in the same column",
        ),
        P::ValueBegin => say("a value cannot begin like this", QUOTE),
        P::NotYaml => say(
            "this is not valid YAML",
            "look for a missing quote, bracket, blank or indentation here and in the line above",
        ),
        P::NoDocument => say(
            "the file holds no document: it is empty, or holds remarks only",
            "write the file whole, or delete it; a roster that really is empty is a document with `kind: Roster` and \
             nothing else",
        ),
        P::Unlisted { count } => {
            say(format!("{count} more errors are not listed; correct these and run again"), "")
        }
    }
}

fn closing(bracket: char) -> char {
    if bracket == '[' { ']' } else { '}' }
}

fn close(bracket: char) -> String {
    format!(
        "close it with `{}` and put `, ` between entries; quote a value that begins with `{bracket}`",
        closing(bracket)
    )
}
