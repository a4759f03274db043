//! Escaping by type: only this program's own text is markup. Values of a manifest or a vendor can only be text.
//!
//! maud escapes the values in the parentheses of a template, and [`Text`] makes invisible characters visible. `raw` of
//! [`Markdown`] takes `&'static str`, which excludes values of a run; `text` escapes.

use maud::{Markup, Render, html};

use crate::model::id::safe;
use crate::model::text::sanitize;

/// A value of a manifest or a vendor, for HTML.
pub(super) struct Text<T>(pub(super) T);

impl<T: AsRef<str>> Render for Text<T> {
    fn render_to(&self, page: &mut String) {
        sanitize(self.0.as_ref()).render_to(page);
    }
}

/// Returns text for HTML, with the parts between backticks as code.
pub(super) fn quoted(text: &str) -> Markup {
    html! {
        @for (is_code, piece) in pieces(text) {
            @if is_code { code { (Text(piece)) } } @else { (Text(piece)) }
        }
    }
}

/// Returns the pieces of a text, each with true if it stands between backticks. The last backtick of an odd number is
/// itself.
fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let inner = rest.strip_prefix('`').and_then(|after| Some((after, after.find('`')?)));
        let (code, piece, left) = if let Some((after, end)) = inner {
            (true, &after[..end], &after[end + 1..])
        } else {
            let begins =
                rest.char_indices().skip(1).find(|(at, c)| *c == '`' && rest[at + 1..].contains('`'));
            let end = begins.map_or(rest.len(), |(at, _)| at);
            (false, &rest[..end], &rest[end..])
        };
        rest = left;
        Some((code, piece))
    })
}

/// Returns an address that ends at no bracket, quotation mark or space.
pub(super) fn url(address: &str) -> String {
    let mut url = String::with_capacity(address.len());
    for byte in address.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => url.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'=' | b'&' | b'+' | b'%' => {
                url.push(char::from(byte));
            }
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

/// Returns a path of a repository as a part of an address.
pub(super) fn url_path(path: &str) -> String {
    url(&path.replace('%', "%25").replace('#', "%23").replace('?', "%3F"))
}

/// A line of GitHub's Markdown under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Markdown(String);

impl Markdown {
    /// Writes Markdown.
    pub(super) fn raw(&mut self, markdown: &'static str) -> &mut Self {
        self.0.push_str(markdown);
        self
    }

    /// Writes text. Characters with a meaning in Markdown or HTML become character references. A space of no width
    /// breaks texts that GitHub would turn into a link or a mention (`@who`, `#1`, `https://`).
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let text = safe(text).replace("://", ":\u{200b}//").replace("www.", "www\u{200b}.");
        for c in text.chars() {
            match c {
                '@' | '#' => {
                    self.0.push(c);
                    self.0.push('\u{200b}');
                }
                '&' | '<' | '>' | '"' | '\'' | '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                    self.0.push_str(&format!("&#{};", u32::from(c)));
                }
                c => self.0.push(c),
            }
        }
        self
    }

    /// Writes text, with the parts between backticks as code.
    pub(super) fn quoted(&mut self, text: &str) -> &mut Self {
        for (code, piece) in pieces(text) {
            if code {
                self.raw("<code>").text(piece).raw("</code>");
            } else {
                self.text(piece);
            }
        }
        self
    }

    /// Writes a name into an invisible comment, without characters that could end it.
    pub(super) fn hidden(&mut self, name: &str) -> &mut Self {
        self.0.push_str(&safe(name).replace(['<', '>'], "").replace("--", "-"));
        self
    }

    /// Writes a link to a page. Characters that no address has unescaped are percent-encoded.
    pub(super) fn link(&mut self, text: &str, address: &str) -> &mut Self {
        self.raw("[").text(text).raw("](");
        self.0.push_str(&url(address));
        self.raw(")")
    }

    /// Writes a number.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// Writes other Markdown.
    pub(super) fn join(&mut self, other: &Markdown) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Returns the number of characters written.
    pub(super) fn chars(&self) -> usize {
        self.0.chars().count()
    }

    /// Returns the Markdown.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let pieces = |text: &'static str| pieces(text).collect::<Vec<_>>();
        assert_eq!(pieces("a `b` c"), [(false, "a "), (true, "b"), (false, " c")]);
        assert_eq!(pieces("`b``c`"), [(true, "b"), (true, "c")]);
        assert_eq!(pieces("a ` b"), [(false, "a ` b")]);
        assert_eq!(pieces("`a` `"), [(true, "a"), (false, " `")]);
    }

    #[test]
    fn text_is_text_in_every_tongue() {
        let html = html! { p title=(Text("\" onclick='x'")) { (Text("<script>&\n")) } };
        let wanted = "<p title=\"&quot; onclick='x'\">&lt;script&gt;&amp;\\n</p>";
        assert_eq!(html.into_string(), wanted);
        let mut md = Markdown::default();
        md.text("a|b `c` <img> @team #77 [x](https://y) **z** \n");
        let text = md.into_string();
        for wrong in ["|", "`", "<", "@t", "#77", "[", "://", "*", "\n"] {
            assert!(!text.contains(wrong), "{wrong:?} in {text}");
        }
    }
}
