//! A whole resource, by behaviour: what goes in and what comes out.

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

/// Takes the id out of an answer and checks its shape.
fn take_id(answer: &mut Value, prefix: &str) -> String {
    let id = answer["id"].take().as_str().unwrap().to_owned();
    let rest = id.strip_prefix(prefix).unwrap();
    assert!(rest.len() == 29 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    id
}

#[test]
fn a_chat_has_azures_shape() {
    let reply = post("gpt-4o/chat/completions", &ask("What is up?"));
    assert_eq!(reply.head.status, 200);
    let mut answer = parsed(&reply);
    take_id(&mut answer, "chatcmpl-");
    let fingerprint = answer["system_fingerprint"].take();
    assert!(fingerprint.as_str().unwrap().starts_with("fp_") && fingerprint.as_str().unwrap().len() == 13);
    // 11 characters: 3 tokens, 3 for the message, 3 for the answer. 54 characters: 14 tokens.
    let content = "Hello from swc in Sweden Central: you said \"What is up?\"";
    assert_eq!(
        answer,
        json!({
            "id": null, "object": "chat.completion", "created": 1_763_690_000, "model": "gpt-4o-2024-11-20", "system_fingerprint": null,
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": findings(json!(["jailbreak"]))}],
            "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": content, "refusal": null, "annotations": []},
                "content_filter_results": findings(json!(["protected_material_code", "protected_material_text"])),
            }],
            "usage": {
                "prompt_tokens": 9, "completion_tokens": 14, "total_tokens": 23,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
                },
            },
        })
    );
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
fn a_chat_that_is_not_in_order_is_refused_in_the_services_words() {
    let missing = "missing_required_parameter";
    let roles = "Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.";
    let many: Vec<Value> = (0..2049).map(|_| json!({"role": "user", "content": "a"})).collect();
    let wrong_role: &'static str = format!("Invalid value: 'pirate'. {roles}").leak();
    assert_wrong(
        "open/chat/completions",
        vec![
            (json!({}), "Missing required parameter: 'messages'.", json!("messages"), json!(missing)),
            (
                json!({"messages": "hi"}),
                "Invalid type for 'messages': expected an array of objects, but got a string instead.",
                json!("messages"),
                json!("invalid_type"),
            ),
            (
                json!({"messages": null}),
                "Invalid type for 'messages': expected an array of objects, but got null.",
                json!("messages"),
                json!("invalid_type"),
            ),
            (
                json!({"messages": []}),
                "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
                json!("messages"),
                json!("empty_array"),
            ),
            (
                json!({"messages": many}),
                "Invalid 'messages': array too long. Expected an array with maximum length 2048, but got an array with length 2049 instead.",
                json!("messages"),
                json!("array_above_max_length"),
            ),
            (
                json!({"messages": [{"content": "a"}]}),
                "Missing required parameter: 'messages[0].role'.",
                json!("messages[0].role"),
                json!(missing),
            ),
            (
                json!({"messages": [{"role": "user", "content": "a"}, 7]}),
                "Invalid type for 'messages[1]': expected an object, but got an integer instead.",
                json!("messages[1]"),
                json!("invalid_type"),
            ),
            (json!({"messages": [{"role": "pirate", "content": "a"}]}), wrong_role, json!("messages[0].role"), json!("invalid_value")),
            (
                json!({"messages": [{"role": "user"}]}),
                "Invalid value for 'content': expected a string, got null.",
                json!("messages.[0].content"),
                Value::Null,
            ),
            (
                json!({"messages": [{"role": "user", "content": {}}]}),
                "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an object instead.",
                json!("messages[0].content"),
                json!("invalid_type"),
            ),
            (
                json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]}),
                "Missing required parameter: 'messages[0].content[0].type'.",
                json!("messages[0].content[0].type"),
                json!(missing),
            ),
            (
                json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, "b"]}]}),
                "Invalid type for 'messages[0].content[1]': expected an object, but got a string instead.",
                json!("messages[0].content[1]"),
                json!("invalid_type"),
            ),
            (
                with(ask("a"), json!({"n": 1_000_000_000})),
                "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 1000000000 instead.",
                json!("n"),
                json!("integer_above_max_value"),
            ),
            (
                with(ask("a"), json!({"n": 0})),
                "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
                json!("n"),
                json!("integer_below_min_value"),
            ),
            (
                with(ask("a"), json!({"n": 1.5})),
                "Invalid type for 'n': expected an integer, but got a decimal number instead.",
                json!("n"),
                json!("invalid_type"),
            ),
            (
                with(ask("a"), json!({"max_tokens": -1})),
                "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead.",
                json!("max_tokens"),
                json!("integer_below_min_value"),
            ),
            (
                with(ask("a"), json!({"max_tokens": "5"})),
                "Invalid type for 'max_tokens': expected an integer, but got a string instead.",
                json!("max_tokens"),
                json!("invalid_type"),
            ),
            (
                with(ask("a"), json!({"max_tokens": 1_000_000_000_000_u64})),
                "max_tokens is too large: 1000000000000. This model supports at most 16384 completion tokens, whereas you provided 1000000000000.",
                json!("max_tokens"),
                json!("invalid_value"),
            ),
            (
                with(ask("a"), json!({"max_completion_tokens": 16_385})),
                "max_completion_tokens is too large: 16385. This model supports at most 16384 completion tokens, whereas you provided 16385.",
                json!("max_completion_tokens"),
                json!("invalid_value"),
            ),
            (
                with(ask("a"), json!({"max_tokens": 1, "max_completion_tokens": 1})),
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
                json!("max_tokens"),
                json!("invalid_parameter_combination"),
            ),
            (
                with(ask("a"), json!({"stream": "yes"})),
                "Invalid type for 'stream': expected a boolean, but got a string instead.",
                json!("stream"),
                json!("invalid_type"),
            ),
            (
                with(ask("a"), json!({"stream_options": {"include_usage": true}})),
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                json!("stream_options"),
                Value::Null,
            ),
            (
                with(ask("a"), json!({"user": 7})),
                "Invalid type for 'user': expected a string, but got an integer instead.",
                json!("user"),
                json!("invalid_type"),
            ),
        ],
    );
    assert_wrong(
        "thinker/chat/completions",
        vec![(
            with(ask("a"), json!({"max_tokens": 5})),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            json!("max_tokens"),
            json!("unsupported_parameter"),
        )],
    );
    assert_eq!(post("thinker/chat/completions", &with(ask("a"), json!({"max_completion_tokens": 5}))).head.status, 200);
}

