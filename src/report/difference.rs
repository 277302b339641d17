//! Differences between texts: unified, with or without colour.

use similar::{ChangeTag, TextDiff};

use super::Colour;

/// A unified diff of two texts with three lines around each change; empty where they are the same.
pub fn unified(old: &str, new: &str, old_name: &str, new_name: &str, colour: Colour) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        if out.is_empty() {
            out.push_str(&format!("--- {old_name}\n+++ {new_name}\n"));
        }
        out.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', "\u{1b}[31m"),
                ChangeTag::Insert => ('+', "\u{1b}[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            let line = change.value().trim_end_matches('\n');
            if colour == Colour::Always && !style.is_empty() {
                out.push_str(&format!("{style}{sign}{line}\u{1b}[0m\n"));
            } else {
                out.push_str(&format!("{sign}{line}\n"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_shown() {
        assert_eq!(unified("a\nb\n", "a\nb\n", "x", "y", Colour::Never), "");
        assert_eq!(unified("a\nb\n", "a\nc\n", "x", "y", Colour::Never), "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert!(unified("a\n", "b\n", "x", "y", Colour::Always).contains("\u{1b}[31m-a\u{1b}[0m"));
    }
}
