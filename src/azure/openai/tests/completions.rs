//! Completions of the older kind.

use super::*;

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
