//! Which scenarios `test` runs: files, patterns, folders, standard input.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// What a folder's scenarios end in.
const EXTENSIONS: [&str; 2] = ["yaml", "yml"];

/// The folder that is left out of a search unless it is asked for.
const LONG: &str = "long";

/// A file to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Whether it turned up in a search, and was not named itself.
    pub searched: bool,
}

/// All files that the arguments mean, each once, in the order of the arguments; within a folder or a pattern in the order of their names.
pub(super) fn collect(arguments: &[PathBuf], long: bool) -> anyhow::Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    for argument in arguments {
        let (paths, searched) = if argument == Path::new("-") || argument.is_file() {
            (vec![argument.clone()], false)
        } else if argument.is_dir() {
            let mut paths = Vec::new();
            search(argument, long, &mut paths)?;
            (paths, true)
        } else {
            match argument.to_str().filter(|text| text.contains(['*', '?', '['])) {
                Some(pattern) => (matching(pattern, long)?, true),
                // Reading it says what is wrong.
                None => (vec![argument.clone()], false),
            }
        };
        // A run of nothing that succeeds would hide a mistyped folder from CI for good.
        if paths.is_empty() {
            bail!("there is no scenario in `{}`", argument.display());
        }
        for path in paths {
            if !found.iter().any(|known| known.path == path) {
                found.push(Found { path, searched });
            }
        }
    }
    Ok(found)
}

fn is_scenario(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| EXTENSIONS.contains(&extension))
}

fn search(folder: &Path, long: bool, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = || format!("`{}` cannot be read", folder.display());
    let entries = fs::read_dir(folder).with_context(unreadable)?;
    let mut children: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().with_context(unreadable)?;
    children.sort();
    for child in children {
        let name = child.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // A link that leads back up would have no end.
        if name.starts_with('.') || child.is_symlink() {
            continue;
        }
        if child.is_dir() {
            if long || name != LONG {
                search(&child, long, into)?;
            }
        } else if is_scenario(&child) {
            into.push(child);
        }
    }
    Ok(())
}

/// The files of a pattern: `*` and `?` within a name, `**` for any number of folders, `[ab]`.
fn matching(pattern: &str, long: bool) -> anyhow::Result<Vec<PathBuf>> {
    let is_long = |path: &Path| path.parent().is_some_and(|folder| folder.iter().any(|part| part == LONG));
    let named = is_long(Path::new(pattern));
    // As a shell does, which leaves hidden files to those who name them.
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let paths = glob::glob_with(pattern, options).with_context(|| format!("`{pattern}` is no pattern"))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.with_context(|| format!("`{pattern}` cannot be followed"))?;
        if path.is_file() && is_scenario(&path) && (long || named || !is_long(&path)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether a text that a search came upon is a region spec, which scenarios often have beside them: it has `version` and no `load`.
pub(super) fn is_spec(text: &str) -> bool {
    let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')));
    has("version") && has("backends") && !has("load")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for file in ["b.yaml", "a.yml", "notes.md", "deep/c.yaml", "long/month.yaml", "deep/long/year.yaml", ".hidden/d.yaml"] {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        home
    }

    fn names(home: &Path, arguments: &[&str], long: bool) -> Vec<String> {
        let arguments: Vec<PathBuf> =
            arguments.iter().map(|argument| if *argument == "-" { "-".into() } else { home.join(argument) }).collect();
        let found = collect(&arguments, long).unwrap();
        found.iter().map(|found| found.path.strip_prefix(home).unwrap_or(&found.path).to_str().unwrap().replace('\\', "/")).collect()
    }

    #[test]
    fn files_folders_and_patterns_are_found_in_order() {
        let home = home();
        for (arguments, long, wanted) in [
            (&["b.yaml", "a.yml", "b.yaml"][..], false, &["b.yaml", "a.yml"][..]),
            (&["-", "b.yaml"], false, &["-", "b.yaml"]),
            (&["notes.md"], false, &["notes.md"]),
            (&["."], false, &["a.yml", "b.yaml", "deep/c.yaml"]),
            (&["."], true, &["a.yml", "b.yaml", "deep/c.yaml", "deep/long/year.yaml", "long/month.yaml"]),
            (&["long"], false, &["long/month.yaml"]),
            (&["b.yaml", "."], false, &["b.yaml", "a.yml", "deep/c.yaml"]),
            (&["*.y*ml"], false, &["a.yml", "b.yaml"]),
            (&["**/*.yaml"], false, &["b.yaml", "deep/c.yaml"]),
            (&["**/*.yaml"], true, &["b.yaml", "deep/c.yaml", "deep/long/year.yaml", "long/month.yaml"]),
            (&["deep/long/*"], false, &["deep/long/year.yaml"]),
            (&["missing.yaml"], false, &["missing.yaml"]),
        ] {
            assert_eq!(names(home.path(), arguments, long), wanted, "{arguments:?}");
        }
    }

    #[test]
    fn nothing_found_is_an_error() {
        let home = home();
        fs::create_dir(home.path().join("empty")).unwrap();
        for argument in ["empty", "*.json", "**/x*.yaml"] {
            let error = collect(&[home.path().join(argument)], false).unwrap_err();
            assert!(error.to_string().contains("there is no scenario"), "{error}");
        }
    }

    #[test]
    fn a_spec_beside_the_scenarios_is_none() {
        assert!(is_spec("# words\nversion: 1\nname: x\nbackends:\n  - id: a\n"));
        assert!(!is_spec("spec: two.yaml\nload: []\n"));
        assert!(!is_spec("gateways: []\nbackends: []\nload: []\n"));
        assert!(!is_spec("spec: two.yaml\n"));
    }
}
