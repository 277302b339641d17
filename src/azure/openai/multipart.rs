//! Forms with files (`multipart/form-data`), as far as audio needs them. Source: RFC 7578, RFC 2046 section 5.1.

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The field's name.
    pub name: String,
    /// Whether it is a file.
    pub is_file: bool,
    /// Its value.
    pub value: &'a [u8],
}

/// More parts than any form of this service has.
const MOST_PARTS: usize = 64;

/// The parts of a body; `None` where it is no form.
pub(super) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty() && boundary.len() <= 70)?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter may lack its line break.
    let mut rest = match body.strip_prefix(delimiter.get(2..)?) {
        Some(rest) => rest,
        None => after(body, &delimiter)?.1,
    };
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        if parts.len() == MOST_PARTS {
            return None;
        }
        let (_, content) = after(rest, b"\r\n")?;
        let (headers, value) = match content.strip_prefix(b"\r\n") {
            Some(value) => (&b""[..], value),
            None => after(content, b"\r\n\r\n")?,
        };
        let (value, next) = after(value, &delimiter)?;
        rest = next;
        let headers = String::from_utf8_lossy(headers);
        let disposition = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("Content-Disposition").then_some(value)
        })?;
        parts.push(Part { name: parameter(disposition, "name")?, is_file: parameter(disposition, "filename").is_some(), value });
    }
}

/// What stands before and after the first `needle`.
fn after<'a>(hay: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let found = hay.get(from..)?.iter().position(|byte| *byte == first)? + from;
        let candidate = hay.get(found..)?;
        if let Some(rest) = candidate.strip_prefix(needle) {
            return Some((hay.get(..found)?, rest));
        }
        from = found + 1;
    }
}

/// The parameter `name` of a header value, with or without quotes.
fn parameter(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"xyz\"";

    #[test]
    fn forms_come_apart() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\x00\r\n--x\r\n\r\n--xyz--\r\n";
        let found = parts(TYPE, body).unwrap();
        assert_eq!(
            found,
            [
                Part { name: "model".into(), is_file: false, value: b"whisper" },
                Part { name: "file".into(), is_file: true, value: b"\x00\r\n--x\r\n" },
            ]
        );
        assert_eq!(parts(TYPE, b"preamble\r\n--xyz--"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_form_is_none() {
        for (kind, body) in [
            ("application/json", &b"{}"[..]),
            ("multipart/form-data", b"--xyz--"),
            ("multipart/form-data; boundary=", b"----"),
            (TYPE, b""),
            (TYPE, b"--xyz"),
            (TYPE, b"--xyz\r\n\r\nvalue\r\n--xyz--"),
            (TYPE, b"--xyz\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--xyz--"),
            (TYPE, b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue"),
        ] {
            assert_eq!(parts(kind, body), None, "{kind} {}", String::from_utf8_lossy(body));
        }
    }
}
