//! Resources that are told to fail.

use super::*;

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
