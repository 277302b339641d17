//! What a spec becomes: size, sameness, shape, refusals. What the policy does is tested by running it.

use std::fmt::Write;

use super::*;
use crate::csharp::{self, Code};

/// A spec in the making: only what a test is about is said.
#[derive(Clone)]
pub(super) struct Sketch {
    gateways: Vec<&'static str>,
    backends: String,
    failover: Vec<String>,
    key_header: String,
    named_values: Vec<String>,
}

impl Sketch {
    pub(super) fn new(gateways: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            gateways: gateways.into_iter().collect(),
            backends: String::new(),
            failover: Vec::new(),
            key_header: "api-key".to_owned(),
            named_values: Vec::new(),
        }
    }

    /// Adds a backend with a key; a deployment is a public name or a line of YAML that begins with one.
    pub(super) fn backend(self, id: &str, region: &str, priority: u32, weight: u32, deployments: &[&str]) -> Self {
        let mut sketch = self.with(id, region, priority, weight, deployments, &format!("{{ apiKey: key-{id} }}"));
        sketch.named_values.push(format!("key-{id}"));
        sketch
    }

    /// Adds a backend with managed identity.
    pub(super) fn identity(self, id: &str, region: &str, priority: u32, deployments: &[&str]) -> Self {
        self.with(id, region, priority, 1, deployments, "{ managedIdentity: true }")
    }

    fn with(mut self, id: &str, region: &str, priority: u32, weight: u32, deployments: &[&str], auth: &str) -> Self {
        let _ = writeln!(
            self.backends,
            "  - id: {id}\n    region: {region}\n    endpoint: https://contoso-{id}.openai.azure.com\n    auth: {auth}\n    priority: \
             {priority}\n    weight: {weight}\n    deployments:"
        );
        for deployment in deployments {
            let (name, rest) = deployment.split_once(": ").unwrap_or((deployment, "{ tokensPerMinute: 1000 }"));
            let _ = writeln!(self.backends, "      {name}: {rest}");
        }
        self
    }

    /// Adds a line below `failover`.
    pub(super) fn failover(mut self, line: &str) -> Self {
        self.failover.push(line.to_owned());
        self
    }

    pub(super) fn key_header(mut self, name: &str) -> Self {
        name.clone_into(&mut self.key_header);
        self
    }

    fn yaml(&self) -> String {
        let mut yaml = format!(
            "version: 1\nname: contoso\napi:\n  id: aoai\n  path: ai/openai\n  subscriptionKeyHeader: {}\ngateways:\n",
            self.key_header
        );
        for region in &self.gateways {
            let _ = writeln!(yaml, "  - {{ region: {region} }}");
        }
        let _ = write!(yaml, "backends:\n{}", self.backends);
        if !self.named_values.is_empty() {
            yaml.push_str("namedValues:\n");
        }
        for name in &self.named_values {
            let _ = writeln!(yaml, "  {name}: {{ keyVault: \"https://contoso-kv.vault.azure.net/secrets/{name}\" }}");
        }
        if !self.failover.is_empty() {
            let _ = writeln!(yaml, "failover:\n  {}", self.failover.join("\n  "));
        }
        yaml
    }
}

/// The spec of a sketch, which must be a good one.
pub(super) fn spec(sketch: &Sketch) -> Spec {
    let yaml = sketch.yaml();
    match crate::spec::read(&Source::new("spec.yaml", yaml.as_str())) {
        Ok((spec, _)) => spec,
        Err(faults) => panic!("{yaml}\n{:?}", faults.iter().map(|fault| &fault.message).collect::<Vec<_>>()),
    }
}

fn policy(sketch: &Sketch, format: Format) -> String {
    let options = Options { format, ..Options::default() };
    match generate(&spec(sketch), &options) {
        Ok(artefacts) => {
            artefacts.into_iter().find(|artefact| artefact.path == POLICY).map(|artefact| artefact.contents).unwrap_or_default()
        }
        Err(faults) => panic!(
            "{:?}",
            faults.iter().map(|fault| (&fault.message, fault.labels.first().map(|l| l.source.slice(l.span)))).collect::<Vec<_>>()
        ),
    }
}

fn two_regions() -> Sketch {
    Sketch::new(["swedencentral", "francecentral"]).backend("swc", "swedencentral", 1, 1, &["gpt-4o"]).backend(
        "frc",
        "francecentral",
        2,
        1,
        &["gpt-4o: { name: gpt-4o-fr }"],
    )
}

