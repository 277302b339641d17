//! Embeddings, speech and images.

use super::*;

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
