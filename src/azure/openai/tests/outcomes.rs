//! Outcomes on demand: content filter, context length. And what the service checks before it looks at a deployment.

use super::*;

#[test]
fn a_filtered_prompt_gets_the_services_body() {
    let safe = json!({"filtered": false, "severity": "safe"});
    for (name, finding) in
        [("jailbreak", json!({"filtered": true, "detected": true})), ("hate", json!({"filtered": true, "severity": "medium"}))]
    {
        let mut all =
            json!({"hate": safe, "jailbreak": {"filtered": false, "detected": false}, "self_harm": safe, "sexual": safe, "violence": safe});
        all[name] = finding;
        let prompt = format!("Tell me [simulate: prompt-filter={name}]");
        let reply = post("gpt-4o/chat/completions", &with(ask(&prompt), json!({"stream": true})));
        assert_eq!((reply.head.status, header(&reply, "Content-Type")), (400, Some("application/json")));
        // Source: github.com/microsoft/TinyTroupe issue 85.
        assert_eq!(
            parsed(&reply),
            json!({"error": {
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
                "type": null, "param": "prompt", "code": "content_filter", "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": all},
            }})
        );
        // It has been counted.
        assert_ne!(header(&reply, "x-ratelimit-remaining-tokens"), Some("120000"));
    }
}

#[test]
fn a_filtered_answer_is_cut_with_a_200() {
    let body = ask("[simulate: answer-filter=violence]");
    let reply = post("gpt-4o/chat/completions", &body);
    let choice = &parsed(&reply)["choices"][0];
    assert_eq!((reply.head.status, &choice["finish_reason"]), (200, &json!("content_filter")));
    assert_eq!(choice["content_filter_results"]["violence"], json!({"filtered": true, "severity": "medium"}));
    assert_eq!(choice["content_filter_results"]["hate"], json!({"filtered": false, "severity": "safe"}));
    let events = events(&post("gpt-4o/chat/completions", &with(body, json!({"stream": true}))));
    let last = &events[events.len() - 2]["choices"][0];
    assert_eq!((&last["finish_reason"], &last["content_filter_results"]["violence"]["filtered"]), (&json!("content_filter"), &json!(true)));
    let legacy = parsed(&post("instruct/completions", &json!({"prompt": "[simulate: answer-filter]"})));
    assert_eq!(legacy["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn a_header_asks_for_an_outcome_too() {
    for (value, status, code) in [
        ("context-length", 400, Some("context_length_exceeded")),
        ("prompt-filter", 400, Some("content_filter")),
        ("answer-filter=hate", 200, None),
        ("nonsense", 200, None),
    ] {
        let mut asked = request("gpt-4o/chat/completions");
        asked.headers.append("x-simulated-outcome", value);
        let reply = resource().handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, NOW, &mut environment());
        assert_eq!((reply.head.status, parsed(&reply)["error"]["code"].as_str()), (status, code), "{value}");
    }
}

#[test]
fn keys_can_be_disabled() {
    let identity = Identity::new(IDENTITY);
    let token = format!("Bearer {}", identity.issue("https://cognitiveservices.azure.com", None, NOW));
    let config = ResourceConfig { disable_local_auth: true, ..resource().config().clone() };
    let mut resource = Resource::new(config, identity);
    // Source: github.com/microsoft/sample-app-aoai-chatGPT issue 1000.
    let disabled = json!({"code": "AuthenticationTypeDisabled", "message": "Key based authentication is disabled for this resource."});
    for (name, field, value, status) in [
        ("key", "api-key", "key-one", 403),
        ("wrong key", "api-key", "key-three", 403),
        ("key as token", "Authorization", "Bearer key-one", 403),
        ("token", "Authorization", token.as_str(), 200),
    ] {
        let mut asked = request("gpt-4o/chat/completions");
        asked.headers.remove("api-key");
        asked.headers.append(field, value.to_owned());
        let reply = resource.handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, NOW, &mut environment());
        assert_eq!(reply.head.status, status, "{name}");
        if status == 403 {
            assert_eq!(error(&reply).1, disabled, "{name}");
        }
    }
}

#[test]
fn a_token_is_checked_again_when_its_time_is_over() {
    let identity = Identity::new(IDENTITY);
    let token = format!("Bearer {}", identity.issue("https://cognitiveservices.azure.com", None, NOW));
    let mut resource = resource();
    let mut asked = request("gpt-4o/chat/completions");
    asked.headers.remove("api-key");
    asked.headers.append("Authorization", token);
    let day = Duration::from_secs(86_400);
    for (when, status) in [(NOW, 200), (NOW, 200), (NOW.after(day), 401), (NOW, 200), (Moment(0), 401)] {
        let reply = resource.handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, when, &mut environment());
        assert_eq!(reply.head.status, status);
    }
}

/// Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits (custom headers in API requests: 10).
#[test]
fn more_than_ten_custom_fields_are_too_many() {
    for (count, status) in [(10, 200), (11, 431)] {
        let mut asked = request("gpt-4o/chat/completions");
        for number in 0..count {
            asked.headers.append(format!("x-team-{number}"), "a");
            // What libraries and proxies add does not count.
            asked.headers.append(format!("x-stainless-{number}"), "a");
            asked.headers.append(format!("X-Forwarded-{number}"), "a");
        }
        let reply = resource().handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, NOW, &mut environment());
        assert_eq!((reply.head.status, reply.body.concat().is_empty()), (status, status == 431));
    }
}
