//! The documentation holds: its commands run and print what it shows, its links lead somewhere, its references are complete.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use openai_failover::{
    azure::faults::{CATALOGUE, STATUS},
    policy::catalogue::{Level, entries},
    report::{Colour, diagnostics},
    scenario,
    source::Source,
};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_openai-failover");
const ANY_PORT: &str = "127.0.0.1:0";
const SET_UP: [&str; 2] = ["cargo run --release -- simulate", "cargo test"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A page by its path below the root.
struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block: what stands behind the fence, and the text within.
struct Block {
    info: String,
    text: String,
}

/// A command of a `console` block, and what the page shows of its output.
struct Step {
    command: String,
    shown: String,
}

fn page(path: &str) -> Page {
    Page { path: path.into(), text: fs::read_to_string(root().join(path)).unwrap() }
}

fn pages() -> Vec<Page> {
    fn visit(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                visit(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                into.push(path.display().to_string());
            }
        }
    }
    let mut paths = vec!["README.md".to_owned()];
    visit(Path::new("docs"), &mut paths);
    paths.sort();
    paths.iter().map(|path| page(path)).collect()
}

impl Page {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for line in self.text.lines() {
            match (line.strip_prefix("```"), open) {
                (Some(info), false) => blocks.push(Block { info: info.trim().to_owned(), text: String::new() }),
                (Some(_), true) => {}
                (None, true) => blocks.last_mut().unwrap().text += &format!("{line}\n"),
                (None, false) => continue,
            }
            open ^= line.starts_with("```");
        }
        assert!(!open, "{}: a fence is not closed", self.name());
        blocks
    }

    /// The text without fenced blocks.
    fn prose(&self) -> String {
        let parts = format!("\n{}", self.text);
        parts.split("\n```").step_by(2).map(|part| part.split_once('\n').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>().join("\n")
    }

    /// The anchors of its headings, as GitHub makes them.
    fn anchors(&self) -> Vec<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
        headings
            .map(|heading| heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).collect::<String>().replace(' ', "-"))
            .collect()
    }
}

impl Block {
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), shown: String::new() }),
                (None, Some(step)) => step.shown += &format!("{line}\n"),
                (None, None) => panic!("output without a command: {line}"),
            }
        }
        steps
    }
}

/// Runs the program; gives its exit code and what it printed.
fn run(arguments: &[&str], directory: &Path, control: Option<&str>) -> (Option<i32>, String, String) {
    run_with(arguments, directory, control, None)
}

fn run_with(arguments: &[&str], directory: &Path, control: Option<&str>, input: Option<fs::File>) -> (Option<i32>, String, String) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(directory).env("NO_COLOR", "1").env_remove("OPENAI_FAILOVER_CONTROL");
    command.stdin(input.map_or_else(Stdio::null, Stdio::from));
    let output = command.envs(control.map(|control| ("OPENAI_FAILOVER_CONTROL", control))).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A running `simulate`; it is killed when this is dropped.
struct Simulation {
    child: Child,
    lines: BufReader<ChildStdout>,
    control: String,
}

impl Simulation {
    /// Starts it as written, on ports of the system's choice.
    fn start(arguments: &[&str], directory: &Path) -> Self {
        let mut arguments = arguments.to_vec();
        for at in 1..arguments.len() {
            if ["--listen", "--control-listen"].contains(&arguments[at - 1]) {
                arguments[at] = ANY_PORT;
            }
        }
        if !arguments.contains(&"--control-listen") {
            arguments.extend(["--control-listen", ANY_PORT]);
        }
        let mut command = Command::new(PROGRAM);
        command.args(&arguments).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let control = loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap() == 0 {
                panic!("{arguments:?} has ended: {}", String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr));
            }
            // `  page   http://…` for people, `"control":"http://…"` in JSON.
            let place = ["  page ", "\"control\""].iter().find_map(|word| line.find(word));
            if let Some(at) = place.and_then(|at| Some(at + line[at..].find("http://")?)) {
                break line[at..].chars().take_while(|c| *c != '"' && !c.is_whitespace()).collect();
            }
        };
        Self { child, lines, control }
    }

    fn stop(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
        self.lines.read_to_string(&mut String::new()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with the example specs.
fn workplace() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root().join("fixtures/specs")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), home.path().join(entry.file_name())).unwrap();
    }
    home
}