#[test]
fn what_is_unusual_but_in_order_is_served() {
    for body in [
        with(ask("a"), json!({"n": null, "max_tokens": null, "stream": null, "stream_options": null, "user": null})),
        with(ask("a"), json!({"temperature": 0.2, "tools": [{"type": "function", "function": {"name": "f"}}], "unheard_of": [[[{}]]]})),
        json!({"messages": [{"role": "system", "content": ""}]}),
        json!({"messages": [{"role": "developer", "content": "a"}, {"role": "user", "content": []}]}),
        json!({"messages": [{"role": "assistant", "content": null, "tool_calls": [{}]}, {"role": "tool", "content": "a", "tool_call_id": "x"}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}]}]}),
    ] {
        assert_eq!(post("open/chat/completions", &body).head.status, 200, "{body}");
    }
    let last = send(&mut resource(), "open/chat/completions", r#"{"n":7,"n":1,"messages":[{"role":"user","content":"\u0041\n\"é"}]}"#);
    assert_eq!(parsed(&last)["choices"].as_array().unwrap().len(), 1);
    assert_eq!(parsed(&last)["choices"][0]["message"]["content"], "Hello from swc in Sweden Central: you said \"A\n\"é\"");
}

#[test]
fn parts_of_a_message_count_together() {
    let content =
        json!([{"type": "text", "text": "One, "}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "two."}]);
    let answer = parsed(&post("open/chat/completions", &json!({"messages": [{"role": "user", "name": "Eve", "content": content}]})));
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello from swc in Sweden Central: you said \"One, two.\"");
    // 9 characters: 3 tokens; an image: 85; a name: 1 and 1; the message: 3; the answer: 3.
    assert_eq!(answer["usage"]["prompt_tokens"], 96);
}

