//! `policies/` holds what `gen` makes of the example specs: people read it, and this test keeps it fresh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{fs, path::PathBuf};

use openai_failover::{generate, policy, source::Source, xml};
use support::spec;

const EXAMPLES: [&str; 3] = ["minimal", "two-region", "three-region"];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies").join(name)
}

#[test]
fn the_committed_policies_are_what_gen_writes() {
    for name in EXAMPLES {
        let artefacts = generate::generate(&spec(name), &generate::Options::default()).unwrap();
        let stale: Vec<PathBuf> =
            generate::differences(&folder(name), &artefacts).unwrap().into_iter().map(|difference| difference.path).collect();
        assert!(stale.is_empty(), "write them anew: cargo run -- gen fixtures/specs/{name}.yaml -o policies/{name}\n{stale:?}");
    }
}

#[test]
fn both_formats_mean_the_same() {
    for name in EXAMPLES {
        let spec = spec(name);
        let text = |format| generate::generate(&spec, &generate::Options { format, templates: None }).unwrap().remove(0).contents;
        let (raw, escaped) = (text(xml::Format::RawXml), text(xml::Format::Xml));
        let parse = |text: &str| xml::parse(&Source::new("policy.xml", text)).unwrap();
        assert_ne!(raw, escaped);
        assert!(parse(&escaped).is_well_formed() && !parse(&raw).is_well_formed());
        let canonical = |text: &str| xml::format(&parse(text), xml::Format::RawXml);
        assert_eq!(canonical(&raw), canonical(&escaped), "{name}");
        let named_values = spec.named_values.keys().map(|name| (name.clone(), "k".to_owned())).collect();
        policy::compile(&parse(&escaped), &policy::Resources { named_values, ..policy::Resources::default() }).unwrap();
    }
}

#[test]
fn no_secret_and_no_backend_key_stands_in_the_policy() {
    for name in EXAMPLES {
        let text = fs::read_to_string(folder(name).join("policy.xml")).unwrap();
        for line in text.lines().filter(|line| line.contains("{{")) {
            assert!(
                line.trim().starts_with("<value>{{") && line.trim().ends_with("}}</value>"),
                "a Named Value is a whole element text: {line}"
            );
        }
        assert!(!text.contains("vault.azure.net"));
    }
}