const REGIONS: [&str; 10] = [
    "swedencentral",
    "francecentral",
    "germanywestcentral",
    "polandcentral",
    "italynorth",
    "spaincentral",
    "westeurope",
    "northeurope",
    "norwayeast",
    "switzerlandnorth",
];

/// Ten gateways, ten backends, ten models with long names everywhere, ten attempts.
fn ten_by_ten() -> Sketch {
    let mut sketch = Sketch::new(REGIONS).failover("maxAttempts: 10").failover("attemptTimeout: 15s");
    for (index, region) in REGIONS.into_iter().enumerate() {
        let deployments: Vec<String> =
            (0..10).map(|model| format!("a-public-model-name-{model}: {{ name: its-deployment-name-in-{region}-{model} }}")).collect();
        let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
        let rank = u32::try_from(index / 2).unwrap() + 1;
        sketch = sketch.backend(&format!("contoso-openai-{region}"), region, rank, 500, &deployments);
    }
    sketch
}

#[test]
fn ten_regions_with_ten_models_fit() {
    for (format, most) in [(Format::RawXml, 165_000), (Format::Xml, 180_000)] {
        let size = policy(&ten_by_ten(), format).len();
        assert!(size < most, "{format:?}: {size} bytes");
    }
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    let artefacts = || generate(&spec(&ten_by_ten()), &Options::default()).unwrap();
    assert_eq!(artefacts(), artefacts());
}

#[test]
fn both_formats_say_the_same() {
    for sketch in shapes() {
        let (raw, escaped) = (policy(&sketch, Format::RawXml), policy(&sketch, Format::Xml));
        let read_back = xml::parse(&Source::new(POLICY, escaped)).unwrap();
        assert!(read_back.is_well_formed());
        assert_eq!(xml::format(&read_back, Format::RawXml), raw);
    }
}

#[test]
fn a_generated_document_is_laid_out_already() {
    for sketch in shapes() {
        let document = policy(&sketch, Format::RawXml);
        assert_eq!(layout(document.clone(), Format::RawXml).unwrap(), document);
    }
}

/// One sketch for every turn that the templates take.
fn shapes() -> Vec<Sketch> {
    let three = |on: &str| {
        Sketch::new(["swedencentral", "francecentral"])
            .identity("swc", "swedencentral", 1, &["gpt-4o"])
            .backend("frc", "francecentral", 2, 1, &["gpt-4o"])
            .backend("plc", "polandcentral", 2, 3, &["gpt-4o"])
            .failover(&format!("on: {on}"))
    };
    let one = Sketch::new(["swedencentral"]);
    vec![
        two_regions(),
        two_regions().failover("maxAttempts: 1"),
        two_regions().failover("order: priority"),
        two_regions().failover("throttleMemory: false"),
        two_regions().failover("on: { statuses: [429] }"),
        three("{ connectionFailure: true, timeout: true }"),
        three("{ connectionFailure: false, timeout: true }"),
        three("{ connectionFailure: true, timeout: false }"),
        three("{ connectionFailure: false, timeout: false }"),
        three("{ connectionFailure: false, timeout: false }").failover("maxAttempts: 2"),
        one.clone().backend("only", "swedencentral", 1, 1, &["gpt-4o"]),
        one.identity("only", "swedencentral", 1, &["gpt-4o"]),
        ten_by_ten(),
    ]
}

/// The elements below `element`, itself included.
fn walk<'a>(element: &'a xml::Element, visit: &mut impl FnMut(&'a xml::Element)) {
    visit(element);
    for child in element.elements() {
        walk(child, visit);
    }
}

