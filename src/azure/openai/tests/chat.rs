//! Chat completions: shapes, what is refused, what is honoured, streams.

use super::*;

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
