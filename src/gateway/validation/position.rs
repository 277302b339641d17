//! Where in a JSON text a value stands, as Json.NET counts it: lines from 1, and the characters of the line that have been read when the
//! value is known: its opening bracket, or its last character.

/// The line and position of the value that `path` leads to; those of the innermost value on the way where it leads nowhere.
pub fn of(text: &str, path: &[String]) -> (usize, usize) {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    let end = scanner.find(path);
    let read = text.get(..end).unwrap_or(text);
    let line = read.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, read.rsplit('\n').next().map_or(0, |last| last.chars().count()))
}

/// Walks over a text that is known to be JSON.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    /// The place behind the value's first bracket, or behind the value.
    fn find(&mut self, path: &[String]) -> usize {
        self.space();
        let (is_object, opened) = (self.peek() == b'{', self.at + 1);
        let Some((first, rest)) = path.split_first() else {
            if !matches!(self.peek(), b'{' | b'[') {
                self.skip();
                return self.at;
            }
            return opened;
        };
        if !matches!(self.peek(), b'{' | b'[') {
            return opened;
        }
        self.at += 1;
        let mut index = 0;
        loop {
            self.space();
            if matches!(self.peek(), b'}' | b']' | 0) {
                return opened;
            }
            let name = if is_object { self.name() } else { index.to_string() };
            if name == *first {
                return self.find(rest);
            }
            self.skip();
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
            index += 1;
        }
    }

    /// A property's name; its colon is passed, too.
    fn name(&mut self) -> String {
        let start = self.at;
        self.skip();
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        self.space();
        self.at += 1;
        serde_json::from_slice(quoted).unwrap_or_default()
    }

    /// Passes a value.
    fn skip(&mut self) {
        self.space();
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                0 => return,
                b'"' => {
                    self.at += 1;
                    while !matches!(self.peek(), b'"' | 0) {
                        self.at += if self.peek() == b'\\' { 2 } else { 1 };
                    }
                    self.at += 1;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                byte if byte.is_ascii_whitespace() || matches!(byte, b',' | b':') => self.at += 1,
                _ => {
                    while !matches!(self.peek(), b',' | b'}' | b']' | b':' | 0) && !self.peek().is_ascii_whitespace() {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_where_they_end() {
        let text = "{\n  \"a\": [1, {\"b\\\"\": \"x\"}],\n  \"c\": true\n}";
        for (path, expected) in [
            (&[][..], (1, 1)),
            (&["a"], (2, 8)),
            (&["a", "0"], (2, 9)),
            (&["a", "1"], (2, 12)),
            (&["a", "1", "b\""], (2, 22)),
            (&["c"], (3, 11)),
            (&["absent"], (1, 1)),
        ] {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(of(text, &path), expected, "{path:?}");
        }
        assert_eq!(of("", &["a".to_owned()]), (1, 0));
    }
}
