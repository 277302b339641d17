//! A service of several APIs, products and subscriptions: which call runs which policies, and who is let in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use openai_failover::{
    diagnostic::{Diagnostic, Severity},
    dotnet::context::{Named, Product},
    gateway::{Api, Gateway, Granted, Held, Holdings, Operation, Programs, Subscription},
    policy::{self, Resources},
    service::{self, Files, Given, Service},
    source::Source,
    xml,
};
use support::{World, respond};

/// The files of a folder in `fixtures/services`.
fn files(name: &str) -> Files {
    fn visit(folder: &Path, prefix: &str, into: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                visit(&path, &format!("{name}/"), into);
            } else {
                into.insert(name.clone(), Source::new(name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Files::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/services").join(name), "", &mut found);
    found
}

fn invent(name: &str) -> String {
    format!("made-up {name}")
}

fn contoso() -> Service {
    let (service, found) = service::read(&files("contoso"));
    assert!(found.is_empty(), "{found:#?}");
    service
}

/// The service of `fixtures/services/contoso`, with backends that answer 200 to everything.
fn world(method: &str) -> World {
    let compiled = contoso().compile(&Given::default(), &invent).unwrap_or_else(|found| panic!("{found:#?}"));
    let gateway = Gateway::serving("contoso".into(), "Sweden Central".into(), compiled.holdings);
    World::serving(gateway)
        .method(method)
        .on("backend.example", |_| respond(200, &[], "{}"))
        .on("contoso-swc.openai.azure.com", |_| respond(200, &[], "{}"))
}

const KEY: &str = "Ocp-Apim-Subscription-Key";

/// Which policies ran, in their order, by what each has appended to a header; what the backend was called with; and what `context` showed.
/// Source of the order: learn.microsoft.com/azure/api-management/set-edit-policies (narrowest first, `<base />` where the broader one
/// stands); of products: calls with a product's subscription only.
#[test]
fn each_call_runs_the_documents_of_its_scopes() {
    let chat = "/openai/deployments/gpt/chat/completions?api-version=1";
    let embeddings = "/openai/deployments/gpt/embeddings";
    for (method, path, header, key, trail, url, shown) in [
        (
            "POST",
            chat,
            "api-key",
            "gold-key",
            "global-test,gold,api,operation",
            "https://contoso-swc.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1",
            "azure-openai;1;-;ChatCompletions_Create;Gold;Team Gold;ada@contoso.com;-",
        ),
        (
            "POST",
            embeddings,
            "api-key",
            "gold-key-2",
            "global-test,gold,api",
            "https://contoso-swc.openai.azure.com/openai/deployments/gpt/embeddings",
            "azure-openai;1;-;embeddings_create;Gold;Team Gold;ada@contoso.com;-",
        ),
        (
            "POST",
            embeddings,
            "api-key",
            "silver-key",
            "global-test,api",
            "https://contoso-swc.openai.azure.com/openai/deployments/gpt/embeddings",
            "azure-openai;1;-;embeddings_create;Silver;Team Silver;-;-",
        ),
        (
            "POST",
            chat,
            "api-key",
            "everything-key",
            "global-test,api,operation",
            "https://contoso-swc.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1",
            "azure-openai;1;-;ChatCompletions_Create;-;Everything;-;-",
        ),
        ("GET", "/orders/7", KEY, "orders-key", "global-test", "https://backend.example/orders/7", "orders;1;-;get-id;-;Team Orders;-;-"),
        (
            "GET",
            "/orders/7",
            KEY,
            "gold-key",
            "global-test,gold",
            "https://backend.example/orders/7",
            "orders;1;-;get-id;Gold;Team Gold;ada@contoso.com;-",
        ),
        // Literal segments before parameters, whatever their order in the description.
        (
            "GET",
            "/orders/latest",
            KEY,
            "orders-key",
            "global-test",
            "https://backend.example/orders/latest",
            "orders;1;-;latest;-;Team Orders;-;-",
        ),
        ("POST", "/orders", KEY, "orders-key", "global-test", "https://backend.example/orders/", "orders;1;-;create;-;Team Orders;-;-"),
        // `;rev=N` behind the API's path. Source: learn.microsoft.com/azure/api-management/api-management-revisions.
        (
            "GET",
            "/orders;rev=2/7",
            KEY,
            "orders-key",
            "global-test,second-revision",
            "https://backend.example/orders/7",
            "orders;2;-;get-id;-;Team Orders;-;-",
        ),
        (
            "GET",
            "/orders;rev=1/7",
            KEY,
            "orders-key",
            "global-test",
            "https://backend.example/orders/7",
            "orders;1;-;get-id;-;Team Orders;-;-",
        ),
        // Versions in the path and in a header. Source: …/api-management-versions.
        (
            "GET",
            "/orders/v2/7",
            KEY,
            "",
            "global-test,walk-in",
            "https://backend.example/orders-v2/7",
            "orders-v2;1;v2;get-id;Walk-in;-;-;-",
        ),
        // The longest path wins.
        (
            "GET",
            "/orders/archive/2020/1",
            KEY,
            "",
            "global-test",
            "https://backend.example/orders-archive/2020/1",
            "orders-archive;1;-;list;-;-;-;-",
        ),
        (
            "GET",
            "/models/list",
            KEY,
            "",
            "global-test,workspace-lab",
            "https://backend.example/models/list",
            "models;1;-;list;-;-;-;research",
        ),
    ] {
        let mut world = world(method);
        let headers: Vec<(&'static str, &'static str)> = if key.is_empty() { Vec::new() } else { vec![(header, key)] };
        let answered = world.send(path, &headers, None);
        assert_eq!(answered.head.status, 200, "{path} {key}: {}", answered.text());
        let sent = &answered.sent[0].head;
        let joined = |name: &str| sent.headers.values(name).map(ToString::to_string).collect::<Vec<_>>().join(",");
        assert_eq!((joined("x-trail").as_str(), joined("x-stamp").as_str()), (trail, shown), "{path} {key}");
        assert_eq!(sent.url.to_string(), url, "{path}");
    }
    let dated = world("GET").send("/orders/7", &[("Api-Version", "2026-01-01"), (KEY, "everything-key")], None);
    assert_eq!(dated.sent[0].head.headers.get("x-stamp").unwrap().as_str(), "orders-dated;1;2026-01-01;get-id;-;Everything;-;-");
}

/// What the description says of an operation is what `validate-parameters` holds a request to, and what `mock-response` answers with.
#[test]
fn policies_know_what_the_description_says() {
    let answered = world("GET").send("/models/sample?top=3", &[], None);
    assert_eq!((answered.head.status, answered.text().as_str()), (200, "{\"name\":\"gpt-4o\",\"units\":2}"));
    for path in ["/models/sample", "/models/sample?top=9", "/models/sample?top=many"] {
        assert_eq!(world("GET").send(path, &[], None).head.status, 400, "{path}");
    }
}

/// Bodies and `WWW-Authenticate` are those seen on the wire in public reports; source, reason and the running of `on-error` are those of
/// learn.microsoft.com/azure/api-management/api-management-error-handling-policies.
#[test]
fn who_is_not_let_in_is_told_so() {
    let missing = "{ \"statusCode\": 401, \"message\": \"Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.\" }";
    let invalid = "{ \"statusCode\": 401, \"message\": \"Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.\" }";
    let not_found = "{ \"statusCode\": 404, \"message\": \"Resource not found\" }";
    let openai = "AzureApiManagementKey realm=\"https://gateway.example/openai\",name=\"api-key\",type=\"header\"";
    let orders = "AzureApiManagementKey realm=\"https://gateway.example/orders\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\"";
    let versioned = "AzureApiManagementKey realm=\"https://gateway.example/orders/v2\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\"";
    let chat = "/openai/deployments/gpt/chat/completions";
    let no_key = "authorization SubscriptionKeyNotFound";
    let bad_key = "authorization SubscriptionKeyInvalid";
    for (method, path, headers, status, body, challenge, error) in [
        ("POST", chat, &[][..], 401, missing, openai, format!("{no_key} azure-openai ChatCompletions_Create")),
        ("POST", chat, &[("api-key", "")], 401, missing, openai, format!("{no_key} azure-openai ChatCompletions_Create")),
        // The key stands under the API's own name.
        ("POST", chat, &[(KEY, "gold-key")], 401, missing, openai, format!("{no_key} azure-openai ChatCompletions_Create")),
        ("POST", chat, &[("api-key", "nobody's")], 401, invalid, openai, format!("{bad_key} azure-openai ChatCompletions_Create")),
        // A suspended subscription, and one for another API.
        ("POST", chat, &[("api-key", "late-key")], 401, invalid, openai, format!("{bad_key} azure-openai ChatCompletions_Create")),
        ("POST", chat, &[("api-key", "orders-key")], 401, invalid, openai, format!("{bad_key} azure-openai ChatCompletions_Create")),
        // A product that does not hold the API.
        ("GET", "/orders/7", &[(KEY, "silver-key")], 401, invalid, orders, format!("{bad_key} orders get-id")),
        // A wrong key is refused where none is asked for: an open product, an open API.
        ("GET", "/orders/v2/7", &[(KEY, "nobody's")], 401, invalid, versioned, format!("{bad_key} orders-v2 get-id")),
        ("DELETE", "/orders/7", &[(KEY, "orders-key")], 404, not_found, "-", "configuration OperationNotFound orders -".to_owned()),
        ("GET", "/orders;rev=3/7", &[(KEY, "orders-key")], 404, not_found, "-", "-".to_owned()),
        ("GET", "/nothing", &[], 404, not_found, "-", "-".to_owned()),
    ] {
        let answered = world(method).send(path, headers, None);
        assert_eq!((answered.head.status, answered.text().as_str()), (status, body), "{method} {path} {headers:?}");
        assert_eq!(answered.header("WWW-Authenticate"), challenge, "{method} {path} {headers:?}");
        assert_eq!(answered.header("x-error"), error, "{method} {path} {headers:?}");
        assert!(answered.sent.is_empty());
    }
    // The query, where the header is absent.
    assert_eq!(world("POST").send(&format!("{chat}?subscription-key=gold-key"), &[], None).head.status, 200);
    assert_eq!(world("POST").send(&format!("{chat}?subscription-key=gold-key"), &[("api-key", "wrong")], None).head.status, 401);
}

/// The table of learn.microsoft.com/azure/api-management/api-management-subscriptions, "How API Management handles requests with or without
/// subscription keys": all its rows.
#[test]
fn the_table_of_keys_holds() {
    let text = "<policies><inbound><return-response><set-body>@((context.Product?.Id ?? \"no product\") + \", \" + (context.Subscription?.Id ?? \"no subscription\"))</set-body></return-response></inbound></policies>";
    let document = xml::parse(&Source::new("policy.xml", text)).unwrap();
    let program = Arc::new(policy::compile(&document, &Resources::default()).unwrap());
    let subscription =
        |id: &'static str, granted| Subscription { id: id.into(), primary_key: id.into(), granted, ..Subscription::default() };
    let product = |id: &'static str, subscription_required| Product {
        named: Named { id: id.into(), name: id.into() },
        subscription_required,
        ..Product::default()
    };
    for (open_product, api_required, without_key) in [
        (false, true, "401"),
        (false, false, "no product, no subscription"),
        (true, true, "open, no subscription"),
        (true, false, "open, no subscription"),
    ] {
        let operation = Operation { id: "o".into(), name: "o".into(), method: "GET".into(), url_template: "/".into() };
        let api =
            Api { id: "a".into(), path: "a".into(), subscription_required: api_required, operations: vec![operation], ..Api::default() };
        let products = if open_product { vec![0, 1] } else { vec![0] };
        let held = Held { api, products, programs: Programs::new(program.clone()), any_key: false };
        let holdings = Holdings {
            apis: vec![held],
            products: vec![product("closed", true), product("open", false), product("other", true)],
            subscriptions: vec![
                subscription("of-the-product", Granted::Product("closed".into())),
                subscription("of-another", Granted::Product("other".into())),
                subscription("of-the-api", Granted::Api("a".into())),
                subscription("of-another-api", Granted::Api("b".into())),
                subscription("of-all", Granted::AllApis),
            ],
            ..Holdings::default()
        };
        let mut world = World::serving(Gateway::serving("s".into(), "r".into(), holdings)).method("GET");
        for (key, expected) in [
            ("", without_key),
            ("of-the-product", "closed, of-the-product"),
            ("of-the-api", "no product, of-the-api"),
            ("of-all", "no product, of-all"),
            ("of-another", "401"),
            ("of-another-api", "401"),
            ("unknown", "401"),
        ] {
            let headers: &[(&str, &str)] = if key.is_empty() { &[] } else { &[("api-key", key)] };
            let answered = world.send("/a", headers, None);
            let got = if answered.head.status == 200 { answered.text() } else { answered.head.status.to_string() };
            assert_eq!(got, expected, "open product {open_product}, API requires a key {api_required}, key {key}");
        }
    }
}

/// `CODE file:line message` of each finding.
fn lines(found: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let place = diagnostic
            .primary()
            .map_or("-".to_owned(), |label| format!("{}:{}", label.source.name(), label.source.position(label.span.start).line));
        let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        format!("{severity} {} {place} {}", diagnostic.code, diagnostic.message)
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Source: learn.microsoft.com/azure/api-management/validate-content-policy: `schema-id` is the name of a schema "that was added to the API
/// Management instance".
#[test]
fn schemas_of_the_folder_are_found_by_their_names() {
    for (id, language, body, expected) in [
        ("order", "json", r#"{"id":7}"#, 200),
        ("order", "json", r#"{"id":"seven"}"#, 400),
        ("invoice", "json", r#"{"id":7}"#, 400),
        ("order-xml", "xml", r#"<order id="7" />"#, 200),
        ("order-xml", "xml", r#"<order id="seven" />"#, 400),
    ] {
        let policy = format!(
            "<policies><inbound><base /><validate-content unspecified-content-type-action=\"prevent\" max-size=\"100\" size-exceeded-action=\"prevent\">\
             <content type=\"application/json\" validate-as=\"{language}\" action=\"prevent\" schema-id=\"{id}\" /></validate-content></inbound></policies>"
        );
        let mut files = files("contoso");
        files.insert("apis/orders/policy.xml".to_owned(), Source::new("policy.xml", policy));
        let (service, found) = service::read(&files);
        assert!(found.is_empty(), "{found:#?}");
        let compiled = service.compile(&Given::default(), &invent).unwrap_or_else(|found| panic!("{found:#?}"));
        let gateway = Gateway::serving("contoso".into(), "Sweden Central".into(), compiled.holdings);
        let fields = [(KEY, "orders-key"), ("Content-Type", "application/json")];
        let mut world = World::serving(gateway).method("GET").on("backend.example", |_| respond(200, &[], "{}"));
        assert_eq!(world.send("/orders/7", &fields, Some(body.as_bytes())).head.status, expected, "{id} {body}");
    }
}

#[test]
fn every_fault_of_every_file_is_said_at_once() {
    let (service, mut found) = service::read(&files("broken"));
    found.extend(service.compile(&Given::default(), &invent).unwrap_err());
    insta::assert_snapshot!(lines(&found));
}

#[test]
fn a_folder_without_apis_is_none() {
    let found = service::read(&Files::new()).1;
    assert_eq!(lines(&found), "error service/no-apis - the folder holds no API");
}

/// Where the value of a secret comes from: what the user says, the environment, the stand-in for Key Vault; else it is made up, and said so.
#[test]
fn secrets_come_from_where_they_are_given() {
    let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let by_name = || Given { by_name: one("backend-key", "named"), ..Given::default() };
    let environment = || Given { environment: one("APIM_NV_BACKEND_KEY", "environment"), ..Given::default() };
    let vault = |key: &str| Given { vault: one(key, "vault"), ..Given::default() };
    let everything = Given {
        by_name: one("backend-key", "named"),
        environment: one("APIM_NV_BACKEND_KEY", "environment"),
        vault: one("openai-key", "vault"),
    };
    for (given, expected) in [
        (Given::default(), "made-up backend-key"),
        (by_name(), "named"),
        (environment(), "environment"),
        (vault("https://contoso-kv.vault.azure.net/secrets/openai-key"), "vault"),
        (vault("openai-key"), "vault"),
        (vault("another-key"), "made-up backend-key"),
        (everything, "named"),
    ] {
        let values = contoso().values(None, &given, &invent);
        assert_eq!(values.by_name["backend-key"], expected);
        let told = lines(&values.diagnostics);
        let made_up = "warning service/made-up-value named values/backend-key/namedValueInformation.json:3 the Named Value `backend-key` is a secret of a Key Vault: a made-up value stands for it";
        assert_eq!(told.contains(made_up), expected.starts_with("made-up"), "{told}");
        assert!(told.contains("`tenant.salt` is a secret: a made-up value"), "{told}");
        // What is no secret comes from its file, and never from the environment.
        assert_eq!(values.by_name["stage"], "test");
    }
    let plain = Given { environment: one("APIM_NV_STAGE", "other"), ..Given::default() };
    assert_eq!(contoso().values(None, &plain, &invent).by_name["stage"], "test");
    assert_eq!(contoso().values(None, &Given { by_name: one("stage", "other"), ..Given::default() }, &invent).by_name["stage"], "other");
    assert_eq!(service::environment_name("tenant.salt-1"), "APIM_NV_TENANT_SALT_1");
    // A workspace has values of its own, and those of the service besides.
    let research = contoso().values(Some("research"), &Given::default(), &invent).by_name;
    assert_eq!((research["stage"].as_str(), research["backend-key"].as_str()), ("lab", "made-up backend-key"));
}

/// What a workspace has by the same id as the service, or another workspace, is another thing: backends, their circuits, APIs, products.
/// Source: learn.microsoft.com/azure/api-management/workspaces-overview: resources of a workspace are isolated from those of others.
#[test]
fn namesakes_of_two_levels_are_kept_apart() {
    let mut all = Files::new();
    let mut add = |path: String, text: String| {
        all.insert(path.clone(), Source::new(path, text));
    };
    add("policy.xml".into(), r#"<policies><inbound><choose><when condition="@(context.Request.Headers.ContainsKey("X-Global"))"><set-backend-service backend-id="main" /></when></choose></inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"#.into());
    for (level, name) in [("", "shared"), ("workspaces/one/", "one"), ("workspaces/two/", "two")] {
        let rule = r#"[{"name": "r", "tripDuration": "PT1M", "failureCondition": {"count": 1, "interval": "PT1M", "statusCodeRanges": [{"min": 500, "max": 599}]}}]"#;
        if name != "two" {
            add(
                format!("{level}backends/main/backendInformation.json"),
                format!(
                    r#"{{"properties": {{"protocol": "http", "url": "https://{name}.example", "circuitBreaker": {{"rules": {rule}}}}}}}"#
                ),
            );
        }
        add(
            format!("{level}apis/orders/apiInformation.json"),
            format!(r#"{{"properties": {{"displayName": "orders", "path": "{name}", "subscriptionRequired": true}}}}"#),
        );
        add(
            format!("{level}apis/orders/operations/list/operationInformation.json"),
            r#"{"properties": {"displayName": "list", "method": "GET", "urlTemplate": "/x"}}"#.into(),
        );
        add(
            format!("{level}apis/orders/policy.xml"),
            r#"<policies><inbound><set-backend-service backend-id="main" /><base /></inbound><backend><base /></backend><outbound /><on-error /></policies>"#.into(),
        );
        for (id, scope) in [("by-api", "/apis/orders"), ("by-product", "/products/gold"), ("all", "/apis")] {
            add(
                format!("{level}subscriptions/{id}/subscriptionInformation.json"),
                format!(
                    r#"{{"properties": {{"displayName": "{id}", "scope": "{scope}", "state": "active", "primaryKey": "{name}-{id}"}}}}"#
                ),
            );
        }
        add(
            format!("{level}products/gold/productInformation.json"),
            r#"{"properties": {"displayName": "Gold", "state": "published"}}"#.into(),
        );
        add(format!("{level}products/gold/apis/orders/productApiInformation.json"), "{}".into());
    }
    let (service, found) = service::read(&all);
    assert!(found.is_empty(), "{found:#?}");
    let compiled = service.compile(&Given::default(), &invent).unwrap_or_else(|found| panic!("{found:#?}"));
    let gateway = Gateway::serving("contoso".into(), "Sweden Central".into(), compiled.holdings);
    let mut world = World::serving(gateway)
        .method("GET")
        .on("shared.example", |_| respond(200, &[], "{}"))
        .on("one.example", |_| respond(500, &[], "{}"));
    let mut call = |path: &'static str, key: &'static str, global: bool| {
        let fields = [(KEY, key), ("X-Global", "1")];
        let answer = world.send(path, &fields[..if global { 2 } else { 1 }], None);
        format!("{} {}", answer.head.status, answer.sent.iter().map(|sent| sent.host.as_str()).collect::<String>())
    };
    // Keys: each for its own level, and that of the service for all APIs for all of them.
    for (path, key, expected) in [
        ("/shared/x", "shared-by-api", "200 shared.example"),
        ("/shared/x", "shared-by-product", "200 shared.example"),
        ("/shared/x", "one-by-api", "401 "),
        ("/shared/x", "one-by-product", "401 "),
        ("/shared/x", "one-all", "401 "),
        ("/two/x", "one-all", "401 "),
        ("/two/x", "shared-by-api", "401 "),
        ("/two/x", "shared-all", "200 shared.example"),
        // What a workspace has not got is the service's.
        ("/two/x", "two-by-product", "200 shared.example"),
        ("/two/x", "two-all", "200 shared.example"),
    ] {
        assert_eq!(call(path, key, false), expected, "{path} {key}");
    }
    // Its own backend, whose circuit opens, and the service's stays closed.
    assert_eq!(call("/one/x", "one-all", false), "500 one.example");
    assert_eq!(call("/one/x", "one-all", false), "503 ");
    assert_eq!(call("/shared/x", "shared-all", false), "200 shared.example");
    // The global document means the service's backend, whoever's API it runs for.
    assert_eq!(call("/one/x", "one-all", true), "200 shared.example");
}
