//! A whole resource, by behaviour: what goes in and what comes out.

mod chat;
mod completions;
mod embeddings;
mod faulty;
mod limits;
mod outcomes;
mod pace;
mod provisioned;
mod quotas;
mod recordings;
mod responses;
mod v1;

use std::time::Duration;

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;
use crate::{
    azure::{
        faults::{FaultOptions, Told},
        identity::Identity,
    },
    environment::{Fixed, Moment},
    http::{RequestHead, Url},
};

const NOW: Moment = Moment(1_763_690_000_000_000_000);
const IDENTITY: u64 = 42;
const VERSION: &str = "api-version=2024-10-21";

fn deployment(model: &str, version: Option<&str>, tokens: Option<u64>) -> Deployment {
    Deployment { model: model.into(), version: version.map(Into::into), tokens_per_minute: tokens, ..Deployment::default() }
}

fn resource() -> Resource {
    let deployments: IndexMap<String, Deployment> = [
        ("gpt-4o", deployment("gpt-4o", Some("2024-11-20"), Some(120_000))),
        ("small", deployment("gpt-4o", Some("2024-11-20"), Some(1000))),
        ("thinker", deployment("o3", None, None)),
        ("open", deployment("gpt-4o", Some("2024-11-20"), None)),
        ("instruct", deployment("gpt-35-turbo-instruct", Some("0914"), None)),
        ("large", deployment("text-embedding-3-large", Some("1"), None)),
        ("ada", deployment("text-embedding-ada-002", Some("2"), None)),
        ("whisper", deployment("whisper", None, None)),
        ("tts", deployment("tts-hd", None, None)),
        ("dalle", deployment("dall-e-3", None, None)),
    ]
    .into_iter()
    .map(|(name, deployment)| (name.to_owned(), deployment))
    .collect();
    let config = ResourceConfig {
        id: "swc".into(),
        region_display: "Sweden Central".into(),
        host: "contoso-swc.openai.azure.com".into(),
        keys: ["key-one".into(), "key-two".into()],
        deployments: Deployments::Declared(deployments),
        ..ResourceConfig::default()
    };
    Resource::new(config, Identity::new(IDENTITY))
}

fn environment() -> Fixed {
    Fixed { now: NOW, state: 1 }
}

fn request(operation: &str) -> RequestHead {
    let url = format!("https://contoso-swc.openai.azure.com/openai/deployments/{operation}?{VERSION}");
    let headers = [("api-key", "key-one"), ("Content-Type", "application/json")].into_iter().collect();
    RequestHead { method: "POST".into(), url: Url::parse(&url).unwrap(), headers }
}

fn send(resource: &mut Resource, operation: &str, body: impl AsRef<[u8]>) -> Reply {
    resource.handle(&request(operation), body.as_ref(), Told::Nothing, NOW, &mut environment())
}

fn post(operation: &str, body: &Value) -> Reply {
    send(&mut resource(), operation, body.to_string())
}

fn ask(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn parsed(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body.concat()).unwrap()
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.head.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn error(reply: &Reply) -> (u16, Value) {
    (reply.head.status, parsed(reply)["error"].take())
}

fn findings(more: Value) -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    let mut all = json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe});
    for name in more.as_array().unwrap() {
        all[name.as_str().unwrap()] = json!({"filtered": false, "detected": false});
    }
    all
}

fn events(reply: &Reply) -> Vec<Value> {
    let ReplyBody::Stream(chunks) = &reply.body else { panic!("no stream") };
    let mut events = Vec::new();
    for chunk in chunks {
        let text = std::str::from_utf8(&chunk.bytes).unwrap();
        let data = text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
        assert!(!data.contains('\n'), "{data}");
        events.push(if data == "[DONE]" { json!("[DONE]") } else { serde_json::from_str(data).unwrap() });
    }
    events
}

