//! The library of scenarios in virtual time: each holds, again and under another seed, and fails when the policy is sabotaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use openai_failover::{
    diagnostic::Diagnostic,
    generate,
    report::{Colour, diagnostics, scenario as report},
    scenario::{self, Scenario},
    source::Source,
    spec::{self, Spec},
    virtual_time::{self, Keep, Run},
    world::{self, Materials, World},
    xml::{self, Document},
};

/// How many run at a time.
const THREADS: usize = 2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios")
}

fn fine<T>(found: Result<T, Vec<Diagnostic>>, of: &str) -> T {
    found.unwrap_or_else(|faults| panic!("{of}:\n{}", diagnostics::text(&faults, Colour::Never)))
}

fn file(path: &Path) -> Arc<Source> {
    Source::new(path.display().to_string(), fs::read_to_string(path).unwrap())
}

/// A scenario of the library, with the spec of its world.
struct Staged {
    source: Arc<Source>,
    scenario: Arc<Scenario>,
    spec: Spec,
}

impl Staged {
    fn read(name: &str) -> Self {
        let source = file(&folder().join(format!("{name}.yaml")));
        let (scenario, warnings) = fine(scenario::read(&source, name, &|file| Err(format!("`{file}` is not there"))), name);
        assert!(warnings.is_empty(), "{name}: {warnings:#?}");
        let spec = scenario.world.spec.clone().unwrap_or_else(|| panic!("{name} has no spec"));
        let (spec, warnings) = fine(spec::read(&file(&folder().join(spec))), name);
        assert!(warnings.is_empty(), "{name}: {warnings:#?}");
        Self { source, scenario: Arc::new(scenario), spec }
    }

    /// Its world, with the policy that its spec generates or another one.
    fn world(&self, policy: Option<Document>) -> World {
        let materials = Materials { spec: Some(self.spec.clone()), policy, ..Materials::default() };
        let built = fine(world::build(materials, &world::invented(self.scenario.seed)), &self.scenario.name);
        let found = scenario::check(&self.scenario, &self.source, &built);
        assert!(found.is_empty(), "{}", diagnostics::text(&found, Colour::Never));
        built.world
    }

    fn run(&self, policy: Option<Document>, seed: u64) -> Run {
        virtual_time::run(&self.scenario, &self.world(policy), seed, Keep::default(), &Default::default())
    }

    /// The policy that its spec generates.
    fn policy(&self) -> String {
        let artefacts = fine(generate::generate(&self.spec, &generate::Options::default()), &self.scenario.name);
        artefacts.into_iter().find(|artefact| artefact.path == "policy.xml").unwrap().contents
    }
}

fn trial(run: Run) -> report::Trial {
    report::Trial { file: format!("{}.yaml", run.scenario.name), run, others: Vec::new(), agreement: None, took: Duration::ZERO }
}

/// What came of the work on each, in their order.
fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = all.get(index) else { return };
                    let result = work(item);
                    done.lock().unwrap().push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What a scenario of the library came to with the generated policy.
struct Outcome {
    name: String,
    /// The expectations, and whether they hold.
    expectations: Vec<(String, bool)>,
    /// All of it as people read it.
    text: String,
}

/// The whole library, run once for all tests.
fn library() -> &'static [Outcome] {
    static LIBRARY: OnceLock<Vec<Outcome>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        let mut names: Vec<String> = yaml.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        side_by_side(&names, |name| {
            let staged = Staged::read(name);
            let run = staged.run(None, staged.scenario.seed);
            let expectations = run.judged.iter().map(|judged| (judged.expectation.text.clone(), judged.holds)).collect();
            Outcome { name: name.clone(), expectations, text: report::text(&trial(run), Colour::Never) }
        })
    })
}

