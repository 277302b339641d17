//! Reading what a command is given: files, or `-` for standard input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;

use crate::source::Source;

/// The most that is read of one input: beyond it every reader would refuse the text anyhow.
const LIMIT: u64 = 64 << 20;

/// A whole text.
pub(super) fn read(path: &Path) -> anyhow::Result<Arc<Source>> {
    let (name, bytes) = if path == Path::new("-") {
        ("<stdin>".to_owned(), limited(io::stdin().lock()).context("standard input cannot be read")?)
    } else {
        let shown = path.display().to_string();
        let file = fs::File::open(path).with_context(|| format!("`{shown}` cannot be read"))?;
        (shown.clone(), limited(file).with_context(|| format!("`{shown}` cannot be read"))?)
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => anyhow::bail!("`{name}` is not UTF-8: byte {} cannot be decoded", error.utf8_error().valid_up_to()),
    }
}

/// What a file holds, be it text or not.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    limited(fs::File::open(path)?)
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 64 MiB"));
    }
    Ok(bytes)
}
