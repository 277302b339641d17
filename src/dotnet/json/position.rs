//! Places in a document as messages name them. Source: JsonPosition.cs.

use crate::text::Text;

/// A step of a path.
#[derive(Clone, Debug)]
pub(super) enum Position {
    /// A property.
    Name(Text),
    /// An item.
    Index(i64),
}

/// `BuildPath`: `a.b[0]['c d']`
pub(super) fn path_of<'a>(positions: impl Iterator<Item = &'a Position>) -> String {
    let mut path = String::new();
    for position in positions {
        match position {
            Position::Name(name) if name.contains(is_special) => {
                path.push_str("['");
                super::writer::escape(name, '\'', &mut path);
                path.push_str("']");
            }
            Position::Name(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Position::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

fn is_special(c: char) -> bool {
    matches!(
        c,
        '.' | ' '
            | '\''
            | '/'
            | '"'
            | '['
            | ']'
            | '('
            | ')'
            | '\t'
            | '\n'
            | '\r'
            | '\u{c}'
            | '\u{8}'
            | '\\'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
    )
}

/// `FormatMessage`: a message with its place.
pub(super) fn message(message: &str, path: &str, line: Option<(usize, usize)>) -> String {
    let mut text = message.to_owned();
    if !text.ends_with('\n') {
        text = text.trim().to_owned();
        if !text.ends_with('.') {
            text.push('.');
        }
        text.push(' ');
    }
    text.push_str(&format!("Path '{path}'"));
    if let Some((line, position)) = line {
        text.push_str(&format!(", line {line}, position {position}"));
    }
    text.push('.');
    text
}
