//! Answers that take their time and are as long as answers are.

use super::*;

fn resource(answer_tokens: AnswerTokens, latency: Option<Latency>) -> Resource {
    let deployments = [
        ("gpt-4o".to_owned(), Deployment { latency, ..deployment("gpt-4o", None, None) }),
        ("thinker".to_owned(), Deployment { latency, ..deployment("o3", None, None) }),
        ("ada".to_owned(), deployment("text-embedding-ada-002", None, None)),
    ];
    let config = ResourceConfig {
        keys: ["key-one".into(), Text::EMPTY],
        deployments: Deployments::Declared(deployments.into()),
        pace: Pace::Realistic,
        answer_tokens,
        exact_tokens: true,
        ..ResourceConfig::default()
    };
    Resource::new(config, Identity::new(IDENTITY))
}

const EXACT: Latency =
    Latency { first_token: Duration::from_millis(400), prompt_token: Duration::from_millis(1), tokens_per_second: 50.0, spread: 0.0 };

#[test]
fn a_whole_answer_comes_when_its_last_token_is_there() {
    let mut resource = resource(AnswerTokens::Fixed(100), Some(EXACT));
    let reply = send(&mut resource, "gpt-4o/chat/completions", ask("Hi").to_string());
    // "Hi" is 1 token, 3 for the message and 3 for the answer; 100 tokens of 20 ms.
    assert_eq!(reply.usage.as_ref().map(|usage| (usage.prompt_tokens, usage.completion_tokens)), Some((7, 100)));
    assert_eq!((reply.first_byte, reply.duration()), (Duration::from_millis(2407), Duration::from_millis(2407)));
    let answer = parsed(&reply);
    assert_eq!(answer["usage"]["completion_tokens"], 100);
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(super::super::tokenizer::Counter::O200k.count(text), 100);
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_stream_begins_with_its_first_token() {
    let mut resource = resource(AnswerTokens::Fixed(100), Some(EXACT));
    let body = with(ask("Hi"), json!({"stream": true, "max_tokens": 50})).to_string();
    let reply = send(&mut resource, "gpt-4o/chat/completions", body);
    assert_eq!(reply.first_byte, Duration::from_millis(407));
    // The limit ends it: 50 tokens of 20 ms.
    assert_eq!(reply.duration(), Duration::from_millis(1407));
    let mut events = events(&reply);
    events.retain(|event| event["choices"][0]["finish_reason"] == "length");
    assert_eq!(events.len(), 1);
    assert_eq!(reply.usage.map(|usage| usage.completion_tokens), Some(50));
}

#[test]
fn a_model_that_reasons_thinks_first() {
    let mut resource = resource(AnswerTokens::Fixed(300), Some(EXACT));
    let reply = send(&mut resource, "thinker/chat/completions", with(ask("Hi"), json!({"stream": true})).to_string());
    // 128 of 300 tokens are thought: 2.56 s.
    assert_eq!(reply.first_byte, Duration::from_millis(407 + 2560));
    assert_eq!(reply.duration(), Duration::from_millis(407 + 6000));
    let whole = parsed(&send(&mut resource, "thinker/chat/completions", ask("Hi").to_string()));
    assert_eq!(whole["usage"]["completion_tokens_details"]["reasoning_tokens"], 128);
    assert_eq!(whole["usage"]["completion_tokens"], 300);
}

#[test]
fn lengths_and_times_are_drawn_and_the_seed_repeats_them() {
    let draw = |seed: u64| {
        let mut resource = resource(AnswerTokens::default(), None);
        let mut environment = Fixed { now: NOW, state: seed };
        let body = with(ask("Hi"), json!({"max_tokens": 200})).to_string();
        let replies: Vec<Reply> = (0..200)
            .map(|_| resource.handle(&request("gpt-4o/chat/completions"), body.as_bytes(), Told::Nothing, NOW, &mut environment))
            .collect();
        replies.iter().map(|reply| (reply.first_byte, reply.usage.as_ref().unwrap().completion_tokens)).collect::<Vec<_>>()
    };
    let first = draw(1);
    assert_eq!(first, draw(1));
    assert_ne!(first, draw(2));
    let mut lengths: Vec<u64> = first.iter().map(|(_, tokens)| *tokens).collect();
    lengths.sort_unstable();
    // A median of 60 % of the limit, some cut by it.
    assert!((105..=135).contains(&lengths[100]) && lengths[199] == 200 && lengths[0] < 70, "{lengths:?}");
    let mut times: Vec<Duration> = first.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&times[100]), "{:?}", times[100]);
}

#[test]
fn a_header_fixes_the_length() {
    for pace in [Pace::Immediate, Pace::Realistic] {
        let config = ResourceConfig { accepts_any_credential: true, pace, ..ResourceConfig::default() };
        let mut resource = Resource::new(config, Identity::new(IDENTITY));
        let mut asked = request("gpt-4o/chat/completions");
        asked.headers.append("x-simulated-answer-tokens", "17");
        let reply = resource.handle(&asked, ask("Hi").to_string().as_bytes(), Told::Nothing, NOW, &mut environment());
        assert_eq!(reply.usage.as_ref().map(|usage| usage.completion_tokens), Some(17), "{pace:?}");
        assert_eq!(reply.first_byte.is_zero(), pace == Pace::Immediate);
    }
}

#[test]
fn refusals_and_embeddings_come_fast() {
    let mut resource = resource(AnswerTokens::default(), None);
    let refused = send(&mut resource, "gpt-4o/chat/completions", "{}");
    assert!((Duration::from_millis(10)..=Duration::from_millis(50)).contains(&refused.first_byte));
    let embedded = send(&mut resource, "ada/embeddings", json!({"input": "Hi"}).to_string());
    assert!((Duration::from_millis(5)..Duration::from_millis(600)).contains(&embedded.first_byte), "{:?}", embedded.first_byte);
    assert_eq!(embedded.usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens)), Some((1, 0)));
}
