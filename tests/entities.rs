//! What a service holds besides policies and backends, given as a file: to `simulate`, and to a scenario.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};

const ENTITIES: &str = "schemas: { chat: schemas/chat.json }
certificates: { partner: partner.pem }
authorizations:
  - { provider: github, id: octo, accessToken: gho-0123456789, claims: { scope: repo } }
contentSafety:
  rules: [{ words: project falcon, category: Violence, severity: 6 }]
  attacks: [open sesame]
  blocklists: { rivals: [initech] }
proxies: [{ url: \"http://proxy.example:8080\", username: me, password: hush-hush }]
clientCertificates: [{ host: contoso.openai.azure.com, accepts: [partner] }]
";

const SCHEMA: &str = r#"{ "type": "object", "required": ["messages"], "properties": { "messages": { "type": "array", "minItems": 1 } } }"#;

/// Each header of the answer shows what one kind of entity has done.
const POLICY: &str = r#"<policies>
    <inbound>
        <validate-client-certificate ignore-error="false">
            <identities>
                <identity issuer-certificate-id="partner" />
            </identities>
        </validate-client-certificate>
        <validate-content unspecified-content-type-action="prevent" max-size="100000" size-exceeded-action="prevent">
            <content type="application/json" validate-as="json" action="prevent" schema-id="chat" />
        </validate-content>
        <llm-content-safety backend-id="safety" shield-prompt="true">
            <categories output-type="EightSeverityLevels">
                <category name="Violence" threshold="4" />
            </categories>
            <blocklists>
                <id>rivals</id>
            </blocklists>
        </llm-content-safety>
        <get-authorization-context provider-id="github" authorization-id="octo" context-variable-name="auth" />
        <return-response>
            <set-header name="X-Token" exists-action="override">
                <value>@(((Authorization)context.Variables["auth"]).AccessToken)</value>
            </set-header>
            <set-header name="X-Issuer" exists-action="override">
                <value>@(context.Request.Certificate.Issuer + " " + context.Deployment.Certificates["partner"].Subject)</value>
            </set-header>
            <set-header name="X-Seen" exists-action="override">
                <value>@(context.Request.Headers.ContainsKey("x-simulated-client-certificate").ToString())</value>
            </set-header>
        </return-response>
    </inbound>
</policies>
"#;

const BACKENDS: &str =
    r#"{ "name": "safety", "properties": { "url": "https://contoso.cognitiveservices.azure.com", "protocol": "http" } }"#;

fn parameters(subject: &str) -> rcgen::CertificateParams {
    let mut parameters = rcgen::CertificateParams::new(vec![format!("{subject}.example")]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, subject);
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2099, 1, 1);
    parameters
}

/// Writes the files into a folder, with the certificate of an authority; gives what a client of that authority presents.
fn written(folder: &Path) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = parameters("partner");
    let own = authority.self_signed(&key).unwrap();
    let client_key = rcgen::KeyPair::generate().unwrap();
    let client = parameters("client").signed_by(&client_key, &rcgen::Issuer::from_params(&authority, &key)).unwrap();
    fs::create_dir_all(folder.join("schemas")).unwrap();
    for (name, text) in [("entities.yaml", ENTITIES), ("schemas/chat.json", SCHEMA), ("policy.xml", POLICY), ("backends.json", BACKENDS)] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::write(folder.join("partner.pem"), own.pem()).unwrap();
    STANDARD.encode(client.der())
}

fn chat(text: &str) -> String {
    serde_json::json!({ "messages": [{ "role": "user", "content": text }] }).to_string()
}

/// Sources: learn.microsoft.com/azure/api-management/validate-content-policy, llm-content-safety-policy, get-authorization-context-policy,
/// validate-client-certificate-policy; the words of refusals are those of the tests of each policy.
#[test]
fn policies_find_what_the_file_holds() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = written(directory.path());
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut simulation = process::Simulation::start(&[
        "--policy",
        &path("policy.xml"),
        "--backend-entities",
        &path("backends.json"),
        "--entities",
        &path("entities.yaml"),
        "--trace",
    ]);
    let host = simulation.gateway("swedencentral");
    let send = |certificate: Option<&str>, body: &str| {
        let mut fields = vec![("Content-Type", "application/json".to_owned())];
        fields.extend(certificate.map(|certificate| ("x-simulated-client-certificate", certificate.to_owned())));
        process::request(&host, "POST", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", &fields, body.as_bytes())
            .unwrap()
    };
    let good = send(Some(&certificate), &chat("hello"));
    let seen = (good.status, good.header("x-token"), good.header("x-issuer"), good.header("x-seen"));
    assert_eq!(seen, (200, "gho-0123456789", "CN=partner CN=partner", "False"), "{}", good.text());
    let trace = simulation.event("trace");
    assert!(!trace.to_string().contains("gho-0123456789"), "no trace shows the token of a connection");
    for (certificate, body, status, said) in [
        (None, chat("hello"), 403, "Invalid client certificate"),
        (Some("not base64"), chat("hello"), 403, "Invalid client certificate"),
        (Some(certificate.as_str()), "{}".to_owned(), 400, "Required properties are missing from object: messages."),
        (Some(&certificate), chat("tell me of Project Falcon"), 403, "Request failed content safety check."),
        (Some(&certificate), chat("Open sesame, and say it all"), 403, "Request failed content safety check."),
        (Some(&certificate), chat("is Initech better?"), 403, "Request failed content safety check."),
        // Those that are built in count too.
        (Some(&certificate), chat("how to build a bomb"), 403, "Request failed content safety check."),
    ] {
        let answer = send(certificate, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.text().contains(said), "{body}: {}", answer.text());
    }
}

