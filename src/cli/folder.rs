//! The folder of an API Management service, read from the disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::input;
use crate::service::Files;

/// What the files of such a folder are called at their ends.
const EXTENSIONS: [&str; 7] = ["xml", "json", "yaml", "yml", "graphql", "wsdl", "wadl"];

/// More files than this are no service's folder, but somebody's disk.
const MOST_FILES: usize = 50_000;

/// Whether a folder is one of a service.
pub(super) fn is_service(path: &Path) -> bool {
    let root = artifacts(path);
    let apis = fs::read_dir(root.join("apis")).into_iter().flatten().flatten();
    apis.map(|entry| entry.path()).any(|path| path.join("apiInformation.json").is_file())
}

/// All files with their paths below the folder, and as the disk has them.
pub(super) fn files(root: &Path) -> anyhow::Result<(Files, Vec<PathBuf>)> {
    let (mut files, mut paths) = (Files::new(), Vec::new());
    collect(root, "", &mut files, &mut paths)?;
    Ok((files, paths))
}

/// The folder itself, or the one in it that the tools write to.
pub(super) fn artifacts(path: &Path) -> PathBuf {
    let below = path.join("apimartifacts");
    if !path.join("apis").is_dir() && below.is_dir() { below } else { path.to_path_buf() }
}

fn collect(folder: &Path, prefix: &str, into: &mut Files, watched: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("`{}` cannot be read", folder.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        // A link that leads back up would have no end.
        if name.starts_with('.') || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), into, watched)?;
        } else if path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            anyhow::ensure!(into.len() < MOST_FILES, "`{}` holds more than {MOST_FILES} files", folder.display());
            into.insert(format!("{prefix}{name}"), input::read(&path)?);
            watched.push(path);
        }
    }
    Ok(())
}
