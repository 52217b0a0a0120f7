//! Web pages: what they have in common, and the ones for failures.

use std::fmt::Write;

use crate::response::Status;

const STYLE: &str = include_str!("page.css");

/// The content security policy: pages hold their style and an empty icon, and nothing else.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// Returns a page. `title` is text, `body` is HTML.
pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n\
         <style>\n{STYLE}</style>\n\
         <main>\n{body}</main>\n\
         </html>\n"
    )
}

/// Returns the page for a status.
pub(crate) fn failure(status: Status) -> String {
    let (code, reason) = (status as u16, status.reason());
    let body = format!(
        "<p class=\"code\">{code}</p>\n<h1>{reason}</h1>\n<p><a href=\"/\">All files</a></p>\n"
    );
    page(&format!("{code} {reason}"), &body)
}

/// Escapes text for HTML. A control character, such as a line feed in a name, becomes its picture.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\0'..='\x1f' => {
                // The pictures are in the order of the characters.
                let _ = write!(escaped, "&#{};", 0x2400 + character as u32);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