#[test]
fn max_tokens_and_n_are_honoured() {
    let answer = parsed(&post("open/chat/completions", &with(ask("Hi"), json!({"max_tokens": 3, "n": 2}))));
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2);
    for (index, choice) in choices.iter().enumerate() {
        assert_eq!(
            (&choice["index"], &choice["finish_reason"], &choice["message"]["content"]),
            (&json!(index), &json!("length"), &json!("Hello from s"))
        );
    }
    assert_eq!(answer["usage"]["completion_tokens"], 6);
    let long = "å".repeat(1000);
    let answer = parsed(&post("open/chat/completions", &ask(&long)));
    assert_eq!(answer["choices"][0]["message"]["content"], format!("Hello from swc in Sweden Central: you said \"{}…\"", "å".repeat(120)));
}

#[test]
fn a_prompt_that_the_model_cannot_hold_is_refused() {
    let reply = post("open/chat/completions", &ask(&"a".repeat(10_000_000)));
    let message = "This model's maximum context length is 128000 tokens. However, your messages resulted in 2500006 tokens. Please reduce the length of the messages.";
    let expected =
        |message| json!({"message": message, "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"});
    assert_eq!(error(&reply), (400, expected(message)));
    let reply = post("open/chat/completions", &with(ask(&"a".repeat(127_000 * 4)), json!({"max_tokens": 2000})));
    let message = "This model's maximum context length is 128000 tokens. However, you requested 129006 tokens (127006 in the messages, 2000 in the completion). Please reduce the length of the messages or completion.";
    assert_eq!(error(&reply), (400, expected(message)));
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

#[test]
fn a_stream_has_azures_order() {
    let reply = post("gpt-4o/chat/completions", &with(ask("Hi"), json!({"stream": true, "stream_options": {"include_usage": true}})));
    assert_eq!(header(&reply, "Content-Type"), Some("text/event-stream; charset=utf-8"));
    let mut events = events(&reply);
    let whole = parsed(&post("gpt-4o/chat/completions", &ask("Hi")));

    assert_eq!(events.pop(), Some(json!("[DONE]")));
    assert_eq!(
        events.remove(0),
        json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": findings(json!(["jailbreak"]))}]})
    );
    let ids: Vec<String> = events.iter_mut().map(|event| take_id(event, "chatcmpl-")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
    let chunk = |choices: Value, usage: Value| {
        json!({"id": null, "object": "chat.completion.chunk", "created": 1_763_690_000, "model": "gpt-4o-2024-11-20",
            "system_fingerprint": whole["system_fingerprint"], "choices": choices, "usage": usage})
    };
    assert_eq!(events.pop(), Some(chunk(json!([]), whole["usage"].clone())));
    assert_eq!(
        events.pop(),
        Some(chunk(
            json!([{"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": null, "content_filter_results": {}}]),
            Value::Null
        ))
    );
    assert_eq!(
        events.remove(0),
        chunk(
            json!([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null, "logprobs": null, "content_filter_results": {}}]),
            Value::Null
        )
    );
    assert_eq!(
        events[0],
        chunk(
            json!([{"index": 0, "delta": {"content": "Hello from s"}, "finish_reason": null, "logprobs": null, "content_filter_results": findings(json!([]))}]),
            Value::Null
        )
    );
    let text: String = events.iter().map(|event| event["choices"][0]["delta"]["content"].as_str().unwrap()).collect();
    assert_eq!(json!(text), whole["choices"][0]["message"]["content"]);
    assert!(events.len() > 2);
}

#[test]
fn a_stream_takes_its_time_and_leaves_usage_out_unless_asked() {
    let reply = post("gpt-4o/chat/completions", &with(ask("Hi"), json!({"stream": true, "n": 2})));
    let ReplyBody::Stream(chunks) = &reply.body else { panic!("no stream") };
    assert_eq!(chunks[0].after, Duration::ZERO);
    let time: Duration = chunks.iter().map(|chunk| chunk.after).sum();
    assert!(time >= Duration::from_millis(30) && time < Duration::from_secs(1), "{time:?}");
    assert_eq!(reply.body.concat(), chunks.iter().map(|chunk| chunk.bytes.clone()).collect::<Vec<Bytes>>().concat());
    let events = events(&reply);
    assert!(events.iter().all(|event| event.get("usage").is_none()));
    let order: Vec<u64> = events.iter().filter_map(|event| event["choices"][0]["index"].as_u64()).collect();
    assert_eq!(order[..4], [0, 1, 0, 1]);
    let refused = post("gpt-4o/chat/completions", &json!({"stream": true}));
    assert_eq!((refused.head.status, header(&refused, "Content-Type")), (400, Some("application/json")));
}

#[test]
fn tokens_a_minute_are_kept() {
    let mut resource = resource();
    let body = with(ask(&"a".repeat(400)), json!({"max_tokens": 500})).to_string();
    let mut at = |seconds: u64| {
        resource.handle(
            &request("small/chat/completions"),
            body.as_bytes(),
            Told::Nothing,
            NOW.after(Duration::from_secs(seconds)),
            &mut environment(),
        )
    };
    let reply = at(0);
    assert_eq!(
        (reply.head.status, header(&reply, "x-ratelimit-remaining-tokens"), header(&reply, "retry-after")),
        (200, Some("400"), None)
    );
    let reply = at(18);
    assert_eq!(
        error(&reply),
        (
            429,
            json!({"code": "429", "message": "Your requests to gpt-4o for small in Sweden Central have exceeded the token rate limit for your current AIServices S0 pricing tier. This request was for ChatCompletions_Create under Azure OpenAI API version 2024-10-21. Please retry after 42 seconds. To increase your default rate limit, visit: https://aka.ms/oai/quotaincrease."})
        )
    );
    for (name, value) in [
        ("retry-after", "42"),
        ("retry-after-ms", "42000"),
        ("x-ratelimit-limit-tokens", "1000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "42"),
        ("x-ratelimit-limit-requests", "6"),
        ("x-ratelimit-remaining-requests", "0"),
        ("Content-Type", "application/json"),
        ("x-ms-region", "Sweden Central"),
    ] {
        assert_eq!(header(&reply, name), Some(value), "{name}");
    }
    assert_eq!(at(60).head.status, 200);
}

#[test]
fn requests_a_minute_follow_from_tokens_and_are_judged_over_ten_seconds() {
    let mut resource = resource();
    // 1,000 tokens a minute are 6 requests a minute, one in ten seconds.
    let mut at = |ms: u64| {
        let body = ask("a").to_string();
        resource.handle(
            &request("small/chat/completions"),
            body.as_bytes(),
            Told::Nothing,
            NOW.after(Duration::from_millis(ms)),
            &mut environment(),
        )
    };
    assert_eq!(at(0).head.status, 200);
    let reply = at(500);
    assert_eq!((header(&reply, "retry-after"), header(&reply, "retry-after-ms")), (Some("10"), Some("9500")));
    assert!(error(&reply).1["message"].as_str().unwrap().contains("have exceeded the call rate limit"));
    assert_eq!(at(10_000).head.status, 200);
}

#[test]
fn a_request_beyond_the_whole_limit_is_sent_away_for_a_day() {
    for body in
        [with(ask("a"), json!({"max_tokens": 1000})), with(ask("a"), json!({"max_tokens": 500, "n": 128})), ask(&"a".repeat(10_000_000))]
    {
        let reply = post("small/chat/completions", &body);
        assert_eq!(
            (reply.head.status, header(&reply, "retry-after"), header(&reply, "retry-after-ms")),
            (429, Some("86400"), Some("86400000"))
        );
    }
}

#[test]
fn each_deployment_has_its_own_windows_and_wrong_bodies_do_not_count() {
    let mut resource = resource();
    assert_eq!(send(&mut resource, "small/chat/completions", "{").head.status, 400);
    assert_eq!(send(&mut resource, "small/chat/completions", ask("a").to_string()).head.status, 200);
    assert_eq!(send(&mut resource, "small/chat/completions", ask("a").to_string()).head.status, 429);
    assert_eq!(send(&mut resource, "gpt-4o/chat/completions", ask("a").to_string()).head.status, 200);
    let free = send(&mut resource, "open/chat/completions", ask("a").to_string());
    assert!(free.head.headers.iter().all(|(name, _)| !name.starts_with("x-ratelimit")));
}

#[test]
fn completions_have_azures_shape() {
    let mut answer = parsed(&post("instruct/completions", &json!({"prompt": ["One", "Two"], "max_tokens": 100, "n": 1})));
    take_id(&mut answer, "cmpl-");
    let choice = |index: u64, text: &str| {
        json!({"text": text, "index": index, "finish_reason": "stop", "logprobs": null,
            "content_filter_results": findings(json!(["protected_material_code", "protected_material_text"]))})
    };
    let prompt = |index: u64| json!({"prompt_index": index, "content_filter_results": findings(json!(["jailbreak"]))});
    assert_eq!(
        answer,
        json!({
            "id": null, "object": "text_completion", "created": 1_763_690_000, "model": "gpt-35-turbo-instruct",
            "prompt_filter_results": [prompt(0), prompt(1)],
            "choices": [choice(0, "Hello from swc in Sweden Central: you said \"One\""), choice(1, "Hello from swc in Sweden Central: you said \"Two\"")],
            "usage": {"prompt_tokens": 2, "completion_tokens": 24, "total_tokens": 26},
        })
    );
    let short = parsed(&post("instruct/completions", &json!({"prompt": [[1, 2, 3]]})));
    assert_eq!((&short["choices"][0]["finish_reason"], &short["usage"]["prompt_tokens"]), (&json!("stop"), &json!(3)));
    assert_eq!(parsed(&post("instruct/completions", &json!({"prompt": "a", "max_tokens": 0})))["choices"][0]["text"], "");
    assert_eq!(post("instruct/completions", &json!({})).head.status, 200);
}

#[test]
fn completions_stream_too() {
    let body = json!({"prompt": "a", "max_tokens": 6, "stream": true, "stream_options": {"include_usage": true}});
    let mut events = events(&post("instruct/completions", &body));
    assert_eq!(events.pop(), Some(json!("[DONE]")));
    assert_eq!(events.remove(0)["choices"], json!([]));
    let usage = events.pop().unwrap();
    assert_eq!((&usage["choices"], &usage["usage"]), (&json!([]), &json!({"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7})));
    let mut last = events.pop().unwrap();
    take_id(&mut last, "cmpl-");
    assert_eq!(
        last,
        json!({"id": null, "object": "text_completion", "created": 1_763_690_000, "model": "gpt-35-turbo-instruct",
            "choices": [{"text": "", "index": 0, "finish_reason": "length", "logprobs": null, "content_filter_results": {}}], "usage": null})
    );
    let text: String = events.iter().map(|event| event["choices"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(text, "Hello from swc in Sweden");
}

#[test]
fn hostile_completions_are_refused() {
    let many: Vec<&str> = vec!["a"; 2048];
    for body in [
        json!({"prompt": 7}),
        json!({"prompt": [1, "a"]}),
        json!({"prompt": [[]]}),
        json!({"prompt": "a", "n": 1_000_000_000}),
        json!({"prompt": "a", "best_of": 21}),
        json!({"prompt": "a", "n": 2, "best_of": 1}),
        json!({"prompt": "a", "max_tokens": 1_000_000_000_000_u64}),
        json!({"prompt": many, "n": 2}),
        json!({"prompt": "a".repeat(100_000)}),
    ] {
        assert_eq!(post("instruct/completions", &body).head.status, 400, "{body}");
    }
}

#[test]
fn embeddings_have_azures_shape() {
    let answer = parsed(&post("large/embeddings", &json!({"input": ["one", "two"], "dimensions": 4, "encoding_format": "float"})));
    let vectors: Vec<Vec<f64>> = (0..2).map(|index| serde_json::from_value(answer["data"][index]["embedding"].clone()).unwrap()).collect();
    assert_eq!(
        answer,
        json!({"object": "list", "model": "text-embedding-3-large",
            "data": [{"object": "embedding", "index": 0, "embedding": vectors[0]}, {"object": "embedding", "index": 1, "embedding": vectors[1]}],
            "usage": {"prompt_tokens": 2, "total_tokens": 2}})
    );
    assert_ne!(vectors[0], vectors[1]);
    for (operation, body, dimensions, tokens) in [
        ("large/embeddings", json!({"input": "a"}), 3072, 1),
        ("ada/embeddings", json!({"input": "a"}), 1536, 1),
        ("ada/embeddings", json!({"input": [1, 2, 3]}), 1536, 3),
        ("large/embeddings", json!({"input": [[1, 2], [3]], "dimensions": 256}), 256, 3),
    ] {
        let answer = parsed(&post(operation, &body));
        assert_eq!(answer["data"][0]["embedding"].as_array().unwrap().len(), dimensions, "{body}");
        assert_eq!(answer["usage"], json!({"prompt_tokens": tokens, "total_tokens": tokens}), "{body}");
    }
    let same: Vec<Value> = (0..2)
        .map(|_| parsed(&post("large/embeddings", &json!({"input": "one", "dimensions": 4})))["data"][0]["embedding"].clone())
        .collect();
    assert_eq!(same[0], same[1]);
    assert_eq!(serde_json::from_value::<Vec<f64>>(same[0].clone()).unwrap(), vectors[0]);
}

#[test]
fn embeddings_come_as_base64_of_the_same_numbers() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = |format: &str| {
        parsed(&post("large/embeddings", &json!({"input": "one", "dimensions": 8, "encoding_format": format})))["data"][0]["embedding"]
            .clone()
    };
    let bytes = STANDARD.decode(text("base64").as_str().unwrap()).unwrap();
    let numbers: Vec<f32> = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(serde_json::from_value::<Vec<f32>>(text("float")).unwrap(), numbers);
}

#[test]
fn hostile_embeddings_are_refused() {
    let many: Vec<&str> = vec!["a"; 2049];
    let invalid = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.";
    let mut cases = vec![
        (json!({}), "Missing required parameter: 'input'.", json!("input"), json!("missing_required_parameter")),
        (
            json!({"input": many}),
            "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 2049 instead.",
            json!("input"),
            json!("array_above_max_length"),
        ),
        (
            json!({"input": "a", "dimensions": 1_000_000_000}),
            "Invalid value for 'dimensions' = 1000000000. Must be less than or equal to 3072.",
            Value::Null,
            Value::Null,
        ),
        (
            json!({"input": "a", "dimensions": 0}),
            "Invalid 'dimensions': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            json!("dimensions"),
            json!("integer_below_min_value"),
        ),
        (
            json!({"input": "a", "encoding_format": "hex"}),
            "Invalid value: 'hex'. Supported values are: 'float', and 'base64'.",
            json!("encoding_format"),
            json!("invalid_value"),
        ),
        (
            json!({"input": "a".repeat(40_000)}),
            "This model's maximum context length is 8192 tokens, however you requested 10000 tokens (10000 in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
            Value::Null,
            Value::Null,
        ),
    ];
    for input in [
        json!(null),
        json!(7),
        json!(""),
        json!([]),
        json!(["a", ""]),
        json!(["a", 1]),
        json!([["a"]]),
        json!([[]]),
        json!([[1], "a"]),
        json!({}),
        json!([1.5]),
    ] {
        cases.push((json!({"input": input}), invalid, Value::Null, Value::Null));
    }
    assert_wrong("large/embeddings", cases);
    assert_wrong(
        "ada/embeddings",
        vec![(json!({"input": "a", "dimensions": 8}), "This model does not support specifying dimensions.", Value::Null, Value::Null)],
    );
}

#[test]
fn recordings_become_text() {
    let form = |format: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n12345\r\n--b\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\n{format}\r\n--b--\r\n"
        )
    };
    let spoken = "Hello from swc in Sweden Central: you said \"5 bytes of audio\"";
    let transcribe = |operation: &str, body: &str| {
        let mut asked = request(operation);
        asked.headers.set("Content-Type", "multipart/form-data; boundary=b");
        resource().handle(&asked, body.as_bytes(), Told::Nothing, NOW, &mut environment())
    };
    for operation in ["whisper/audio/transcriptions", "whisper/audio/translations"] {
        assert_eq!(parsed(&transcribe(operation, &form("json"))), json!({"text": spoken}));
    }
    let verbose = parsed(&transcribe("whisper/audio/translations", &form("verbose_json")));
    assert_eq!((&verbose["task"], &verbose["text"]), (&json!("translate"), &json!(spoken)));
    let text = transcribe("whisper/audio/transcriptions", &form("text"));
    assert_eq!(
        (header(&text, "Content-Type"), text.body.concat()),
        (Some("text/plain; charset=utf-8"), Bytes::from(format!("{spoken}\n")))
    );
    assert_eq!(error(&transcribe("whisper/audio/transcriptions", "--b--")).1["message"], "Missing required parameter: 'file'.");
    assert_eq!(error(&transcribe("whisper/audio/transcriptions", &form("mp3"))).0, 400);
    assert_eq!(error(&post("whisper/audio/transcriptions", &json!({}))).1["message"], "Could not parse multipart form");
    let huge = form("json").replace("12345", &"a".repeat(26 * 1024 * 1024));
    assert_eq!(transcribe("whisper/audio/transcriptions", &huge).head.status, 413);
}

#[test]
fn speech_and_images_have_their_simple_shape() {
    let reply = post("tts/audio/speech", &json!({"model": "tts-hd", "input": "Hi", "voice": "alloy"}));
    assert_eq!((reply.head.status, header(&reply, "Content-Type")), (200, Some("audio/mpeg")));
    assert!(reply.body.concat().starts_with(&[0xff, 0xfb]));
    assert_eq!(post("tts/audio/speech", &json!({"input": "Hi"})).head.status, 400);
    assert_eq!(post("tts/audio/speech", &json!({"input": "a".repeat(4097), "voice": "alloy"})).head.status, 400);

    let mut answer = parsed(&post("dalle/images/generations", &json!({"prompt": "A cat"})));
    let link = answer["data"][0]["url"].take();
    assert!(link.as_str().unwrap().starts_with("https://contoso-swc.openai.azure.com/simulated/images/"), "{link}");
    assert_eq!(
        answer,
        json!({"created": 1_763_690_000, "data": [{
            "revised_prompt": "Hello from swc in Sweden Central: you said \"A cat\"", "url": null,
            "content_filter_results": findings(json!([])), "prompt_filter_results": findings(json!(["jailbreak"])),
        }]})
    );
    let inline = parsed(&post("dalle/images/generations", &json!({"prompt": "A cat", "response_format": "b64_json"})));
    assert!(inline["data"][0]["b64_json"].as_str().unwrap().starts_with("iVBOR"));
    for wrong in [json!({}), json!({"prompt": "a", "n": 2}), json!({"prompt": "a".repeat(4001)}), json!({"prompt": 1})] {
        assert_eq!(post("dalle/images/generations", &wrong).head.status, 400);
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

fn fault(status: u16, retry_after: Option<u64>, operation: &str) -> Reply {
    let options = &FaultOptions { retry_after: retry_after.map(Duration::from_millis), ..FaultOptions::default() };
    let mut asked = request(operation);
    asked.headers.set("api-key", "wrong");
    resource().handle(&asked, b"nonsense", Told::Status { status, options, of_deployment: false }, NOW, &mut environment())
}

#[test]
fn a_faulty_resource_answers_its_status_in_azures_words() {
    let path = "gpt-4o/chat/completions";
    for (status, code, message) in [
        (401, "401", "Access denied due to invalid subscription key"),
        (403, "403", "Access denied due to Virtual Network/Firewall rules."),
        (404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
        (408, "Timeout", "The operation was timeout."),
        (429, "429", "Your requests to gpt-4o for gpt-4o in Sweden Central have exceeded the token rate limit"),
        (503, "ServiceUnavailable", "The service is temporarily unavailable."),
        (400, "400", "Bad Request"),
        (418, "418", "I'm a teapot"),
        (502, "502", "Bad Gateway"),
        (599, "599", "Unknown"),
    ] {
        let reply = fault(status, None, path);
        let (got, error) = error(&reply);
        assert_eq!((got, &error["code"]), (status, &json!(code)));
        assert!(error["message"].as_str().unwrap().starts_with(message), "{error}");
        assert_eq!((header(&reply, "retry-after"), header(&reply, "retry-after-ms")), (None, None), "{status}");
        assert_eq!((header(&reply, "Content-Type"), header(&reply, "x-ms-region")), (Some("application/json"), Some("Sweden Central")));
    }
    let reply = fault(500, None, path);
    let id = header(&reply, "apim-request-id").unwrap();
    let (_, error) = error(&reply);
    assert!(error["message"].as_str().unwrap().ends_with(&format!("(Please include the request ID {id} in your message.)")));
    assert_eq!((&error["type"], &error["param"], &error["code"]), (&json!("server_error"), &Value::Null, &Value::Null));
    for status in [204, 205, 304] {
        let reply = fault(status, None, path);
        assert!(reply.head.status == status && reply.body.concat().is_empty() && header(&reply, "Content-Type").is_none());
    }
}

#[test]
fn a_fault_says_when_to_come_back_if_told_so() {
    for (ms, seconds, milliseconds) in [(10_000, "10", "10000"), (1500, "2", "1500"), (0, "0", "0")] {
        for status in [429, 503] {
            let reply = fault(status, Some(ms), "gpt-4o/chat/completions");
            assert_eq!((header(&reply, "retry-after"), header(&reply, "retry-after-ms")), (Some(seconds), Some(milliseconds)));
        }
    }
    let reply = fault(429, Some(10_000), "gpt-4o/chat/completions");
    assert!(error(&reply).1["message"].as_str().unwrap().contains("Please retry after 10 seconds."));
    for (name, value) in [
        ("x-ratelimit-limit-tokens", "120000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "10"),
        ("x-ratelimit-limit-requests", "720"),
    ] {
        assert_eq!(header(&reply, name), Some(value), "{name}");
    }
    assert!(!error(&fault(429, None, "gpt-4o/chat/completions")).1["message"].as_str().unwrap().contains("retry after"));
    assert_eq!(error(&fault(429, Some(10_000), "nonsense")).1["message"], "Rate limit is exceeded. Try again in 10 seconds.");
}

#[test]
fn keys_stay_out_of_debug_output() {
    let shown = format!("{:?}", resource());
    assert!(shown.contains("contoso-swc") && !shown.contains("key-one") && !shown.contains("key-two"), "{shown}");
}