#[test]
fn every_document_keeps_the_rules_of_its_policies() {
    for sketch in shapes() {
        let document = xml::parse(&Source::new(POLICY, policy(&sketch, Format::RawXml))).unwrap();
        let sections: Vec<&str> = document.root.elements().map(|section| section.name.as_str()).collect();
        assert_eq!(sections, ["inbound", "backend", "outbound", "on-error"]);
        for section in document.root.elements() {
            match section.name.as_str() {
                "backend" => assert_eq!(section.elements().count(), 1, "the backend section holds one policy"),
                _ => assert_eq!(section.elements().next().map(|first| first.name.as_str()), Some("base")),
            }
            walk(section, &mut |element| match element.name.as_str() {
                "send-request" => {
                    let order = ["set-url", "set-method", "set-header", "set-body", "authentication-managed-identity"];
                    let places: Vec<usize> =
                        element.elements().map(|child| order.iter().position(|name| *name == child.name).unwrap()).collect();
                    assert!(places.is_sorted(), "{places:?}");
                    assert!(matches!(section.name.as_str(), "outbound" | "on-error"));
                }
                "return-response" => {
                    let order = ["set-status", "set-header", "set-body"];
                    let places: Vec<usize> =
                        element.elements().map(|child| order.iter().position(|name| *name == child.name).unwrap()).collect();
                    assert!(places.is_sorted(), "{places:?}");
                    for header in ["X-Served-By", "X-Failover-Attempts"] {
                        let has = element
                            .elements()
                            .any(|child| child.attribute("name").is_some_and(|name| name.value.as_literal() == Some(header)));
                        assert!(has, "{header}");
                    }
                }
                "choose" => {
                    let names: Vec<&str> = element.elements().map(|child| child.name.as_str()).collect();
                    assert_eq!(names.first(), Some(&"when"));
                    assert!(names[..names.len() - 1].iter().all(|name| *name == "when"), "{names:?}");
                }
                "forward-request" => {
                    assert_eq!(section.name, "backend");
                    assert!(element.attribute("buffer-response").is_some() && element.attribute("buffer-request-body").is_some());
                }
                "retry" => {
                    let count = element.attribute("count").and_then(|count| count.value.as_literal()).unwrap();
                    assert!((1..=50).contains(&count.parse::<u32>().unwrap()));
                }
                _ => {}
            });
        }
    }
}

/// The expressions of a document with its source.
fn expressions(document: &xml::Document) -> Vec<(Code, xml::ExpressionKind)> {
    let mut found = Vec::new();
    let mut add = |value: &xml::Value| {
        let own = value.expressions().iter();
        found.extend(own.map(|expression| (Code::verbatim(&document.source, expression.code_span), expression.kind)));
    };
    walk(&document.root, &mut |element| {
        element.attributes.iter().for_each(|attribute| add(&attribute.value));
        if let Some(text) = element.text() {
            add(&text);
        }
    });
    found
}

#[test]
fn every_expression_is_csharp_that_both_formats_can_carry() {
    for sketch in shapes() {
        let document = xml::parse(&Source::new(POLICY, policy(&sketch, Format::RawXml))).unwrap();
        let expressions = expressions(&document);
        assert!(expressions.len() > 30, "{}", expressions.len());
        for (code, kind) in expressions {
            let faults = match kind {
                xml::ExpressionKind::Single => csharp::parse_expression(&code).err(),
                xml::ExpressionKind::Block => csharp::parse_block(&code).err(),
            };
            let faults: Vec<String> = faults.into_iter().flatten().map(|fault| fault.message).collect();
            assert_eq!(faults, Vec::<String>::new(), "{}", code.text());
            // In an attribute a line comment swallows what follows it: an XML reader makes blanks of line breaks.
            assert!(!code.text().replace("https://", "").contains("//"), "{}", code.text());
            // Named Values are put in before anything is parsed, inside expressions too.
            assert!(!code.text().contains("{{"), "{}", code.text());
        }
    }
}

#[test]
fn a_key_stands_alone_and_only_beside_its_own_backend() {
    let document = policy(&two_regions(), Format::RawXml);
    for reference in document.match_indices("{{").map(|(at, _)| &document[at..]) {
        assert!(reference.starts_with("{{key-swc}}</value>") || reference.starts_with("{{key-frc}}</value>"), "{}", &reference[..40]);
    }
    assert_eq!(document.matches("{{key-swc}}").count(), 3, "the first attempt, a later one in outbound, a later one in on-error");
    assert!(!document.contains("}}\""), "no attribute holds a key");
}

#[test]
fn the_manifest_names_every_named_value_and_no_secret() {
    let artefacts = generate(&spec(&two_regions()), &Options::default()).unwrap();
    let manifest = artefacts.iter().find(|artefact| artefact.path == NAMED_VALUES).unwrap();
    let json: serde_json::Value = serde_json::from_str(&manifest.contents).unwrap();
    let vault = |name: &str| format!("https://contoso-kv.vault.azure.net/secrets/{name}");
    let expected = serde_json::json!([
        { "name": "key-swc", "secret": true, "keyVault": vault("key-swc") },
        { "name": "key-frc", "secret": true, "keyVault": vault("key-frc") },
    ]);
    assert_eq!(json, expected);
    assert!(manifest.contents.ends_with("]\n"));

    let identity = Sketch::new(["swedencentral"]).identity("swc", "swedencentral", 1, &["gpt-4o"]);
    let artefacts = generate(&spec(&identity), &Options::default()).unwrap();
    assert_eq!(artefacts[1].contents, "[]\n");
}

