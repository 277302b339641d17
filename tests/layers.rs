//! Rooms import only from rooms below them; runtimes, sockets and the wall clock stay in the drivers; each outside crate that shapes a
//! room is named in that room alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The rooms from the top, as `src/lib.rs` lists them.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rooms: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect();
    assert!(rooms.len() > 15, "src/lib.rs lists the rooms: {rooms:?}");
    rooms
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Every source file with its room and its code: comments and string literals do not count.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join("src"), &mut found);
    found
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root().join("src")).unwrap().to_path_buf();
            let room = relative.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
            (room, relative, code)
        })
        .collect()
}

/// The rooms that a file names by `crate::ROOM`, grouped imports included.
fn named_rooms(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(members(group).map(word)),
            None => {
                named.insert(word(rest));
            }
        }
    }
    named
}

/// The members of a `{…}` group, split at the commas that stand in no inner group.
fn members(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let end = group.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth < 0
    });
    let mut depth = 0_i32;
    group[..end.unwrap_or(group.len())].split(move |c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    })
}

#[test]
fn imports_are_read_as_they_are_written() {
    let code = "use crate::{a::{self, b}, c, d::e::{f, g::h}};\nfn x() { crate::i::j() }";
    assert_eq!(named_rooms(code).into_iter().collect::<Vec<_>>(), ["a", "c", "d", "i"]);
}

#[test]
fn rooms_import_only_from_rooms_below() {
    let rooms = rooms();
    let level = |room: &str| rooms.iter().position(|known| known == room);
    let mut faults = Vec::new();
    for (room, path, code) in sources() {
        let Some(own) = level(&room) else { continue };
        for named in named_rooms(&code) {
            if let Some(other) = level(&named)
                && other < own
            {
                faults.push(format!("{}: `{room}` imports `{named}`, which lies above it", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_folder_is_a_room_of_the_library() {
    let rooms: BTreeSet<String> = rooms().into_iter().collect();
    let found: BTreeSet<String> =
        sources().into_iter().map(|(room, ..)| room).filter(|room| !["lib", "main"].contains(&room.as_str())).collect();
    assert_eq!(found, rooms);
}

#[test]
fn drivers_alone_know_runtimes_sockets_and_the_clock() {
    let drivers = ["live", "cli"];
    let forbidden = [
        "tokio::",
        "axum::",
        "hyper::",
        "hyper_util::",
        "std::net::Tcp",
        "time::SystemTime",
        "SystemTime::",
        "Instant::now",
        "RandomState",
        "println!",
        "eprintln!",
        "thread::sleep",
    ];
    let mut faults = Vec::new();
    for (room, path, code) in sources() {
        for word in forbidden.iter().filter(|word| code.contains(**word) && !drivers.contains(&room.as_str())) {
            faults.push(format!("{}: {word}", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn outside_crates_are_named_where_they_belong() {
    let homes: [(&str, &[&str]); 11] = [
        ("quick_xml::", &["xml/", "dotnet/xml/", "dotnet/crypto/rsa_key.rs"]),
        ("xsd_schema::", &["gateway/validation/xml_schema.rs"]),
        ("serde_saphyr", &["spec/read.rs"]),
        ("annotate_snippets", &["report/"]),
        ("minijinja", &["generate/", "report/scenario/html.rs"]),
        ("anyhow::", &["cli/"]),
        ("clap::", &["cli/"]),
        ("similar::", &["report/", "diff/"]),
        ("axum::", &["live/"]),
        ("schemars", &["spec/", "scenario/", "world/entities.rs"]),
        ("glob::", &["cli/test/files.rs"]),
    ];
    let mut faults = Vec::new();
    for (_, path, code) in sources() {
        let shown = path.display().to_string();
        for (name, places) in homes {
            if code.contains(name) && !places.iter().any(|place| shown.starts_with(place)) {
                faults.push(format!("{shown}: {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_begins_with_what_it_is() {
    let mut found = Vec::new();
    files(&root().join("src"), &mut found);
    let missing: Vec<String> =
        found.iter().filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!")).map(|path| path.display().to_string()).collect();
    assert!(missing.is_empty(), "no `//!` at the top of {missing:?}");
}
