//! Artefacts on disk: written all or none, each file whole or not at all; and compared for `gen --check`.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Component, Path, PathBuf},
};

use super::Artefact;

/// Why artefacts were not written, or could not be compared.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {action}: {source}", path.display())]
pub struct FileFault {
    /// The file or directory.
    pub path: PathBuf,
    /// What was tried: `written`, `read`.
    pub action: &'static str,
    /// What the system said.
    pub source: io::Error,
}

/// A file whose contents are not those of its artefact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub path: PathBuf,
    /// What it holds now; nothing where it does not exist. Bytes that are no UTF-8 are replaced.
    pub found: Option<String>,
    /// What it would hold.
    pub wanted: String,
}

/// Writes the artefacts below `directory`, which is made where it does not exist.
///
/// Everything is first written beside its place and flushed to disk, then moved there. If anything fails before the first move, nothing
/// has changed; if a move fails, those before it are undone.
pub fn write(directory: &Path, artefacts: &[Artefact]) -> Result<(), FileFault> {
    let mut staged = Staged { files: Vec::new() };
    for artefact in artefacts {
        staged.stage(directory, artefact)?;
    }
    staged.commit()
}

/// The artefacts that differ from what is on disk below `directory`, in their order; writes nothing.
pub fn differences(directory: &Path, artefacts: &[Artefact]) -> Result<Vec<Difference>, FileFault> {
    let mut differences = Vec::new();
    for artefact in artefacts {
        let path = place(directory, artefact)?;
        let found = match fs::read(&path) {
            Ok(bytes) if bytes == artefact.contents.as_bytes() => continue,
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(FileFault { path, action: "read", source }),
        };
        differences.push(Difference { path, found, wanted: artefact.contents.clone() });
    }
    Ok(differences)
}

/// Where an artefact belongs; its path is relative and stays below the directory.
fn place(directory: &Path, artefact: &Artefact) -> Result<PathBuf, FileFault> {
    let relative = Path::new(&artefact.path);
    if artefact.path.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "the path leaves the output directory");
        return Err(FileFault { path: relative.to_owned(), action: "written", source });
    }
    Ok(directory.join(relative))
}

/// Files that are written beside their places.
struct Staged {
    files: Vec<StagedFile>,
}

struct StagedFile {
    place: PathBuf,
    temporary: PathBuf,
    /// The old file, out of the way, while the new one is not certain to stay.
    backup: PathBuf,
}

impl Staged {
    fn stage(&mut self, directory: &Path, artefact: &Artefact) -> Result<(), FileFault> {
        let place = place(directory, artefact)?;
        let beside = |suffix: &str| {
            let mut name = std::ffi::OsString::from(".");
            name.push(place.file_name().unwrap_or_default());
            name.push(format!(".{}.{suffix}", std::process::id()));
            place.with_file_name(name)
        };
        let (temporary, backup) = (beside("new"), beside("old"));
        let failed = |path: &Path, source| FileFault { path: path.to_owned(), action: "written", source };
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        }
        // What stands in the way of the move is found before anything moves.
        if place.is_dir() {
            return Err(failed(&place, io::Error::new(io::ErrorKind::IsADirectory, "a directory stands there")));
        }
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(artefact.contents.as_bytes())?;
            file.sync_all()
        });
        let fault = written.err().map(|source| failed(&place, source));
        self.files.push(StagedFile { place, temporary, backup });
        fault.map_or(Ok(()), Err)
    }

    fn commit(mut self) -> Result<(), FileFault> {
        let mut moved: Vec<&StagedFile> = Vec::new();
        for file in &self.files {
            let kept = match fs::hard_link(&file.place, &file.backup) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                // Not every file system knows hard links.
                Err(_) => fs::copy(&file.place, &file.backup).map(|_| ()),
                Ok(()) => Ok(()),
            };
            if let Err(source) = kept.and_then(|()| fs::rename(&file.temporary, &file.place)) {
                for done in moved.into_iter().rev() {
                    done.undo();
                }
                return Err(FileFault { path: file.place.clone(), action: "written", source });
            }
            moved.push(file);
        }
        for file in self.files.drain(..) {
            // A leftover copy of the old file harms nobody.
            let _ = fs::remove_file(&file.backup);
        }
        Ok(())
    }
}

impl StagedFile {
    /// Brings the old file back, or the absence of one; it is the best that can be done, so its own failure is not reported.
    fn undo(&self) {
        let _ = if self.backup.exists() { fs::rename(&self.backup, &self.place) } else { fs::remove_file(&self.place) };
    }
}

impl Drop for Staged {
    /// Whatever was not moved is taken away.
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(&file.temporary);
            let _ = fs::remove_file(&file.backup);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefact(path: &str, contents: &str) -> Artefact {
        Artefact { path: path.to_owned(), contents: contents.to_owned() }
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_written_is_what_is_found() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("a/b");
        let artefacts = [artefact("policy.xml", "<policies />\n"), artefact("named-values.json", "[]\n")];
        let missing = differences(&out, &artefacts).unwrap();
        assert_eq!(missing.iter().map(|difference| difference.found.clone()).collect::<Vec<_>>(), [None, None]);
        assert!(!out.exists(), "a comparison writes nothing");
        write(&out, &artefacts).unwrap();
        assert_eq!(differences(&out, &artefacts).unwrap(), []);
        assert_eq!(names(&out), ["named-values.json", "policy.xml"], "nothing else is left");

        fs::write(out.join("policy.xml"), "<policies>\n").unwrap();
        let changed = differences(&out, &artefacts).unwrap();
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].found.as_deref(), changed[0].wanted.as_str()), (Some("<policies>\n"), "<policies />\n"));
        write(&out, &artefacts).unwrap();
        assert_eq!(differences(&out, &artefacts).unwrap(), []);
        assert_eq!(names(&out), ["named-values.json", "policy.xml"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_others_as_they_were() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("policy.xml"), "old").unwrap();
        fs::create_dir(home.path().join("named-values.json")).unwrap();
        let artefacts = [artefact("policy.xml", "new"), artefact("named-values.json", "[]\n")];
        assert!(write(home.path(), &artefacts).is_err());
        assert_eq!(fs::read_to_string(home.path().join("policy.xml")).unwrap(), "old");
        assert_eq!(names(home.path()), ["named-values.json", "policy.xml"]);
    }

    #[test]
    fn a_move_that_fails_undoes_those_before_it() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("policy.xml"), "old").unwrap();
        let mut staged = Staged { files: Vec::new() };
        staged.stage(home.path(), &artefact("fresh.xml", "new")).unwrap();
        staged.stage(home.path(), &artefact("policy.xml", "new")).unwrap();
        staged.stage(home.path(), &artefact("lost.xml", "new")).unwrap();
        fs::remove_file(&staged.files[2].temporary).unwrap();
        assert!(staged.commit().is_err());
        assert_eq!(fs::read_to_string(home.path().join("policy.xml")).unwrap(), "old");
        assert_eq!(names(home.path()), ["policy.xml"]);
    }

    #[test]
    fn no_artefact_leaves_the_directory() {
        let home = tempfile::tempdir().unwrap();
        for path in ["../policy.xml", "/policy.xml", "", "a/../../b"] {
            assert!(write(home.path(), &[artefact(path, "x")]).is_err(), "{path}");
        }
        assert_eq!(names(home.path()), Vec::<String>::new());
    }
}
