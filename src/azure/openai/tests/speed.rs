//! How fast a resource answers: `cargo test --release --lib openai::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

#[test]
#[ignore = "a measurement: it says how long a request takes"]
fn a_chat_of_a_kilobyte() {
    const ROUNDS: u32 = 200_000;
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(25);
    for (name, pace, more) in [
        ("immediate", Pace::Immediate, json!({"max_tokens": 100})),
        ("realistic", Pace::Realistic, json!({"max_tokens": 100})),
        ("realistic stream", Pace::Realistic, json!({"max_tokens": 100, "stream": true})),
        ("realistic stream, pieces of 32", Pace::Realistic, json!({"max_tokens": 100, "stream": true})),
    ] {
        let config =
            ResourceConfig { pace, exact_tokens: true, burst: if name.ends_with("32") { 32 } else { 3 }, ..resource().config().clone() };
        let mut resource = Resource::new(config, Identity::new(IDENTITY));
        let asked = request("open/chat/completions");
        let body = with(ask(&text), more).to_string();
        let mut environment = environment();
        let begun = Instant::now();
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let reply = resource.handle(&asked, body.as_bytes(), Told::Nothing, NOW, &mut environment);
            bytes += match &reply.body {
                ReplyBody::Whole(bytes) => bytes.len(),
                ReplyBody::Stream(chunks) => chunks.len(),
            };
        }
        assert!(bytes > 0);
        println!("{name}: {:?} a request of {} bytes", begun.elapsed() / ROUNDS, body.len());
    }
}