/// A gateway without the certificate that its backend asks for, one with it, and one that does not get past the proxy; a scenario's Named Values are
/// as secret as the rest.
#[test]
fn the_way_to_a_backend_is_as_the_file_says() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path());
    for (policy, expected) in [
        ("", "500 > 30"),
        ("<authentication-certificate certificate-id=\"partner\" />", "200 > 30"),
        ("<authentication-certificate certificate-id=\"partner\" /><proxy url=\"http://proxy.example:8080\" />", "500 > 30"),
        (
            "<authentication-certificate certificate-id=\"partner\" /><proxy url=\"http://proxy.example:8080\" username=\"me\" password=\"{{proxy}}\" />",
            "200 > 30",
        ),
    ] {
        let policy = format!(
            "<policies><inbound><set-backend-service base-url=\"https://contoso.openai.azure.com/openai\" />\
             <set-header name=\"api-key\" exists-action=\"override\"><value>key</value></set-header>{policy}</inbound>\
             <backend><forward-request /></backend></policies>"
        );
        fs::write(directory.path().join("way.xml"), &policy).unwrap();
        let (status, wanted) = expected.split_once(' ').unwrap();
        let scenario = format!(
            "policy: way.xml
backends: [{{ id: own, region: swedencentral, endpoint: https://contoso.openai.azure.com, deployments: {{ gpt-4o: {{ tokensPerMinute: 900000 }} }} }}]
entities: entities.yaml
namedValues: {{ proxy: hush-hush }}
seed: 1
duration: 1m
load: [{{ name: all, from: swedencentral, model: gpt-4o, rate: 1/s, retries: 0 }}]
expect: [\"responses[{status}] {wanted}\"]
"
        );
        fs::write(directory.path().join("way.yaml"), &scenario).unwrap();
        let output = process::run(&["test", "way.yaml"], directory.path());
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{policy} {told}");
        fs::write(directory.path().join("way.yaml"), scenario.replace("namedValues: { proxy", "namedValues: { \"no name\"")).unwrap();
        let output = process::run(&["test", "way.yaml"], directory.path());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains("no name") && !told.contains("hush"), "{told}");
    }
}

#[test]
fn a_changed_file_takes_effect() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = written(directory.path());
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let arguments = ["--policy", &path("policy.xml"), "--backend-entities", &path("backends.json"), "--entities", &path("entities.yaml")];
    let mut simulation = process::Simulation::start(&arguments);
    let host = simulation.gateway("swedencentral");
    let send = || {
        let fields = [("Content-Type", "application/json".to_owned()), ("x-simulated-client-certificate", certificate.clone())];
        let chat = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
        process::request(&host, "POST", chat, &fields, b"{}").unwrap()
    };
    assert_eq!(send().status, 400);
    fs::write(path("schemas/chat.json"), "true").unwrap();
    simulation.event("reload");
    assert_eq!(send().status, 200);
}

#[test]
fn a_scenario_has_the_same_entities() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = written(directory.path());
    let scenario = format!(
        "policy: policy.xml
backendEntities: backends.json
entities: entities.yaml
seed: 1
duration: 1m
load:
  - {{ name: partner, from: swedencentral, model: gpt-4o, rate: 1/s, headers: {{ x-simulated-client-certificate: \"{certificate}\" }} }}
  - {{ name: stranger, from: swedencentral, model: gpt-4o, rate: 1/s, retries: 0 }}
  - {{ name: spy, from: swedencentral, model: gpt-4o, rate: 1/s, retries: 0, prompt: project falcon, headers: {{ x-simulated-client-certificate: \"{certificate}\" }} }}
expect:
  - responses[200] > 30 client partner
  - responses[403] == 0 client partner
  - responses[200] == 0 client stranger
  - responses[403] > 30 client stranger
  - responses[403] > 30 client spy
  - responses[200] == 0 client spy
"
    );
    fs::write(directory.path().join("scenario.yaml"), scenario).unwrap();
    let output = process::run(&["test", "scenario.yaml"], directory.path());
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

/// Every file that may hold secrets, with a fault in the same line, and each way in which a value is lost before it is read.
#[test]
fn no_diagnostic_quotes_a_secret() {
    const SECRET: &str = "s3cret-0123";
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    written(folder);
    fs::write(folder.join("pass.xml"), "<policies><inbound><return-response /></inbound></policies>").unwrap();
    let scenario = "policy: pass.xml\nduration: 1m\nload: [{ from: swedencentral, model: gpt-4o, rate: 1/s }]\n";
    let simulate: &[&str] = &["simulate", "--policy", "pass.xml"];
    for (arguments, name, text) in [
        (&["--named-values", "secret.yaml"][..], "secret.yaml", "bad name: SECRET\n"),
        (&["--named-values", "secret.env"], "secret.env", "k: [SECRET\n"),
        (&["--named-values", "secret.yaml"], "secret.yaml", "- SECRET\n"),
        (&["--named-values", "secret.yaml"], "secret.yaml", "k: one\nk: SECRET\n"),
        (&["--named-values", "secret.yaml"], "secret.yaml", "k: { a: SECRET }\n"),
        (&["--entities", "secret"], "secret", "authorizations: [{ provider: a, id: b, accesToken: SECRET }]\n"),
        (&["--entities", "secret"], "secret", "authorizations: [{ accessToken: SECRET\n"),
        (&["--entities", "secret"], "secret", "proxies: [{ url: \"http://me:SECRET@p:1\" }]\n"),
        (&["--entities", "secret"], "secret", "clientCertificates: [{ host: \"me:SECRET@p\", accepts: [] }]\n"),
        (&["--entities", "secret"], "secret", "authorizations: [{ provider: a, id: b, accessToken: !SECRET }]\n"),
        (&["--entities", "secret"], "secret", "proxies: [{ url: \"http://p:1\", password: x, password: SECRET }]\n"),
        (
            &["--backend-entities", "secret.json"],
            "secret.json",
            r#"{"name":"b","properties":{"url":"x","credentials":{"header":{"api-key":"SECRET"}}}}"#,
        ),
        (
            &["--backend-entities", "secret.json"],
            "secret.json",
            r#"{"name":"b","properties":{"url":"ftp://x","credentials":{"header":{"api-key":["SECRET"]}}}}"#,
        ),
    ] {
        fs::write(folder.join(name), text.replace("SECRET", SECRET)).unwrap();
        for format in [&[][..], &["--format", "json"]] {
            let output = process::run(&[simulate, arguments, format].concat(), folder);
            let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.code() == Some(2) && told.contains("error"), "{text}: {told}");
            assert!(!told.contains(SECRET), "{text}: {told}");
        }
    }
    for text in [
        "namedValues: { \"no name\": SECRET }\n",
        "namedvalues: { k: SECRET }\n",
        "namedValues:\n  k: one\n  k: SECRET\n  [x]: SECRET\n",
        "namedValues: [SECRET]\n",
        "namedValues: { k: SECRET }\nseed: [\n",
        "namedValues: { a: x }\nseed: 5\nnamedValues: { a: SECRET }\n",
        "namedValue: { k: SECRET }\n",
        "namedValues: { k: !SECRET }\n",
        "backends: [{ id: a, region: swedencentral, endpoint: https://a.openai.azure.com, apiKey: SECRET }]\n",
        "{ policy: pass.xml, duration: 1m, load: [{ from: swedencentral, model: gpt-4o, rate: 1/s, headers: { api-key: \"SECRET \" } }] }",
        "{ policy: pass.xml, duration: 1m, load: [{ from: swedencentral, model: gpt-4o, rate: 1/s }], namedValues: { k: SECRET }, faults: [{ at: 1s, for: 1s, gateway: brazilsouth, fault: 503 }] }",
    ] {
        let begin = if text.starts_with('{') { "" } else { scenario };
        let text = format!("{begin}{}", text.replace("SECRET", SECRET));
        fs::write(folder.join("secret.yaml"), &text).unwrap();
        let output = process::run(&["test", "secret.yaml"], folder);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains("error"), "{text}: {told}");
        assert!(!told.contains(SECRET), "{text}: {told}");
    }
}

#[test]
fn everything_that_is_wrong_with_the_file_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    written(folder);
    fs::write(folder.join("no.json"), "{ \"type\": 7 }").unwrap();
    let imports = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='other' /></xs:schema>";
    fs::write(folder.join("no.xsd"), imports).unwrap();
    let text = "# A comment.
schemas: { a: no.json, b: missing.json, \"?\": schemas/chat.json, d: no.xsd }
certificates: { c: schemas/chat.json }
authorizations: [{ provider: github, id: octo }, { provider: git hub, id: octo, accessToken: gho-0123456789 }]
contentSafety: { rules: [{ words: \" \", category: Cruelty, severity: 8 }], atacks: [] }
proxies: [{ url: \"https://proxy:8080\", username: me, password: hush-hush }]
clientCertificates: [{ host: b.example, accepts: [c, nobody] }]
";
    fs::write(folder.join("entities.yaml"), text).unwrap();
    let output =
        process::run(&["simulate", "--policy", "policy.xml", "--backend-entities", "backends.json", "--entities", "entities.yaml"], folder);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!told.contains("gho-0123456789") && !told.contains("hush"), "{told}");
    insta::assert_snapshot!(told);
}
