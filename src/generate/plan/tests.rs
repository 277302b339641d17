//! Orders, ranks, places and holders, as the templates get them.

use super::*;
use crate::generate::tests::{Sketch, spec};

fn plan(sketch: &Sketch) -> Plan {
    Plan::new(&spec(sketch))
}

fn orders(plan: &Plan) -> Vec<(String, &str)> {
    let cases = plan.order.cases.iter().map(|case| (case.regions.join(" "), case.ranks.as_str()));
    cases.chain([("*".to_owned(), plan.order.otherwise.as_str())]).collect()
}

#[test]
fn the_own_region_comes_first_and_then_priority() {
    let sketch = Sketch::new(["swedencentral", "francecentral", "germanywestcentral"])
        .backend("swc", "swedencentral", 1, 1, &["gpt-4o"])
        .backend("frc", "francecentral", 2, 1, &["gpt-4o"])
        .backend("frd", "francecentral", 3, 1, &["gpt-4o"])
        .backend("plc", "polandcentral", 4, 1, &["gpt-4o"]);
    // Sweden and Germany have the usual order, so that they need no case of their own.
    assert_eq!(orders(&plan(&sketch)), [("francecentral".to_owned(), "frc frd swc plc"), ("*".to_owned(), "swc frc frd plc")]);
    let by_priority = sketch.failover("order: priority");
    assert_eq!(orders(&plan(&by_priority)), [("*".to_owned(), "swc frc frd plc")]);
}

#[test]
fn regions_with_the_same_order_share_a_case() {
    let sketch = Sketch::new(["francecentral", "swedencentral", "germanywestcentral"])
        .backend("aaa", "polandcentral", 1, 1, &["gpt-4o"])
        .backend("swc", "swedencentral", 2, 1, &["gpt-4o"]);
    assert_eq!(orders(&plan(&sketch)), [("swedencentral".to_owned(), "swc aaa"), ("*".to_owned(), "aaa swc")]);
}

#[test]
fn equal_ranks_stand_together_with_their_weights() {
    let sketch = Sketch::new(["swedencentral", "francecentral"])
        .backend("swa", "swedencentral", 1, 3, &["gpt-4o"])
        .backend("frc", "francecentral", 1, 2, &["gpt-4o"])
        .backend("swb", "swedencentral", 1, 1, &["gpt-4o"])
        .backend("plc", "polandcentral", 2, 1, &["gpt-4o"]);
    let plan = plan(&sketch);
    assert!(plan.order.weighted);
    let expected = [
        ("swedencentral".to_owned(), "swa:3|swb:1 frc:2 plc:1"),
        ("francecentral".to_owned(), "frc:2 swa:3|swb:1 plc:1"),
        ("*".to_owned(), "swa:3|frc:2|swb:1 plc:1"),
    ];
    assert_eq!(orders(&plan), expected);
    assert_eq!(plan.order.summary.last().map(String::as_str), Some("any other gateway: swa (3) or frc (2) or swb (1) by weight, then plc"));
}

#[test]
fn each_model_names_its_holders_and_their_deployments() {
    let sketch = Sketch::new(["swedencentral"]).backend("swc", "swedencentral", 1, 1, &["gpt-4o", "embed"]).backend(
        "frc",
        "francecentral",
        2,
        1,
        &["gpt-4o: { name: gpt-4o.fr_1 }"],
    );
    let plan = plan(&sketch);
    let models: Vec<(&str, &str)> = plan.models.iter().map(|model| (model.name.as_str(), model.deployments.as_str())).collect();
    assert_eq!(models, [("gpt-4o", "swc=gpt-4o frc=gpt-4o.fr_1"), ("embed", "swc=embed")]);
    assert_eq!(path_segment("a b=å/%"), "a%20b%3D%C3%A5%2F%25", "no separator of the tables can come from a name");
}

#[test]
fn attempts_are_as_many_as_the_spec_wants_and_the_holders_allow() {
    let three = || {
        Sketch::new(["swedencentral"])
            .backend("swc", "swedencentral", 1, 1, &["gpt-4o"])
            .backend("frc", "francecentral", 2, 1, &["gpt-4o"])
            .backend("plc", "polandcentral", 3, 1, &["gpt-4o"])
    };
    for (wanted, attempts, retries) in [(1, 1, 0), (2, 2, 0), (3, 3, 1), (10, 3, 1)] {
        let plan = plan(&three().failover(&format!("maxAttempts: {wanted}")));
        assert_eq!((plan.attempts, plan.retries, plan.later), (attempts, retries, attempts > 1), "{wanted}");
    }
}

#[test]
fn a_backend_stands_only_where_it_can_be_tried() {
    let places = |sketch: &Sketch| -> Vec<(String, bool, bool)> {
        plan(sketch).backends.into_iter().map(|backend| (backend.id, backend.first, backend.later)).collect()
    };
    let is = |id: &str, first, later| (id.to_owned(), first, later);
    let chain = Sketch::new(["swedencentral"])
        .backend("swc", "swedencentral", 1, 1, &["gpt-4o"])
        .backend("frc", "francecentral", 2, 1, &["gpt-4o", "embed"])
        .backend("plc", "polandcentral", 3, 1, &["gpt-4o"]);
    // Where a throttled backend is skipped, whoever is behind it moves up.
    let chain = chain.failover("maxAttempts: 2");
    assert_eq!(places(&chain), [is("swc", true, false), is("frc", true, true), is("plc", true, true)]);
    // The middle one is the first for the model that it alone holds; the last one is beyond two attempts.
    let chain = chain.failover("throttleMemory: false");
    assert_eq!(places(&chain), [is("swc", true, false), is("frc", true, true), is("plc", false, false)]);
    let shared = Sketch::new(["swedencentral"])
        .backend("swa", "swedencentral", 1, 1, &["gpt-4o"])
        .backend("swb", "swedencentral", 1, 1, &["gpt-4o"])
        .backend("idle", "francecentral", 1, 1, &["other"]);
    // Anywhere else all three have one rank, and a request for a model that nobody holds may go to any of them.
    assert_eq!(places(&shared), [is("swa", true, true), is("swb", true, true), is("idle", true, false)]);
}

#[test]
fn statuses_become_a_condition() {
    let range = |first, last| StatusRange { first, last };
    assert_eq!(condition(&[]), "status == 0");
    assert_eq!(condition(&[range(429, 429), range(500, 599)]), "status == 0 || status == 429 || (status >= 500 && status <= 599)");
}

#[test]
fn every_credential_header_is_named_once_and_every_carried_header_too() {
    let sketch = Sketch::new(["swedencentral"])
        .backend("swc", "swedencentral", 1, 1, &["gpt-4o"])
        .failover("forwardHeaders: [OpenAI-Organization, accept]")
        .key_header("X-Contoso-Key");
    let plan = plan(&sketch);
    assert_eq!(plan.client_credentials, ["api-key", "Authorization", "Ocp-Apim-Subscription-Key", "X-Contoso-Key"]);
    let headers: Vec<(&str, &str)> = plan.headers.iter().map(|header| (header.name.as_str(), header.variable.as_str())).collect();
    let expected = [
        ("Content-Type", "failover-header-content-type"),
        ("Accept", "failover-header-accept"),
        ("x-ms-client-request-id", "failover-header-x-ms-client-request-id"),
        ("traceparent", "failover-header-traceparent"),
        ("OpenAI-Organization", "failover-header-openai-organization"),
    ];
    assert_eq!(headers, expected);
}
