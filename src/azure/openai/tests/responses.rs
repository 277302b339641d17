//! The Responses API.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/responses; platform.openai.com/docs/api-reference/responses.

use super::{v1::call, *};

fn create(resource: &mut Resource, body: Value) -> Reply {
    call(resource, "POST", "v1/responses", &with(json!({"model": "gpt-4o"}), body))
}

#[test]
fn a_response_has_its_shape() {
    let reply = create(&mut resource(), json!({"input": "What is up?", "instructions": "Be kind.", "max_output_tokens": 100}));
    let mut answer = parsed(&reply);
    take_id(&mut answer, "resp_");
    let message = take_id(&mut answer["output"][0], "msg_");
    assert!(!message.is_empty());
    let text = "Hello from swc in Sweden Central: you said \"What is up?\"";
    assert_eq!(
        answer["output"],
        json!([{"id": null, "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "text": text}]}])
    );
    for (field, value) in [
        ("object", json!("response")),
        ("created_at", json!(1_763_690_000)),
        ("status", json!("completed")),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
        ("max_output_tokens", json!(100)),
        ("model", json!("gpt-4o-2024-11-20")),
        ("previous_response_id", Value::Null),
        ("store", json!(true)),
        // 3 for the answer, 3 and 2 for the instructions, 3 and 3 for the input.
        (
            "usage",
            json!({"input_tokens": 14, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 14,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 28}),
        ),
    ] {
        assert_eq!(answer[field], value, "{field}");
    }
}

#[test]
fn a_follow_up_is_known_where_its_parent_was_made_and_nowhere_else() {
    let (mut here, mut elsewhere) = (resource(), resource());
    let first = parsed(&create(&mut here, json!({"input": "Hi"})));
    let id = first["id"].as_str().unwrap().to_owned();
    let follow = json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": "More"}]}], "previous_response_id": id});
    let body = with(json!({"model": "gpt-4o"}), follow.clone()).to_string();
    let mut environment = Fixed { state: 2, ..environment() };
    let second = parsed(&here.handle(&super::v1::v1("POST", "v1/responses"), body.as_bytes(), Told::Nothing, NOW, &mut environment));
    assert_eq!(second["previous_response_id"], json!(id));
    // All of the first one comes before it.
    assert_eq!(second["usage"]["input_tokens"], json!(7 + first["usage"]["total_tokens"].as_u64().unwrap()));
    // Source: github.com/microsoft/agent-framework issue 6419.
    assert_eq!(
        error(&create(&mut elsewhere, follow)),
        (
            400,
            json!({"message": format!("Previous response with id '{id}' not found."), "type": "invalid_request_error",
                "param": "previous_response_id", "code": "previous_response_not_found"})
        )
    );
    let path = format!("v1/responses/{id}");
    assert_eq!(parsed(&call(&mut here, "GET", &path, &Value::Null)), first);
    assert_eq!(call(&mut elsewhere, "GET", &path, &Value::Null).head.status, 404);
    let deleted = parsed(&call(&mut here, "DELETE", &path, &Value::Null));
    assert_eq!(deleted, json!({"id": id, "object": "response", "deleted": true}));
    assert_eq!(call(&mut here, "GET", &path, &Value::Null).head.status, 404);
}

#[test]
fn what_is_not_to_be_stored_is_not() {
    let mut resource = resource();
    let first = parsed(&create(&mut resource, json!({"input": "Hi", "store": false})));
    assert_eq!(first["store"], json!(false));
    let follow = json!({"input": "More", "previous_response_id": first["id"]});
    assert_eq!(create(&mut resource, follow).head.status, 400);
}

/// The order: platform.openai.com/docs/api-reference/responses-streaming.
#[test]
fn a_stream_has_named_events_and_no_done() {
    let reply = create(&mut resource(), json!({"input": "Hi", "stream": true}));
    let ReplyBody::Stream(chunks) = &reply.body else { panic!("no stream") };
    let mut names = Vec::new();
    let mut text = String::new();
    let mut last = Value::Null;
    for (number, chunk) in (0_u64..).zip(chunks) {
        let event = std::str::from_utf8(&chunk.bytes).unwrap();
        let (name, data) = event.strip_prefix("event: ").unwrap().strip_suffix("\n\n").unwrap().split_once("\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!((data["type"].as_str(), data["sequence_number"].as_u64()), (Some(name), Some(number)));
        text.push_str(data["delta"].as_str().unwrap_or_default());
        names.push(name.to_owned());
        last = data;
    }
    names.dedup();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], json!(text));
    assert_eq!(text, "Hello from swc in Sweden Central: you said \"Hi\"");
}

#[test]
fn what_is_cut_is_incomplete() {
    for (body, reason) in [
        (json!({"input": "Hi", "max_output_tokens": 16}), None),
        (json!({"input": "x".repeat(100), "max_output_tokens": 16}), Some("max_output_tokens")),
        (json!({"input": "[simulate: answer-filter]"}), Some("content_filter")),
    ] {
        let answer = parsed(&create(&mut resource(), body));
        assert_eq!(answer["incomplete_details"]["reason"].as_str(), reason);
        assert_eq!(answer["status"], if reason.is_some() { "incomplete" } else { "completed" });
    }
}

#[test]
fn a_response_that_is_not_in_order_is_refused() {
    for (body, message) in [
        (json!({}), "Missing required parameter: 'input'."),
        (json!({"input": 7}), "Invalid type for 'input': expected one of a string or array of objects, but got an integer instead."),
        (json!({"input": ["a"]}), "Invalid type for 'input[0]': expected an object, but got a string instead."),
        (
            json!({"input": "a", "max_output_tokens": 1}),
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead.",
        ),
        (json!({"input": "a", "store": "no"}), "Invalid type for 'store': expected a boolean, but got a string instead."),
    ] {
        assert_eq!(error(&create(&mut resource(), body)).1["message"], json!(message));
    }
    let embedding = call(&mut resource(), "POST", "v1/responses", &json!({"model": "ada", "input": "a"}));
    assert_eq!(parsed(&embedding)["error"]["code"], "OperationNotSupported");
}