#[test]
fn every_scenario_of_the_library_holds() {
    let library = library();
    assert!(library.len() >= 16, "{}", library.len());
    for outcome in library {
        assert!(!outcome.expectations.is_empty(), "{} expects nothing", outcome.name);
    }
    let failed: String =
        library.iter().filter(|outcome| outcome.expectations.iter().any(|(_, holds)| !holds)).map(|outcome| &*outcome.text).collect();
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_other_numbers() {
    const NAMES: [&str; 3] = ["both-throttled", "gateway-down", "primary-throttled"];
    const SEEDS: [u64; 3] = [3, 3, 1_000];
    // Each run has a world of its own: nothing is left over from the one before.
    let runs: Vec<(&str, u64)> = NAMES.iter().flat_map(|name| SEEDS.map(|seed| (*name, seed))).collect();
    let found = side_by_side(&runs, |(name, seed)| {
        let staged = Staged::read(name);
        let keep = Keep { slowest: 2, failed: 2 };
        let run = virtual_time::run(&staged.scenario, &staged.world(None), *seed, keep, &Default::default());
        let numbers = (run.whole.sent, run.whole.latency.mean(), run.whole.served_by.clone());
        let trial = trial(run);
        (trial.holds(), numbers, report::json(&[trial]).to_string())
    });
    for (name, runs) in NAMES.iter().zip(found.chunks(SEEDS.len())) {
        let [(_, numbers, json), (_, _, again), (_, others, other)] = runs else { panic!("{name}: {} runs", runs.len()) };
        assert!(runs.iter().all(|(holds, ..)| *holds), "{name}: {json}\n{other}");
        assert!(json == again, "{name}: the same seed gives other bytes");
        assert!(numbers.0 != others.0 && numbers.1 != others.1 && numbers.2 != others.2, "{name}: {numbers:?} {others:?}");
    }
}

/// A thing taken out of the generated policy.
struct Sabotage {
    /// What clients and operators lose.
    what: &'static str,
    /// How: each text in the policy, wherever it stands, and what takes its place.
    how: &'static [(&'static str, &'static str)],
    /// The scenario that fails without it.
    scenario: &'static str,
    /// The expectation by which it fails.
    by: &'static str,
}

const FIVE_HUNDREDS: (&str, &str) = (" || (status >= 500 && status <= 599)", "");
const ON_ERROR: (&str, &str) = (r#"context.LastError.Section == "backend""#, r#"context.LastError.Section == "nowhere""#);
const SWEDEN_ALONE: (&str, &str) = (r#"case "francecentral":"#, r#"case "nowhere":"#);

/// Every scenario but `waf-attack` is here: there the firewall is at work, and requests that it stops see no policy.
const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        what: "failover after a broken connection: on-error",
        how: &[ON_ERROR],
        scenario: "primary-refused",
        by: "availability >= 99.95%",
    },
    Sabotage {
        what: "failover after a name without an address: on-error",
        how: &[ON_ERROR],
        scenario: "primary-no-dns",
        by: "servedBy[frc] > 500 during fault 1",
    },
    Sabotage {
        what: "failover after a status",
        how: &[("status == 401 || status == 403 || status == 408 || status == 429 || (status >= 500 && status <= 599)", "false")],
        scenario: "primary-throttled",
        by: "responses[4xx] == 0",
    },
    Sabotage { what: "failover after 5xx", how: &[FIVE_HUNDREDS], scenario: "brown-out", by: "responses[503] == 0" },
    Sabotage { what: "failover after 5xx that come and go", how: &[FIVE_HUNDREDS], scenario: "flapping", by: "availability >= 99.95%" },
    Sabotage {
        what: "failover after a refused key",
        how: &[("status == 401 || ", "")],
        scenario: "key-rotation",
        by: "responses[401] == 0",
    },
    Sabotage {
        what: "failover after a full quota",
        how: &[(" || status == 429", "")],
        scenario: "over-quota",
        by: "throttledWithCapacity == 0",
    },
    Sabotage {
        what: "failover after provisioned throughput in full use",
        how: &[(" || status == 429", "")],
        scenario: "ptu-spill",
        by: "servedBy[frc] > 100 from 8m to 10m",
    },
    Sabotage {
        what: "the deployment's name at the second backend",
        how: &[("frc=gpt-4o-fr", "frc=gpt-4o")],
        scenario: "primary-throttled",
        by: "responses[4xx] == 0",
    },
    Sabotage {
        what: "the credential of the second backend",
        how: &[("{{aoai-key-frc}}", "{{aoai-key-swc}}")],
        scenario: "primary-throttled",
        by: "availability >= 99.95%",
    },
    Sabotage {
        what: "the body after it was read",
        how: &[("preserveContent: true", "preserveContent: false")],
        scenario: "steady-state",
        by: "responses[4xx] == 0",
    },
    Sabotage {
        what: "the body at the second attempt",
        how: &[(r#"<set-body>@(context.Variables.GetValueOrDefault<byte[]>("failover-body", new byte[0]))</set-body>"#, "")],
        scenario: "primary-throttled",
        by: "availability >= 99.95%",
    },
    Sabotage {
        what: "the unbuffered branch for streams",
        how: &[(r#"buffer-response="false""#, r#"buffer-response="true""#)],
        scenario: "cut-streams",
        by: "firstToken.p95 < 2s client chat",
    },
    Sabotage {
        what: "the smallest Retry-After: the largest is sent",
        how: &[("before <= seconds ?", "before >= seconds ?"), ("before <= milliseconds ?", "before >= milliseconds ?")],
        scenario: "both-throttled",
        by: "latency.max < 30s during fault 2",
    },
    Sabotage {
        what: "throttle memory",
        how: &[(
            r#"<cache-lookup-value key="@((string)context.Variables["failover-throttle-key"])" variable-name="failover-throttled" />"#,
            "",
        )],
        scenario: "primary-throttled",
        by: "calls[swc] <= 30 during fault 1",
    },
    Sabotage {
        what: "the return when the pause is over",
        how: &[("(now + wait)", "(now + wait + 240000)")],
        scenario: "recovery",
        by: "returnTime < 60s after fault 3",
    },
    Sabotage {
        what: "the attempt's timeout",
        how: &[(r#"timeout="60""#, r#"timeout="240""#)],
        scenario: "primary-stalls",
        by: "availability >= 99.95%",
    },
    Sabotage {
        what: "the nearest resource first",
        how: &[(r#""swc=gpt-4o frc=gpt-4o-fr""#, r#""frc=gpt-4o-fr swc=gpt-4o""#)],
        scenario: "steady-state",
        by: "servedBy[frc] == 0",
    },
    Sabotage {
        what: "the order of the second gateway, while the first is down",
        how: &[SWEDEN_ALONE],
        scenario: "gateway-down",
        by: "servedBy[frc] > 400 during fault 1",
    },
    Sabotage {
        what: "the order of the second gateway, while the first one's region is dark",
        how: &[SWEDEN_ALONE],
        scenario: "region-down",
        by: "latency.p95 < 15s from 5m to 8m",
    },
];

#[test]
fn a_policy_that_has_lost_something_fails_the_right_scenario() {
    for sabotage in SABOTAGES {
        let healthy = library().iter().find(|outcome| outcome.name == sabotage.scenario).unwrap();
        let holds = healthy.expectations.iter().any(|(text, holds)| text == sabotage.by && *holds);
        assert!(holds, "{}: `{}` does not hold before {} is gone\n{}", sabotage.scenario, sabotage.by, sabotage.what, healthy.text);
    }
    let wrong: Vec<String> = side_by_side(SABOTAGES, |sabotage| {
        let staged = Staged::read(sabotage.scenario);
        let mut text = staged.policy();
        for (from, to) in sabotage.how {
            assert!(text.contains(from), "{}: the policy has no `{from}`", sabotage.what);
            text = text.replace(from, to);
        }
        let document = fine(xml::parse(&Source::new("sabotaged.xml", text)), sabotage.what);
        let run = staged.run(Some(document), staged.scenario.seed);
        let fails = run.judged.iter().any(|judged| judged.expectation.text == sabotage.by && !judged.holds);
        (!fails).then(|| format!("without {}:\n{}", sabotage.what, report::text(&trial(run), Colour::Never)))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_fails_for_some_sabotage() {
    for outcome in library().iter().filter(|outcome| outcome.name != "waf-attack") {
        assert!(SABOTAGES.iter().any(|sabotage| sabotage.scenario == outcome.name), "nothing makes {} fail", outcome.name);
    }
}
