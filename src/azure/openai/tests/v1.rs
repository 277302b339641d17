//! `/openai/v1`: the deployment in the body, no version, keys as bearer tokens. And the list of models.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle.

use super::*;

pub(super) fn v1(method: &'static str, path: &str) -> RequestHead {
    let url = format!("https://contoso-swc.openai.azure.com/openai/{path}");
    let headers = [("Authorization", "Bearer key-one"), ("Content-Type", "application/json")].into_iter().collect();
    RequestHead { method: method.into(), url: Url::parse(&url).unwrap(), headers }
}

pub(super) fn call(resource: &mut Resource, method: &'static str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    resource.handle(&v1(method, path), body.as_bytes(), Told::Nothing, NOW, &mut environment())
}

#[test]
fn the_body_names_the_deployment() {
    let reply = call(&mut resource(), "POST", "v1/chat/completions", &with(ask("Hi"), json!({"model": "small"})));
    assert_eq!((reply.head.status, header(&reply, "x-ratelimit-limit-tokens")), (200, Some("1000")));
    assert_eq!(reply.usage.clone().map(|usage| usage.deployment.to_string()), Some("small".to_owned()));
    assert_eq!(parsed(&reply)["model"], "gpt-4o-2024-11-20");
    let reply = call(&mut resource(), "POST", "v1/embeddings", &json!({"model": "ada", "input": "Hi"}));
    assert_eq!((reply.head.status, parsed(&reply)["model"].as_str()), (200, Some("text-embedding-ada-002")));
    for (body, status, code) in [
        (with(ask("Hi"), json!({"model": "nobody"})), 404, "DeploymentNotFound"),
        (ask("Hi"), 400, "missing_required_parameter"),
        (with(ask("Hi"), json!({"model": 7})), 400, "invalid_type"),
    ] {
        let reply = call(&mut resource(), "POST", "v1/chat/completions", &body);
        assert_eq!((reply.head.status, parsed(&reply)["error"]["code"].as_str()), (status, Some(code)), "{body}");
    }
}

#[test]
fn messages_about_limits_name_the_path_for_want_of_a_version() {
    let mut resource = resource();
    let body = with(ask("Hi"), json!({"model": "small"}));
    assert_eq!(call(&mut resource, "POST", "v1/chat/completions", &body).head.status, 200);
    let reply = call(&mut resource, "POST", "v1/chat/completions", &body);
    let message = error(&reply).1["message"].as_str().unwrap().to_owned();
    assert!(message.contains("ChatCompletions_Create under Azure OpenAI API version v1."), "{message}");
}

#[test]
fn a_token_for_foundry_is_good_on_v1_alone() {
    let identity = Identity::new(IDENTITY);
    let token = format!("Bearer {}", identity.issue("https://ai.azure.com", None, NOW));
    for (mut asked, status) in [(v1("POST", "v1/chat/completions"), 200), (request("gpt-4o/chat/completions"), 401)] {
        asked.headers.remove("api-key");
        asked.headers.set("Authorization", token.clone());
        let body = with(ask("Hi"), json!({"model": "gpt-4o"})).to_string();
        assert_eq!(resource().handle(&asked, body.as_bytes(), Told::Nothing, NOW, &mut environment()).head.status, status);
    }
}

#[test]
fn what_a_request_means_is_told_to_those_who_ask() {
    let mut resource = resource();
    for (asked, body, expected) in [
        (v1("POST", "v1/chat/completions"), json!({"model": "small"}), Some("small")),
        (v1("POST", "v1/responses"), json!({"model": "nobody"}), Some("nobody")),
        (request("gpt-4o/chat/completions"), json!({"model": "small"}), Some("gpt-4o")),
        (v1("POST", "v1/chat/completions"), json!({}), None),
        (v1("GET", "v1/models"), json!({"model": "small"}), None),
    ] {
        assert_eq!(resource.deployment_of(&asked, body.to_string().as_bytes()).as_deref(), expected, "{}", asked.url);
    }
}

#[test]
fn the_models_are_those_of_the_deployments() {
    for path in ["models?api-version=2024-10-21", "v1/models"] {
        let list = parsed(&call(&mut resource(), "GET", path, &Value::Null));
        let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert_eq!((list["object"].as_str(), ids.first(), ids.len()), (Some("list"), Some(&"gpt-4o-2024-11-20"), 8), "{ids:?}");
    }
    let one = parsed(&call(&mut resource(), "GET", "v1/models/gpt-4o-2024-11-20", &Value::Null));
    assert_eq!((&one["object"], &one["capabilities"]["chat_completion"]), (&json!("model"), &json!(true)));
    assert_eq!(call(&mut resource(), "GET", "v1/models/nobody", &Value::Null).head.status, 404);
}