/// Takes the id out of an answer and checks its shape.
fn take_id(answer: &mut Value, prefix: &str) -> String {
    let id = answer["id"].take().as_str().unwrap().to_owned();
    let rest = id.strip_prefix(prefix).unwrap();
    assert!(rest.len() == 29 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    id
}

#[test]
fn an_answer_carries_azures_headers() {
    let mut asked = request("gpt-4o/chat/completions");
    let body = ask("Hi").to_string();
    let reply = resource().handle(&asked, body.as_bytes(), Told::Nothing, NOW, &mut environment());
    let id = header(&reply, "apim-request-id").unwrap().to_owned();
    assert_eq!(id.len(), 36);
    assert_ne!(header(&reply, "x-request-id"), Some(id.as_str()));
    assert_eq!(header(&reply, "x-ms-client-request-id"), Some(id.as_str()));
    for (name, value) in [
        ("Content-Type", "application/json"),
        ("x-ms-region", "Sweden Central"),
        ("x-ratelimit-limit-requests", "720"),
        ("x-ratelimit-remaining-requests", "719"),
        ("x-ratelimit-reset-requests", "10"),
        ("x-ratelimit-limit-tokens", "120000"),
        // "Hi" is one token, 16 are assumed for the answer.
        ("x-ratelimit-remaining-tokens", "119983"),
        ("x-ratelimit-reset-tokens", "60"),
        ("cache-control", "no-cache, must-revalidate"),
        ("access-control-allow-origin", "*"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ] {
        assert_eq!(header(&reply, name), Some(value), "{name}");
    }
    let session = header(&reply, "azureml-model-session").unwrap();
    assert!(session.len() == 19 && session.starts_with('d'), "{session}");

    asked.headers.set("x-ms-client-request-id", "mine");
    let reply = resource().handle(&asked, b"{", Told::Nothing, NOW, &mut environment());
    assert_eq!(header(&reply, "x-ms-client-request-id"), Some("mine"));
    assert_eq!(header(&reply, "x-ms-region"), Some("Sweden Central"));
    assert_eq!(header(&reply, "x-request-id"), None);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let body = with(ask("Hi"), json!({"stream": true}));
    let (a, b) = (post("gpt-4o/chat/completions", &body), post("gpt-4o/chat/completions", &body));
    assert_eq!((a.head, a.body.concat()), (b.head, b.body.concat()));
}

#[test]
fn credentials_are_checked_as_the_service_does() {
    let identity = Identity::new(IDENTITY);
    let token = |resource: &str| format!("Bearer {}", identity.issue(resource, None, NOW));
    let good = token("https://cognitiveservices.azure.com");
    let old = format!("Bearer {}", identity.issue("https://cognitiveservices.azure.com", None, Moment(0)));
    let foreign = format!("Bearer {}", Identity::new(7).issue("https://cognitiveservices.azure.com", None, NOW));
    let other = token("https://management.azure.com");
    // Both name fields; whether a declared and an undeclared resource accept them; what the 401 looks like.
    for (name, key, bearer, declared, undeclared, shape) in [
        ("first key", Some("key-one"), None, true, true, ""),
        ("second key", Some("key-two"), None, true, true, ""),
        ("wrong key", Some("key-three"), None, false, true, "error"),
        ("empty key", Some(""), None, false, false, "error"),
        ("nothing", None, None, false, false, "error"),
        ("a key decides alone", Some("wrong"), Some(good.as_str()), false, true, "error"),
        ("token", None, Some(good.as_str()), true, true, ""),
        ("lower case scheme", None, Some("bearer key-one"), true, true, ""),
        ("key as token", None, Some("Bearer key-two"), true, true, ""),
        ("wrong key as token", None, Some("Bearer key-three"), false, true, "statusCode"),
        ("other audience", None, Some(other.as_str()), false, false, "statusCode"),
        ("expired", None, Some(old.as_str()), false, false, "statusCode"),
        ("someone else's", None, Some(foreign.as_str()), false, false, "statusCode"),
        ("other scheme", None, Some("Basic a2V5"), false, false, "error"),
        ("empty token", None, Some("Bearer "), false, false, "error"),
    ] {
        let mut asked = request("gpt-4o/chat/completions");
        asked.headers.remove("api-key");
        for (field, value) in [("api-key", key), ("Authorization", bearer)] {
            if let Some(value) = value {
                asked.headers.append(field, value.to_owned());
            }
        }
        let anyone =
            Resource::new(ResourceConfig::undeclared("x.openai.azure.com".into(), "Sweden Central".into()), Identity::new(IDENTITY));
        for (mut resource, accepted) in [(resource(), declared), (anyone, undeclared)] {
            let reply = resource.handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, NOW, &mut environment());
            assert_eq!(reply.head.status, if accepted { 200 } else { 401 }, "{name}");
            if !accepted && !shape.is_empty() {
                assert!(parsed(&reply).get(shape).is_some(), "{name}");
            }
        }
    }
}

#[test]
fn refusals_speak_azures_words() {
    let mut asked = request("gpt-4o/chat/completions");
    asked.headers.set("api-key", "wrong");
    let reply = resource().handle(&asked, b"", Told::Nothing, NOW, &mut environment());
    assert_eq!(reply.head.reason, "PermissionDenied");
    assert_eq!(
        parsed(&reply),
        json!({"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}})
    );
    asked.headers.remove("api-key");
    asked.headers.set("Authorization", "Bearer a.b.c");
    let reply = resource().handle(&asked, b"", Told::Nothing, NOW, &mut environment());
    assert_eq!(
        parsed(&reply),
        json!({"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired."})
    );
    let reply = post("nobody/chat/completions", &ask("Hi"));
    assert_eq!(
        error(&reply),
        (
            404,
            json!({"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."})
        )
    );
    assert_eq!(header(&reply, "x-ratelimit-limit-tokens"), None);
    let not_found = json!({"code": "404", "message": "Resource not found"});
    assert_eq!(error(&post("gpt-4o/chat/nonsense", &ask("Hi"))), (404, not_found.clone()));
    let mut get = request("gpt-4o/chat/completions");
    get.method = "GET".into();
    get.headers.set("api-key", "wrong");
    assert_eq!(error(&resource().handle(&get, b"", Told::Nothing, NOW, &mut environment())), (404, not_found));
    assert_eq!(
        error(&post("large/chat/completions", &ask("Hi"))),
        (
            400,
            json!({"code": "OperationNotSupported", "message": "The chatCompletion operation does not work with the specified model, text-embedding-3-large. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993."})
        )
    );
    assert_eq!(error(&post("gpt-4o/embeddings", &json!({"input": "a"}))).0, 400);
}

/// (body, message, param, code)
type Wrong = (Value, &'static str, Value, Value);

fn assert_wrong(operation: &str, cases: Vec<Wrong>) {
    for (body, message, param, code) in cases {
        let reply = post(operation, &body);
        let expected = json!({"message": message, "type": "invalid_request_error", "param": param, "code": code});
        assert_eq!(error(&reply), (400, expected), "{body}");
    }
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let deep = "[".repeat(1_000_000);
    let nested = format!(r#"{{"x":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for operation in ["gpt-4o/chat/completions", "instruct/completions", "large/embeddings", "tts/audio/speech", "dalle/images/generations"]
    {
        for body in ["", "{", "[]", "null", "\"text\"", "{} {}", "{\"messages\": [}", "<xml/>", "\u{0}", &deep] {
            let reply = send(&mut resource(), operation, body);
            let (status, error) = error(&reply);
            assert_eq!(status, 400);
            assert!(error["message"].as_str().unwrap().starts_with("We could not parse the JSON body of your request."), "{error}");
            assert_eq!((&error["type"], &error["param"], &error["code"]), (&json!("invalid_request_error"), &Value::Null, &Value::Null));
        }
        assert_eq!(send(&mut resource(), "open/chat/completions", "{\"n\": 1e999}").head.status, 400);
        // What is not looked at may be nested as deeply as it likes.
        assert_ne!(send(&mut resource(), operation, &nested).head.status, 500, "{operation}");
        assert_eq!(send(&mut resource(), operation, b"{\"a\":\"\xff\"}").head.status, 400, "{operation}");
    }
}

#[test]
fn an_undeclared_resource_takes_any_deployment() {
    let config = ResourceConfig::undeclared("contoso-weu.openai.azure.com".into(), "West Europe".into());
    assert_eq!(config.id, "contoso-weu");
    let mut resource = Resource::new(config, Identity::new(IDENTITY));
    let reply = send(&mut resource, "any%20name/chat/completions", ask("Hi").to_string());
    let answer = parsed(&reply);
    assert_eq!(answer["model"], "any name");
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello from contoso-weu in West Europe: you said \"Hi\"");
    assert_eq!(header(&reply, "x-ms-region"), Some("West Europe"));
    for (operation, body) in [
        ("gpt-4o/embeddings", json!({"input": "a"})),
        ("my-3-large/embeddings", json!({"input": "a"})),
        ("gpt-4o/completions", json!({"prompt": "a"})),
    ] {
        assert_eq!(send(&mut resource, operation, body.to_string()).head.status, 200, "{operation}");
    }
}

#[test]
fn keys_stay_out_of_debug_output() {
    let shown = format!("{:?}", resource());
    assert!(shown.contains("contoso-swc") && !shown.contains("key-one") && !shown.contains("key-two"), "{shown}");
}