/// The code of a refusal and the text that it underlines.
fn refusal(sketch: &Sketch) -> (&'static str, String) {
    let faults = generate(&spec(sketch), &Options::default()).unwrap_err();
    let label = faults[0].primary().unwrap();
    (faults[0].code, label.source.slice(label.span).to_owned())
}

#[test]
fn what_cannot_be_generated_is_refused_at_its_place() {
    for strategy in ["retry", "backend-pool"] {
        let expected = ("gen/strategy-not-available", strategy.to_owned());
        assert_eq!(refusal(&two_regions().failover(&format!("strategy: {strategy}"))), expected);
    }
    let none = Sketch::new(["swedencentral"]).backend("none", "swedencentral", 1, 1, &["gpt-4o"]);
    assert_eq!(refusal(&none), ("gen/reserved-id", "none".to_owned()));
}

/// Source: learn.microsoft.com/azure/frontdoor/origin-security, and learn.microsoft.com/azure/api-management/front-door-api-management.
#[test]
fn gateways_that_are_locked_ask_for_the_profile_first() {
    let id = "4e6f9b1a-0000-4000-8000-000000000001";
    for (front_door, own, expected) in [
        ("{}", false, None),
        ("{ lockGateways: true }", false, Some((false, None))),
        ("{ lockGateways: true, id: 4e6f9b1a-0000-4000-8000-000000000001 }", false, Some((false, Some(id)))),
        ("{ lockGateways: true }", true, Some((true, None))),
    ] {
        let mut sketch = two_regions();
        sketch.named_values.extend(own.then(|| "front-door-id".to_owned()));
        let yaml = format!("{}frontDoor: {front_door}\n", sketch.yaml());
        let (spec, warnings) = crate::spec::read(&Source::new("spec.yaml", yaml.as_str())).unwrap_or_else(|faults| panic!("{faults:?}"));
        let policy = generate(&spec, &Options::default()).unwrap().remove(0).contents;
        let first = policy.split("<base />").nth(1).unwrap();
        let check = first.find("name=\"X-Azure-FDID\"");
        let variable = first.find("<set-variable").unwrap();
        assert_eq!(check.is_some_and(|check| check < variable), expected.is_some(), "{front_door}");
        assert_eq!(policy.contains("<value>{{front-door-id}}</value>"), expected.is_some());
        let entry = manifest(&spec).into_iter().find(|entry| entry.name == "front-door-id");
        let seen = entry.as_ref().map(|entry| (entry.secret, entry.value.as_deref()));
        assert_eq!(seen, expected, "{front_door}");
        let warned = warnings.iter().any(|warning| warning.code == "spec/no-front-door-id");
        assert_eq!(warned, expected == Some((false, None)), "{warnings:?}");
        assert!(!warnings.iter().any(|warning| warning.code == "spec/unused-named-value"), "{warnings:?}");
    }
}

#[test]
fn a_document_past_the_limit_is_refused() {
    let names: Vec<String> = (0..3_000).map(|index| format!("a-rather-long-name-for-one-of-very-many-public-models-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sketch = Sketch::new(["swedencentral"]).backend("swc", "swedencentral", 1, 1, &names);
    assert_eq!(refusal(&sketch).0, "gen/too-large");
}

#[test]
fn a_directory_of_templates_takes_the_place_of_the_built_in_ones() {
    let home = tempfile::tempdir().unwrap();
    let options = Options { templates: Some(home.path().to_owned()), ..Options::default() };
    let spec = spec(&two_regions());
    assert_eq!(generate(&spec, &options).unwrap(), generate(&spec, &Options::default()).unwrap(), "an empty directory changes nothing");

    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write("note.jinja", "<!-- ours, for {{ plan.name }} -->\n");
    write("policy.xml.jinja", "<policies>\n    {% include \"note.jinja\" %}\n</policies>\n");
    let policy = generate(&spec, &options).unwrap().remove(0).contents;
    assert!(policy.contains("<!-- ours, for contoso -->"), "{policy}");

    write("note.jinja", "<!-- {{ plan.nmae }} -->\n");
    let faults = generate(&spec, &options).unwrap_err();
    let label = faults[0].primary().unwrap();
    assert_eq!((faults[0].code, label.source.slice(label.span)), ("gen/template", "plan.nmae"));

    write("note.jinja", "{% if %}");
    assert_eq!(generate(&spec, &options).unwrap_err()[0].code, "gen/template");
    let missing = Options { templates: Some(home.path().join("missing")), ..Options::default() };
    assert_eq!(generate(&spec, &missing).unwrap_err()[0].code, "gen/unreadable-template");
}
