//! What becomes of exchanges, fault by fault.

mod answers;
mod commands;

use std::time::Duration;

use super::*;
use crate::{
    azure::openai,
    environment::{Environment, Fixed, Moment},
    gateway::effect::FailureKind,
    http::Url,
};

const NOW: Moment = Moment(1_763_690_000_000_000_000);

/// Chance that counts how often it is asked, and gives these numbers in turn.
struct Dice {
    thrown: usize,
    numbers: Vec<u64>,
}

impl Dice {
    fn of(numbers: &[u64]) -> Self {
        Self { thrown: 0, numbers: numbers.to_vec() }
    }
}

impl Environment for Dice {
    fn now(&self) -> Moment {
        NOW
    }

    fn random(&mut self) -> u64 {
        let number = self.numbers[self.thrown];
        self.thrown += 1;
        number
    }
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

fn plain(word: &str) -> Fault {
    Fault::parse(word, FaultOptions::default()).unwrap()
}

fn with(word: &str, change: impl FnOnce(&mut FaultOptions)) -> Fault {
    let mut options = FaultOptions::default();
    change(&mut options);
    Fault::parse(word, options).unwrap()
}

fn board(faults: &[(&str, Fault)]) -> FaultBoard {
    let mut board = FaultBoard::new();
    for (on, fault) in faults {
        fault.fits(&target(on)).unwrap();
        board.set(target(on), fault.clone(), NOW, None);
    }
    board
}

const TO_SWC: Exchange<'_> = Exchange { from: Some("francecentral"), backend: "swc", region: "Sweden Central", deployment: Some("gpt-4o") };

fn conduct(board: &FaultBoard, exchange: Exchange<'_>) -> Conduct {
    board.conduct(&exchange, NOW, &mut Dice::of(&[]))
}

/// A conduct in few words.
fn told(conduct: &Conduct) -> String {
    let mut told = Vec::new();
    if conduct.connection != Connection::Open {
        told.push(format!("{:?}", conduct.connection));
    }
    match &conduct.answer {
        Answering::Right => {}
        Answering::Status(status, _) => told.push(status.to_string()),
        other => told.push(format!("{other:?}")),
    }
    if conduct.body != BodyFault::Right {
        told.push(format!("{:?}", conduct.body));
    }
    for (name, duration) in [("delay", conduct.delay), ("pace", conduct.pace)] {
        if !duration.is_zero() {
            told.push(format!("{name} {duration:?}"));
        }
    }
    if conduct.ending != Ending::Whole {
        told.push(format!("{:?}", conduct.ending));
    }
    told.join(", ")
}

/// A link's part stays whichever deployment answers; a deployment's own goes with it, and a resource's adds up with the second deployment's.
#[test]
fn what_spills_over_meets_what_the_second_deployment_meets() {
    let link = ("link:francecentral-swedencentral", plain("cut-body"));
    for (faults, taken_over, expected) in [
        (vec![("swc/gpt-4o", plain("429"))], false, "429"),
        (vec![("swc/gpt-4o", plain("429"))], true, ""),
        (vec![("swc", plain("malformed-json"))], true, "Malformed"),
        (vec![("swc", plain("malformed-json")), ("swc/payg", plain("cut-body"))], true, "Malformed, Cut(None)"),
        (vec![("swc", plain("malformed-json")), ("swc/payg", plain("truncated-body"))], true, "Truncated"),
        (vec![link.clone(), ("swc/gpt-4o", plain("429"))], true, "Cut(None)"),
        (vec![link, ("swc/gpt-4o", plain("429")), ("swc/payg", plain("malformed-json"))], true, "Malformed, Cut(None)"),
    ] {
        let board = board(&faults);
        let second = board.conduct_of_second(&Exchange { deployment: Some("payg"), ..TO_SWC }, NOW, &mut Dice::of(&[]));
        let both = conduct(&board, TO_SWC).with_second(second, taken_over);
        // The status of the first deployment is not what is delivered.
        assert_eq!(told(&both), expected, "{faults:?} {taken_over}");
    }
}

#[test]
fn every_word_does_one_thing() {
    for (word, expected) in [
        ("429", "429"),
        ("connection-refused", "Refused"),
        ("dns-failure", "NoAddress"),
        ("tls-failure", "NoTls"),
        ("outage", "Lost"),
        ("partition", "Lost"),
        ("hang", "Never"),
        ("reset", "Reset"),
        ("reset-after-headers", "ResetAfterHeaders"),
        ("cut-body", "Cut(None)"),
        ("stall-body", "Stall(None)"),
        ("cut-stream", "WithoutDone(None)"),
        ("truncated-body", "Truncated"),
        ("malformed-json", "Malformed"),
        ("slow", "delay 5s"),
        ("slow-tokens", "pace 1s"),
        ("quota-drop", "Quota(Share(Share(100000)))"),
        ("key-revoked", "KeyRevoked"),
        ("deployment-deleted", "DeploymentDeleted"),
    ] {
        let on = if word == "partition" { "link:swedencentral-francecentral" } else { "swc" };
        assert_eq!(told(&conduct(&board(&[(on, plain(word))]), TO_SWC)), expected, "{word}");
    }
    assert_eq!(CATALOGUE.len(), 18, "the words above are all that there are");
}

#[test]
fn the_more_special_fault_speaks() {
    let board = board(&[
        ("region:swedencentral", plain("connection-refused")),
        ("swc", plain("429")),
        ("swc/gpt-4o", plain("503")),
        ("gateway:swedencentral", plain("hang")),
    ]);
    for (backend, region, deployment, expected) in [
        ("swc", "swedencentral", Some("gpt-4o"), "503"),
        ("swc", "swedencentral", Some("GPT-4o"), "503"),
        ("swc", "swedencentral", Some("gpt-35"), "429"),
        ("swc", "swedencentral", None, "429"),
        ("swc2", "Sweden Central", Some("gpt-4o"), "Refused"),
        ("frc", "francecentral", Some("gpt-4o"), ""),
    ] {
        let exchange = Exchange { from: None, backend, region, deployment };
        assert_eq!(told(&conduct(&board, exchange)), expected, "{backend} {deployment:?}");
    }
    let visit = |region| told(&board.gateway_conduct(&Visit { region, from_front_door: false }, NOW, &mut Dice::of(&[])));
    assert_eq!((visit("Sweden Central"), visit("francecentral")), ("Never".to_owned(), String::new()));
    assert_eq!(board.on_resource("swc", "swedencentral", NOW).map(Fault::word).as_deref(), Some("429"));
    assert_eq!(board.on_gateway("swedencentral", NOW).map(Fault::word).as_deref(), Some("hang"));
    assert!(board.names_deployments());
}

#[test]
fn a_fault_of_a_region_is_one_of_its_gateway_only_if_gateways_can_have_it() {
    for (word, gateway) in [("outage", "Lost"), ("503", "503"), ("quota-drop", ""), ("malformed-json", ""), ("slow-tokens", "")] {
        let board = board(&[("region:swedencentral", plain(word))]);
        let visit = Visit { region: "swedencentral", from_front_door: false };
        assert_eq!(told(&board.gateway_conduct(&visit, NOW, &mut Dice::of(&[]))), gateway, "{word}");
        assert_ne!(told(&conduct(&board, TO_SWC)), "", "{word}");
    }
}

#[test]
fn a_link_is_passed_first_in_both_directions() {
    let link = "link:swedencentral-francecentral";
    let second = |options: &mut FaultOptions| options.delay = Some(Duration::from_secs(1));
    for (faults, expected) in [
        (vec![(link, plain("partition")), ("swc", plain("429"))], "Lost"),
        (vec![(link, with("slow", second)), ("swc", plain("429"))], "429, delay 1s"),
        (vec![(link, with("slow", second)), ("swc", plain("slow"))], "delay 6s"),
        (vec![(link, plain("reset")), ("swc", plain("429"))], "Reset"),
        (vec![(link, plain("cut-body")), ("swc", plain("malformed-json"))], "Malformed, Cut(None)"),
        (vec![(link, plain("cut-body")), ("swc", plain("hang"))], "Never"),
        (vec![("link:swedencentral-swedencentral", plain("partition"))], ""),
    ] {
        assert_eq!(told(&conduct(&board(&faults), TO_SWC)), expected);
    }
    let board = board(&[(link, plain("partition"))]);
    for (from, region, expected) in [
        (Some("Sweden Central"), "francecentral", "Lost"),
        (Some("francecentral"), "swedencentral", "Lost"),
        (Some("swedencentral"), "swedencentral", ""),
        (Some("westeurope"), "swedencentral", ""),
        (None, "swedencentral", ""),
    ] {
        let exchange = Exchange { from, backend: "b", region, deployment: None };
        assert_eq!(told(&conduct(&board, exchange)), expected, "{from:?} to {region}");
    }
}

#[test]
fn front_doors_link_is_front_doors_alone() {
    let board = board(&[("link:front-door-swedencentral", plain("partition"))]);
    for (region, from_front_door, expected) in [("swedencentral", true, "Lost"), ("swedencentral", false, ""), ("francecentral", true, "")]
    {
        let visit = Visit { region, from_front_door };
        assert_eq!(told(&board.gateway_conduct(&visit, NOW, &mut Dice::of(&[]))), expected, "{region} {from_front_door}");
    }
}

#[test]
fn a_rate_asks_chance_once_and_leaves_who_is_spared_to_the_next() {
    let rate = |options: &mut FaultOptions| options.rate = "30%".parse().ok();
    let board = board(&[("swc", with("503", rate)), ("region:swedencentral", with("slow", rate))]);
    let (below, above) = (u64::MAX / 10 * 2, u64::MAX / 10 * 4);
    for (numbers, expected) in [(&[below][..], "503"), (&[above, below], "delay 5s"), (&[above, above], "")] {
        let mut dice = Dice::of(numbers);
        assert_eq!(told(&board.conduct(&TO_SWC, NOW, &mut dice)), expected);
        assert_eq!(dice.thrown, numbers.len());
    }
    // Nobody else's chance is touched.
    let elsewhere = Exchange { backend: "frc", region: "francecentral", ..TO_SWC };
    assert!(board.conduct(&elsewhere, NOW, &mut Dice::of(&[])).is_right());
    assert!(FaultBoard::new().conduct(&TO_SWC, NOW, &mut Dice::of(&[])).is_right());
}

#[test]
fn a_rate_is_kept_over_many_requests() {
    let board = board(&[("swc", with("503", |options| options.rate = "30%".parse().ok()))]);
    let mut environment = Fixed { now: NOW, state: 7 };
    let struck = (0..10_000).filter(|_| !board.conduct(&TO_SWC, NOW, &mut environment).is_right()).count();
    assert!((2850..=3150).contains(&struck), "{struck}");
}

#[test]
fn a_fault_with_a_period_comes_and_goes_from_the_moment_it_was_set() {
    let flapping =
        board(&[("swc", with("503", |options| options.period = Some(Duration::from_secs(20)))), ("region:swedencentral", plain("slow"))]);
    let at = |milliseconds| NOW.after(Duration::from_millis(milliseconds));
    for (milliseconds, expected, next) in [
        (0, "503", 10_000),
        (9999, "503", 10_000),
        (10_000, "delay 5s", 20_000),
        (19_999, "delay 5s", 20_000),
        (20_000, "503", 30_000),
        (3_605_000, "503", 3_610_000),
    ] {
        let now = at(milliseconds);
        assert_eq!(told(&flapping.conduct(&TO_SWC, now, &mut Dice::of(&[]))), expected, "{milliseconds}");
        assert_eq!(flapping.next_change(now), Some(at(next)), "{milliseconds}");
    }
}

#[test]
fn a_fault_ends_at_its_moment_and_the_one_behind_it_shows() {
    let at = |seconds| NOW.after(Duration::from_secs(seconds));
    let mut board = board(&[("region:swedencentral", plain("reset"))]);
    board.set(target("swc"), plain("429"), NOW, Some(at(100)));
    let seen = |board: &FaultBoard, now| told(&board.conduct(&TO_SWC, now, &mut Dice::of(&[])));
    assert_eq!((seen(&board, at(99)), seen(&board, at(100))), ("429".to_owned(), "Reset".to_owned()));
    assert_eq!((board.next_change(at(99)), board.next_change(at(100))), (Some(at(100)), None));
    assert_eq!(board.expire(at(99)), []);
    assert_eq!(board.expire(at(100)).len(), 1);
    assert_eq!(board.active().len(), 1);
}

#[test]
fn a_new_fault_replaces_the_old_one_on_the_same_target() {
    let mut board = board(&[("swc", plain("429")), ("link:a-b", plain("slow"))]);
    board.set(target("swc"), plain("503"), NOW, None);
    board.set(target("link:b-a"), plain("hang"), NOW, None);
    let words: Vec<_> = board.active().iter().map(|active| active.fault.word()).collect();
    assert_eq!(words, ["503", "hang"]);
    assert!(board.clear(&target("swc")) && !board.clear(&target("swc")));
    board.clear_all();
    assert!(board.is_empty() && board.conduct(&TO_SWC, NOW, &mut Dice::of(&[])).is_right());
}

#[test]
fn only_what_holds_for_every_request_closes_a_port() {
    let half = |options: &mut FaultOptions| options.rate = "50%".parse().ok();
    for (faults, expected) in [
        (vec![("swc", plain("connection-refused"))], Connection::Refused),
        (vec![("region:swedencentral", plain("connection-refused"))], Connection::Refused),
        (vec![("swc", with("connection-refused", half))], Connection::Open),
        (vec![("swc", with("503", half)), ("region:swedencentral", plain("connection-refused"))], Connection::Open),
        (vec![("swc", plain("connection-refused")), ("swc/gpt-4o", plain("503"))], Connection::Open),
        (vec![("swc", plain("connection-refused")), ("frc/gpt-4o", plain("503"))], Connection::Refused),
        (vec![("swc", plain("outage"))], Connection::Lost),
        (vec![("swc", plain("slow")), ("region:swedencentral", plain("connection-refused"))], Connection::Open),
    ] {
        assert_eq!(board(&faults).resource_connection("swc", "swedencentral", NOW), expected, "{faults:?}");
    }
    let gateway = board(&[("gateway:swedencentral", plain("connection-refused"))]);
    assert_eq!(gateway.gateway_connection("Sweden Central", NOW), Connection::Refused);
    assert_eq!(gateway.gateway_connection("francecentral", NOW), Connection::Open);
}

#[test]
fn a_connection_that_does_not_open_says_why_and_when() {
    for (connection, expected) in [
        (Connection::Open, None),
        (Connection::NoAddress, Some((0, FailureKind::DnsFailure, "no such host `h`: a fault is set on it"))),
        (Connection::Refused, Some((0, FailureKind::ConnectionRefused, "no connection to `h`: nobody listens, by a fault that is set"))),
        (Connection::NoTls, Some((0, FailureKind::TlsFailure, "no TLS with `h`: a fault is set on it"))),
        (Connection::Lost, Some((21, FailureKind::ConnectionRefused, "no connection to `h`: nobody has answered for 21 seconds"))),
    ] {
        let failure = connection.failure("h").map(|(wait, failure)| (wait.as_secs(), failure.kind, failure.message.to_string()));
        assert_eq!(failure, expected.map(|(wait, kind, message)| (wait, kind, message.to_owned())));
    }
    assert_eq!(broken_off("h").kind, FailureKind::Reset);
}

#[test]
fn the_deployment_of_a_request_is_found_as_the_board_knows_it() {
    let board = board(&[("swc/gpt-4o", plain("deployment-deleted"))]);
    for (url, body, expected) in [
        ("https://h/openai/deployments/gpt-4o/chat/completions", "{}", "DeploymentDeleted"),
        ("https://h/openai/v1/chat/completions", r#"{"model":"gpt-4o"}"#, "DeploymentDeleted"),
        ("https://h/openai/v1/chat/completions", r#"{"model":"o3"}"#, ""),
    ] {
        let deployment = openai::deployment(&Url::parse(url).unwrap(), Some(body.as_bytes()));
        let exchange = Exchange { deployment: deployment.as_deref(), ..TO_SWC };
        assert_eq!(told(&conduct(&board, exchange)), expected, "{url} {body}");
    }
}
