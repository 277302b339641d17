//! Which origin a request goes to: health, priority, latency, weight, affinity, retries.

use super::*;

/// A row: settings, what each origin is (priority, weight, latency in ms), whose probes have failed, where six requests go.
type Row = (&'static str, [(u32, u32, u64); 3], &'static str, &'static str);

const WIDE: &str = "latencySensitivity: 1000ms";

/// Source: learn.microsoft.com/azure/frontdoor/routing-methods (the order of the four steps; its example has origins at 15, 30 and 60 ms
/// and a sensitivity of 30 ms).
const CHOICES: &[Row] = &[
    ("latencySensitivity: 30ms", [(1, 500, 15), (1, 500, 30), (1, 500, 60)], "", "010101"),
    ("latencySensitivity: 30ms", [(1, 500, 15), (1, 500, 45), (1, 500, 46)], "", "010101"),
    ("latencySensitivity: 0ms", [(1, 500, 30), (1, 1000, 15), (1, 500, 60)], "", "111111"),
    ("latencySensitivity: 0ms", [(1, 500, 15), (1, 500, 15), (1, 500, 60)], "", "010101"),
    // Priority comes before latency.
    ("latencySensitivity: 0ms", [(2, 500, 1), (1, 500, 900), (2, 500, 1)], "", "111111"),
    (WIDE, [(2, 500, 1), (1, 500, 1), (1, 500, 1)], "", "121212"),
    // Weights share in their ratio, as evenly as they can.
    (WIDE, [(1, 2, 1), (1, 1, 1), (1, 1, 1)], "", "012001"),
    (WIDE, [(1, 1000, 1), (1, 500, 1), (2, 1, 1)], "", "010010"),
    // Health comes first.
    (WIDE, [(1, 500, 1), (2, 500, 1), (3, 500, 1)], "0", "111111"),
    (WIDE, [(1, 500, 1), (2, 500, 1), (3, 500, 1)], "01", "222222"),
    ("latencySensitivity: 0ms", [(1, 500, 1), (1, 500, 40), (1, 500, 30)], "0", "222222"),
    // Nobody healthy: as if all were (github.com/MicrosoftDocs/azure-docs, issue 117586), or in turn
    // (learn.microsoft.com/azure/frontdoor/health-probes).
    (WIDE, [(1, 500, 1), (2, 500, 1), (3, 500, 1)], "012", "000000"),
    ("latencySensitivity: 1000ms\nwhenAllUnhealthy: round-robin", [(1, 900, 1), (2, 1, 1), (3, 1, 1)], "012", "012012"),
];

fn with_origins(settings: &str, origins: [(u32, u32, u64); 3]) -> FrontDoor {
    let mut config = config(settings);
    for (origin, (priority, weight, latency)) in config.origins.iter_mut().zip(origins) {
        (origin.priority, origin.weight, origin.latency) = (priority, weight, Some(ms(latency)));
    }
    FrontDoor::new(config, Moment(0)).unwrap()
}

fn fail(door: &mut FrontDoor, places: &str) {
    for place in places.bytes() {
        for _ in 0..4 {
            door.probed(OriginId(usize::from(place - b'0')), Err(FailureKind::ConnectionRefused));
        }
    }
}

#[test]
fn an_origin_is_chosen_by_health_priority_latency_and_weight() {
    for (settings, origins, failed, expected) in CHOICES {
        let mut door = with_origins(settings, *origins);
        fail(&mut door, failed);
        assert_eq!(places(&mut door, 6), *expected, "{settings} {origins:?} {failed}");
    }
}

#[test]
fn weights_hold_over_many_requests() {
    let mut door = with_origins(WIDE, [(1, 5, 1), (1, 8, 1), (1, 37, 1)]);
    let all = places(&mut door, 500);
    let count = |place: char| all.matches(place).count();
    assert_eq!((count('0'), count('1'), count('2')), (50, 80, 370));
}

/// Source: learn.microsoft.com/azure/frontdoor/health-probes: of the last `sampleSize` probes `successfulSamples` must have been good, and
/// status 200 alone is good.
#[test]
fn health_follows_from_the_last_probes() {
    let good: Result<(u16, Duration), FailureKind> = Ok((200, ms(5)));
    let refused = Err(FailureKind::ConnectionRefused);
    for (size, needed, probes, expected) in [
        (4, 3, vec![refused, refused, good, good, good], "+---+"),
        (4, 2, vec![refused, refused, refused, good, good], "++--+"),
        (4, 3, vec![refused, good, good, good, refused], "+++++"),
        (1, 1, vec![refused, good, refused], "-+-"),
        (4, 0, vec![refused; 5], "+++++"),
        (0, 0, vec![refused; 2], "++"),
        (1, 1, [204, 301, 401, 403, 404, 429, 500, 503].map(|status| Ok((status, ms(5)))).to_vec(), "--------"),
        (1, 1, vec![Err(FailureKind::Timeout), good, Err(FailureKind::TlsFailure), Err(FailureKind::DnsFailure)], "-+--"),
    ] {
        let mut door = front_door(&format!("probe: {{ sampleSize: {size}, successfulSamples: {needed} }}"));
        let mut healthy = true;
        let mut seen = String::new();
        for probe in &probes {
            if let Some(change) = door.probed(OriginId(1), *probe) {
                assert_eq!((change.origin, change.healthy), (OriginId(1), !healthy), "a change is told when there is one");
                healthy = change.healthy;
            }
            assert_eq!(door.states().nth(1).unwrap().healthy, healthy);
            seen.push(if healthy { '+' } else { '-' });
        }
        assert_eq!(seen, expected, "{size}/{needed} {probes:?}");
    }
}

#[test]
fn latency_is_the_mean_of_the_good_probes_in_the_window() {
    let mut door = with_origins("probe: { sampleSize: 2, successfulSamples: 1 }", [(1, 500, 10), (1, 500, 20), (1, 500, 90)]);
    let latency = |door: &FrontDoor| door.states().next().unwrap().latency;
    assert_eq!(latency(&door), Some(ms(10)));
    door.probed(OriginId(0), Ok((200, ms(50))));
    assert_eq!((latency(&door), &*places(&mut door, 2)), (Some(ms(30)), "11"));
    door.probed(OriginId(0), Err(FailureKind::Timeout));
    assert_eq!(latency(&door), Some(ms(50)));
    door.probed(OriginId(0), Ok((200, ms(4))));
    assert_eq!((latency(&door), &*places(&mut door, 2)), (Some(ms(4)), "00"));
}

#[test]
fn probes_are_due_once_an_interval() {
    let mut door = front_door("probe: { interval: 30s }");
    let all = [OriginId(0), OriginId(1), OriginId(2)];
    assert_eq!(door.next_probe(), Some(at(0)));
    assert_eq!(door.due_probes(at(0)), all);
    assert_eq!((door.due_probes(at(0)), door.due_probes(at(29_999))), (vec![], vec![]));
    assert_eq!(door.next_probe(), Some(at(30_000)));
    assert_eq!(door.due_probes(at(30_001)), all);
    assert_eq!(door.next_probe(), Some(at(60_000)), "lateness does not add up");
    assert_eq!(door.due_probes(at(1_000_000)), all);
    assert_eq!(door.next_probe(), Some(at(1_030_000)), "what was missed is not made up for");
}

/// Source: github.com/MicrosoftDocs/azure-docs, pull request 128720: no connection, or one that closes before the head is complete.
#[test]
fn a_lost_connection_goes_on_to_each_other_origin_once() {
    for (settings, kind, expected, status, info) in [
        (WIDE, FailureKind::ConnectionRefused, "012", 503, "OriginConnectionRefused"),
        (WIDE, FailureKind::DnsFailure, "012", 503, "DNSNameNotResolved"),
        (WIDE, FailureKind::Reset, "012", 503, "OriginInvalidResponse"),
        (WIDE, FailureKind::TlsFailure, "0", 503, "SSLHandshakeError"),
        (WIDE, FailureKind::Timeout, "0", 504, "OriginTimeout"),
        ("latencySensitivity: 1000ms\nretryOn: []", FailureKind::ConnectionRefused, "0", 503, "OriginConnectionRefused"),
        ("latencySensitivity: 1000ms\nretryOn: [connect-failure]", FailureKind::Reset, "0", 503, "OriginInvalidResponse"),
        ("latencySensitivity: 1000ms\nretryOn: [early-close]", FailureKind::Reset, "012", 503, "OriginInvalidResponse"),
    ] {
        let mut door = front_door(settings);
        let mut passage = passage(&mut door);
        let mut tried = door.select(&mut passage).unwrap().0.to_string();
        let answer = loop {
            match door.failed(&mut passage, kind) {
                Recovery::Retry(origin) => tried.push_str(&origin.0.to_string()),
                Recovery::Answer(answer) => break answer,
            }
        };
        assert_eq!((tried.as_str(), answer.head.status, answer.cause.error_info()), (expected, status, info), "{settings} {kind:?}");
        assert_eq!(passage.attempts() as usize, expected.len());
        assert!(text(&answer.body).contains(&**passage.reference()), "the page names the reference");
        assert_eq!(field(&answer.head.headers, "Content-Type"), "text/html");
    }
}

#[test]
fn a_retry_keeps_to_what_is_healthy() {
    let mut door = front_door(WIDE);
    fail(&mut door, "1");
    let mut passage = passage(&mut door);
    assert_eq!(door.select(&mut passage), Some(OriginId(0)));
    assert!(matches!(door.failed(&mut passage, FailureKind::Reset), Recovery::Retry(OriginId(2))));
    assert!(matches!(door.failed(&mut passage, FailureKind::Reset), Recovery::Answer(_)));
}

#[test]
fn disabled_origins_get_nothing() {
    let mut config = config(WIDE);
    config.origins[0].enabled = false;
    let mut door = FrontDoor::new(config.clone(), Moment(0)).unwrap();
    assert_eq!(places(&mut door, 4), "1212");
    config.origins.iter_mut().for_each(|origin| origin.enabled = false);
    let mut door = FrontDoor::new(config, Moment(0)).unwrap();
    let mut passage = passage(&mut door);
    assert_eq!(door.select(&mut passage), None);
    let answer = door.unavailable(&passage);
    assert_eq!((answer.head.status, answer.cause.word()), (503, "no-origin"));
}

/// Source: learn.microsoft.com/azure/frontdoor/routing-methods, "Session affinity"; that it holds within the latency window alone:
/// learn.microsoft.com/answers/questions/5875342.
#[test]
fn a_cookie_keeps_a_client_at_its_origin_while_that_could_be_chosen() {
    let settings = "sessionAffinity: true\nlatencySensitivity: 1000ms";
    let mut door = front_door(settings);
    let answer_of = |door: &mut FrontDoor, request: &RequestHead, status: u16, cache_control: &str| {
        let mut passage = admit(door, request).passage;
        let origin = door.select(&mut passage).unwrap();
        let mut head = ResponseHead { status, ..ResponseHead::default() };
        head.headers.append("Cache-Control", cache_control.to_owned());
        door.decorate(&passage, &mut head);
        (origin, head.headers.values("Set-Cookie").map(ToString::to_string).collect::<Vec<_>>())
    };
    // What others may keep sets no cookie.
    for (status, cache_control, cookies) in
        [(200, "max-age=60", 0), (200, "", 0), (200, "private, no-store", 2), (302, "", 2), (429, "no-store", 2)]
    {
        assert_eq!(answer_of(&mut door, &hello(), status, cache_control).1.len(), cookies, "{status} {cache_control}");
    }
    let (origin, cookies) = answer_of(&mut door, &hello(), 200, "no-store");
    let value = cookies[0].split(';').next().unwrap().to_owned();
    assert!(value.starts_with("ASLBSA=") && cookies[1].starts_with("ASLBSACORS="), "{cookies:?}");
    let mut returning = hello();
    returning.headers.append("Cookie", format!("theme=dark; {value}"));
    for _ in 0..5 {
        assert_eq!(answer_of(&mut door, &returning, 200, "no-store"), (origin, Vec::new()), "and the cookie is not set again");
    }
    let place = origin.0.to_string();
    fail(&mut door, &place);
    let (other, cookies) = answer_of(&mut door, &returning, 200, "no-store");
    assert!(other != origin && cookies.len() == 2, "a new origin, a new cookie");
}
