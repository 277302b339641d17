//! Faults in JSON.

use std::time::Duration;

use serde_json::{from_value, json, to_value};

use super::{super::*, NOW, board, plain, target, with};
use crate::environment::Moment;

#[test]
fn commands_have_plain_names() {
    let second = |seconds| Some(Duration::from_secs(seconds));
    let full = with("503", |options| {
        options.rate = "30%".parse().ok();
        options.period = second(20);
        options.retry_after = second(10);
        options.headers = vec![("X-Own".into(), "1".into())];
        options.body = Some("down".into());
        options.delay = second(2);
    });
    for (on, fault, lasting, expected) in [
        (
            "swc",
            Some(with("429", |options| options.retry_after = second(10))),
            second(60),
            json!({"target": "swc", "fault": "429", "retryAfterMs": 10_000, "forMs": 60_000}),
        ),
        ("gateway:francecentral", Some(plain("slow")), None, json!({"target": "gateway:francecentral", "fault": "slow", "delayMs": 5000})),
        ("region:swedencentral", None, None, json!({"target": "region:swedencentral", "fault": "clear"})),
        (
            "swc/gpt-4o",
            Some(full),
            None,
            json!({"target": "swc/gpt-4o", "fault": "503", "retryAfterMs": 10_000, "delayMs": 2000, "rate": "30%", "periodMs": 20_000,
                   "headers": {"X-Own": "1"}, "body": "down"}),
        ),
        (
            "swc",
            Some(with("quota-drop", |options| options.tokens_per_minute = "1000".parse().ok())),
            None,
            json!({"target": "swc", "fault": "quota-drop", "tokensPerMinute": "1000"}),
        ),
        (
            "link:a-b",
            Some(with("cut-body", |options| options.pieces = Some(3))),
            None,
            json!({"target": "link:a-b", "fault": "cut-body", "pieces": 3}),
        ),
    ] {
        let command = FaultCommand { target: target(on), fault, lasting };
        assert_eq!(to_value(&command).unwrap(), expected);
        assert_eq!(from_value::<FaultCommand>(expected).unwrap(), command);
    }
    let numbers = from_value::<FaultCommand>(json!({"target": "swc", "fault": "quota-drop", "tokensPerMinute": 1000})).unwrap();
    assert_eq!(numbers.fault.unwrap().to_string(), "quota-drop, tokens-per-minute 1000");
    assert_eq!(from_value::<FaultCommand>(json!({"target": "swc", "fault": 503})).unwrap().fault, Some(plain("503")));
}

#[test]
fn a_wrong_command_says_what_is_wrong() {
    for (json, message) in [
        (json!({"target": "swc", "fault": "clear", "forMs": 1}), "`clear` takes no options"),
        (json!({"target": "swc", "fault": "resett"}), "did you mean `reset`?"),
        (json!({"target": "swc", "fault": "claer"}), "unknown fault `claer`"),
        (json!({"target": "zone:1", "fault": "hang"}), "unknown kind of target `zone`"),
        (json!({"target": "swc", "fault": "hang", "for": "5s"}), "unknown field `for`"),
        (json!({"target": "swc", "fault": "hang", "untilMs": 1}), "unknown field `untilMs`"),
        (json!({"fault": "hang"}), "missing field `target`"),
        (json!({"target": "swc", "fault": null}), "a word or a whole number"),
        (json!({"target": "swc", "fault": "503", "rate": "130%"}), "`rate`: a share is a number above 0 and up to 100"),
        (json!({"target": "swc", "fault": "quota-drop", "tokensPerMinute": "few"}), "`tokensPerMinute`: a limit is a whole number"),
        (json!({"target": "swc", "fault": "503", "headers": {"X Y": "1"}}), "the header `X Y` cannot be sent"),
        (json!({"target": "swc", "fault": "503", "retryAfterMs": -1}), "invalid value"),
        (json!({"target": "swc", "fault": "partition"}), "the fault `partition` cannot be put on a backend: it is one of a link"),
    ] {
        let error = from_value::<FaultCommand>(json).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_board_is_plain_json() {
    let mut board = board(&[("region:francecentral", plain("hang"))]);
    let fault = with("429", |options| options.rate = "30%".parse().ok());
    board.set(target("swc"), fault, NOW, Some(Moment(1_763_690_060_000_000_000)));
    assert_eq!(
        to_value(board.active()).unwrap(),
        json!([{"target": "region:francecentral", "fault": "hang"},
               {"target": "swc", "fault": "429", "rate": "30%", "untilMs": 1_763_690_060_000_u64}])
    );
}