/// The words of a command as a shell sees them; what was quoted is not looked into.
fn words(command: &str, place: &str) -> Vec<(String, bool)> {
    let (mut words, mut rest) = (Vec::new(), command.trim_start());
    while let Some(first) = rest.chars().next() {
        let quoted = ['\'', '"'].contains(&first);
        let (word, after) = if quoted {
            rest[1..].split_once(first).unwrap_or_else(|| panic!("{place}: a quote is not closed"))
        } else {
            rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
        };
        let special = if first == '\'' {
            ""
        } else if quoted {
            "\\`$"
        } else {
            "\\`$|'\""
        };
        assert!(!word.contains(|c| special.contains(c)), "{place}: more shell than the test knows");
        assert!(!quoted || after.is_empty() || after.starts_with(' '), "{place}: a word that is quoted in part");
        words.push((word.to_owned(), quoted));
        rest = after.trim_start();
    }
    words
}

/// What stands behind an operator of the shell, which is cut off.
fn cut(words: &mut Vec<(String, bool)>, operator: &str) -> Option<String> {
    let at = words.iter().position(|(word, quoted)| word == operator && !quoted)?;
    let behind: Vec<String> = words.drain(at..).skip(1).map(|(word, _)| word).collect();
    Some(behind.join(" "))
}

/// Runs one command of a page. `# exit N` behind it says how it ends, `> FILE` where its output goes, `< FILE` where its input is.
fn perform(step: &Step, home: &Path, simulation: &mut Option<Simulation>, place: &str) {
    let mut words = words(&step.command, place);
    let comment = cut(&mut words, "#").unwrap_or_else(|| "exit 0".to_owned());
    let expected: i32 = comment.strip_prefix("exit ").and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{place}: {comment}"));
    let (file, input) = (cut(&mut words, ">"), cut(&mut words, "<"));
    let words: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    let arguments = match words.as_slice() {
        ["openai-failover", "simulate", ..] if expected == 0 => return Simulation::start(&words[1..], home).stop(),
        ["openai-failover", arguments @ ..] => arguments,
        ["cargo", ..] => {
            return assert!(place.starts_with("README.md") && SET_UP.contains(&words.join(" ").as_str()), "{place}: not a set-up command");
        }
        _ => return,
    };
    let control = (arguments.first() == Some(&"fault"))
        .then(|| &*simulation.get_or_insert_with(|| Simulation::start(&["simulate", "two-region.yaml"], home)).control);
    let input = input.map(|name| fs::File::open(home.join(name)).unwrap_or_else(|error| panic!("{place}: {error}")));
    let (code, out, error) = run_with(arguments, home, control, input);
    assert_eq!(code, Some(expected), "{place}\n{out}{error}");
    if let Some(file) = file {
        fs::write(home.join(file), &out).unwrap();
    }
    let printed = out + &error;
    let mut rest = printed.as_str();
    for line in step.shown.lines().filter(|line| !line.contains('…') && !line.trim().is_empty()) {
        let at = rest.find(line).unwrap_or_else(|| panic!("{place}\nthe page shows: {line}\nit printed:\n{printed}"));
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn commands_run_and_print_what_the_page_shows() {
    for page in pages() {
        let home = workplace();
        let mut simulation = None;
        for block in page.blocks() {
            match block.info.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["console"] => {
                    for step in block.steps().iter().filter(|step| !step.command.starts_with("curl ")) {
                        perform(step, home.path(), &mut simulation, &format!("{}: {}", page.name(), step.command));
                    }
                }
                // A file that the page makes: `xml NAME`.
                [_, name] => fs::write(home.path().join(name), &block.text).unwrap(),
                _ => {}
            }
        }
        simulation.into_iter().for_each(Simulation::stop);
    }
}

#[test]
fn the_readme_needs_two_commands_to_set_up() {
    let blocks = page("README.md").blocks();
    let used: BTreeSet<String> = blocks
        .iter()
        .filter(|block| block.info == "console")
        .flat_map(Block::steps)
        .map(|step| step.command)
        .filter(|command| command.starts_with("cargo "))
        .collect();
    assert_eq!(used, SET_UP.map(str::to_owned).into());
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut faults = Vec::new();
    for page in pages() {
        // What stands between backticks is no link.
        let prose = page.prose();
        let plain: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for target in plain.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            let full = root().join(&path);
            let found = full.exists()
                && (anchor.is_empty() || self::page(&path.display().to_string()).anchors().iter().any(|known| known == anchor));
            if !found {
                faults.push(format!("{}: {target}", page.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The commands of the program, each with its long options.
fn commands() -> BTreeMap<String, BTreeSet<String>> {
    let help = |arguments: &[&str]| run(arguments, &root(), None).1;
    let overview = help(&["--help"]);
    let listed = overview.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let options = |name: &str| {
        let text = help(&[name, "--help"]);
        let lines = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let options: BTreeSet<String> = lines.flat_map(options_in).collect();
        options.into_iter().filter(|option| !["--help", "--version"].contains(&option.as_str())).collect()
    };
    names.map(|name| (name.to_owned(), options(name))).collect()
}

/// Every `--option` in a line.
fn options_in(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter(|word| word.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())))
        .map(str::to_owned)
        .collect()
}

#[test]
fn commands_and_options_are_those_of_the_program() {
    let commands = commands();
    assert!(commands.contains_key("simulate") && commands["simulate"].contains("--policy"), "{commands:?}");
    let mut faults = Vec::new();
    for page in pages() {
        for line in page.text.lines() {
            // What belongs to other programs is none of ours.
            if ["cargo ", "curl ", "az account"].iter().any(|other| line.contains(other)) {
                continue;
            }
            let start = line.trim_start().trim_start_matches("$ ");
            let named: Vec<&str> = start
                .split('`')
                .filter_map(|piece| piece.strip_prefix("openai-failover "))
                .filter_map(|rest| rest.split_whitespace().next())
                .collect();
            for name in named.iter().filter(|name| !commands.contains_key(**name) && !name.starts_with(['-', '['])) {
                faults.push(format!("{}: there is no command `{name}`", page.name()));
            }
            for option in options_in(line) {
                let known = match named.as_slice() {
                    [name] => commands.get(*name).is_some_and(|options| options.contains(&option)),
                    _ => commands.values().any(|options| options.contains(&option)),
                };
                if !known {
                    faults.push(format!("{}: there is no option `{option}` in: {line}", page.name()));
                }
            }
        }
    }
    let readme = page("README.md").text;
    for (name, options) in &commands {
        let path = format!("docs/{name}.md");
        if !readme.contains(&format!("]({path})")) {
            faults.push(format!("README.md has no link to {path}"));
        }
        let text = fs::read_to_string(root().join(&path)).unwrap_or_default();
        let table: String = text.lines().filter(|line| line.starts_with('|')).collect();
        faults
            .extend(options.iter().filter(|option| !table.contains(&format!("`{option}"))).map(|option| format!("{path} lacks {option}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn whole_specs_are_valid() {
    let home = tempfile::tempdir().unwrap();
    let mut count = 0;
    for page in pages() {
        for block in page.blocks().iter().filter(|block| block.info == "yaml") {
            if block.text.contains("version: 1") && block.text.contains("backends:") {
                fs::write(home.path().join("spec.yaml"), &block.text).unwrap();
                let (code, _, error) = run(&["gen", "spec.yaml", "-o", "out"], home.path(), None);
                assert_eq!(code, Some(0), "{}\n{error}", page.name());
                assert!(!error.contains("warning["), "{}\n{error}", page.name());
                count += 1;
            }
        }
    }
    assert!(count >= 2, "{count}");
}

#[test]
fn whole_scenarios_are_valid() {
    let mut count = 0;
    for page in pages() {
        for block in page.blocks().iter().filter(|block| block.info == "yaml" && block.text.contains("\nduration:")) {
            let source = Source::new(page.name(), block.text.as_str());
            match scenario::read(&source, "example", &|path| Err(format!("`{path}` is not there"))) {
                Ok((_, warnings)) => assert!(warnings.is_empty(), "{warnings:#?}"),
                Err(faults) => panic!("{}", diagnostics::text(&faults, Colour::Never)),
            }
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}

/// What a list of names lacks in a text.
fn lacking(text: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().filter(|name| !text.contains(&format!("`{name}`"))).collect()
}

/// Every key that a format has, by its schema.
fn keys_of(format: &str) -> BTreeSet<String> {
    fn keys(schema: &Value, into: &mut BTreeSet<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            into.extend(properties.keys().cloned());
        }
        schema.as_object().into_iter().flat_map(serde_json::Map::values).for_each(|value| keys(value, into));
    }
    let (_, schema, _) = run(&["schema", format], &root(), None);
    let mut known = BTreeSet::new();
    keys(&serde_json::from_str(&schema).unwrap(), &mut known);
    known
}

#[test]
fn the_scenario_page_has_every_key_and_every_metric() {
    let known = keys_of("scenario");
    assert!(known.contains("promptTokens") && known.len() > 60, "{known:?}");
    let text = page("docs/scenario.md").text;
    // Those of a deployment stand on the spec's page, and pairs of numbers within their forms.
    let elsewhere = keys_of("spec");
    let within =
        |key: &String| elsewhere.contains(key) || ["low", "peak", "peakAt", "size", "every", "to", "median", "p95"].contains(&key.as_str());
    assert_eq!(lacking(&text, known.into_iter().filter(|key| !within(key))), [""; 0]);
    let table: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '[']).next()).collect();
    let metrics = scenario::metrics()
        .into_iter()
        .filter(|name| !table.iter().any(|shown| shown.split(".p95").next() == Some(name) || shown.split(".max").next() == Some(name)));
    assert_eq!(metrics.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_spec_page_has_every_key_and_every_code() {
    let known = keys_of("spec");
    assert!(known.contains("originResponseTimeout") && known.len() > 40, "{known:?}");
    assert_eq!(lacking(&page("docs/spec.md").text, known), [""; 0]);
    for (folder, prefix, path) in [
        ("src/spec", "spec/", "docs/spec.md"),
        ("src/generate", "gen/", "docs/gen.md"),
        ("src/service", "service/", "docs/services.md"),
        ("src/scenario", "scenario/", "docs/scenario.md"),
        ("src/world", "world/", "docs/scenario.md"),
    ] {
        let sources = fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && !path.ends_with("tests.rs"));
        let code: String = sources.map(|path| fs::read_to_string(path).unwrap()).collect();
        let codes: BTreeSet<String> =
            code.split('"').filter(|text| text.starts_with(prefix) && !text.contains(' ')).map(str::to_owned).collect();
        assert!(!codes.is_empty());
        assert_eq!(lacking(&page(path).text, codes), [""; 0], "{path}");
    }
}

#[test]
fn the_table_of_faults_is_the_catalogue() {
    let text = page("docs/fault.md").text;
    let (_, section) = text.split_once("\n## Faults\n").unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    let expected: Vec<String> = [STATUS]
        .iter()
        .chain(&CATALOGUE)
        .map(|entry| {
            let word = if entry.word == STATUS.word { entry.word.to_owned() } else { format!("`{}`", entry.word) };
            let options: Vec<String> = entry.options.iter().map(|option| format!("`--{}`", option.flag())).collect();
            let options = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
            let places: Vec<&str> = entry.places.iter().map(|place| place.word()).collect();
            format!("| {word} | {} |{options} | {} |", entry.seen, places.join(", "))
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_reference_pages_have_every_policy_and_variable() {
    for (level, heading) in [(Level::Simulated, "Simulated"), (Level::Recorded, "Recorded"), (Level::NotSimulated, "Not simulated")] {
        let text = page("docs/fidelity.md").text;
        let line = text.lines().find(|line| line.starts_with(&format!("- **{heading}:**"))).unwrap_or_default();
        let said: BTreeSet<&str> = line.split('`').skip(1).step_by(2).collect();
        let of_level = entries().iter().filter(|entry| entry.level == level).map(|entry| entry.name.as_str());
        assert_eq!(said, of_level.collect(), "{heading}");
    }
    let policy = fs::read_to_string(root().join("policies/three-region/policy.xml")).unwrap();
    let variables: BTreeSet<String> = policy
        .split('"')
        .filter(|text| text.starts_with("failover-") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .map(|name| match name {
            _ if name.starts_with("failover-header-") => "failover-header-NAME".to_owned(),
            _ if name.starts_with("failover-answer-") => "failover-answer-BACKEND".to_owned(),
            name => name.to_owned(),
        })
        .collect();
    assert!(variables.len() > 20, "{variables:?}");
    assert_eq!(lacking(&page("docs/policy.md").text, variables), [""; 0]);
}
