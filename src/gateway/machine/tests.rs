//! A gateway that remembers passages against one that does not: nobody can tell them apart.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{fmt::Write as _, net::IpAddr, time::Duration};

use bytes::Bytes;

use super::*;
use crate::{
    environment::{Fixed, Moment, split_mix},
    gateway::{
        Api, Entities, Subscription,
        effect::{ArrivingBody, Failure, FailureKind, Received, Reception},
        egress::Guarded,
    },
    generate,
    http::{Headers, RequestHead, ResponseHead, Url},
    policy::{self, Resources},
    source::Source,
    spec, xml,
};

/// A policy with these statements in its sections, and its gateway.
fn gateway(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> Gateway {
    let forward = if backend.is_empty() { "<forward-request />" } else { backend };
    served(&format!(
        "<policies><inbound><set-backend-service base-url=\"https://a.test/base\" />{inbound}</inbound><backend>{forward}</backend>\
         <outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    ))
}

fn served(text: &str) -> Gateway {
    let named_values = ["aoai-key-swc", "aoai-key-frc"].map(|name| (name.to_owned(), format!("key of {name}"))).into();
    let document = xml::parse(&Source::new("policy", text)).unwrap();
    let program = policy::compile(&document, &Resources { named_values, ..Resources::default() })
        .unwrap_or_else(|faults| panic!("{text}: {:?}", faults.first().map(|fault| fault.message.clone())));
    let subscription = Subscription { id: "s".into(), name: "s".into(), primary_key: "key".into(), ..Subscription::default() };
    Gateway::new("contoso".into(), "Sweden Central".into(), Api::default(), vec![subscription], Arc::new(program))
}

fn generated() -> Gateway {
    let spec = include_str!("../../../fixtures/specs/two-region.yaml");
    let (spec, _) = spec::read(&Source::new("spec", spec)).unwrap();
    served(&generate::generate(&spec, &generate::Options::default()).unwrap()[0].contents)
}

/// One of some requests; `number` tells two of a kind apart where the kind says so.
fn request(kind: u64, number: u64) -> Arrival {
    let (method, body) = match kind {
        3 => ("GET", None),
        2 => ("POST", Some(r#"{"messages":[],"stream":true}"#)),
        _ => ("POST", Some(r#"{"messages":[]}"#)),
    };
    let query = if kind == 6 { "?api-version=2025-01-01" } else { "?api-version=2024-10-21" };
    let url = Url::parse(&format!("https://gateway.test/openai/deployments/gpt-4o/chat/completions{query}")).unwrap();
    let mut headers: Headers = [("api-key", "key"), ("Content-Type", "application/json"), ("X-List", "a")].into_iter().collect();
    match kind {
        1 => headers.append("X-Number", number.to_string()),
        4 => headers.append("X-Who", "alice"),
        5 => headers.append("X-Who", "bob"),
        7 => headers.append("X-Forwarded-For", format!("10.0.0.{}", number % 3)),
        _ => {}
    }
    let body = body.map_or(ArrivingBody::None, |body| ArrivingBody::Bytes(Bytes::copy_from_slice(body.as_bytes())));
    let client = IpAddr::from([127, 0, 0, if kind == 0 { 2 } else { 1 }]);
    Arrival { head: RequestHead { method: method.into(), url, headers }, body, client, trace: false, certificate: None }
}

fn response(kind: u64, number: u64) -> Result<ResponseHead, Failure> {
    let (status, fields): (u16, &[(&'static str, &'static str)]) = match kind {
        0 => (429, &[("Retry-After", "2")]),
        1 => (500, &[]),
        2 => (200, &[("X-List", "1"), ("X-List", "2"), ("X-Served-By", "somebody")]),
        3 => return Err(Failure { kind: FailureKind::Reset, message: "reset".into() }),
        4 => (404, &[]),
        _ => (200, &[]),
    };
    let mut headers: Headers = fields.iter().copied().collect();
    headers.append("x-request-id", number.to_string());
    Ok(ResponseHead { status, reason: if kind == 4 { "Nowhere".into() } else { "".into() }, headers })
}

/// A request that waits for a response, and what the driver has heard of it.
struct Waiting {
    number: u64,
    machine: Machine,
    operation: crate::gateway::effect::OperationId,
    collects: bool,
    told: String,
}

/// Two hundred requests with their responses, a few at a time, drawn from a few of each: everything that the driver hears of, and how often a
/// passage was taken.
fn story(gateway: Arc<Gateway>, seed: u64) -> (String, usize) {
    let mut environment = Fixed { now: Moment(1_767_225_600_000_000_000), state: seed };
    let (mut chance, mut told, mut passages) = (seed, String::new(), 0);
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut draw = |most: u64| split_mix(&mut chance) % most;
    for number in 0..200 {
        environment.now = environment.now.after(Duration::from_millis(draw(700)));
        let machine = Machine::start(gateway.clone(), request(draw(8), number), &mut environment);
        passages += usize::from(!matches!(machine.way, Way::Pipeline(_)));
        let begun = format!("{number}: {:?}\n", machine.request_id());
        waiting.extend(go_on(number, machine, begun, &mut told, &mut environment));
        while waiting.len() as u64 > draw(4) {
            let Waiting { number, mut machine, operation, collects, told: so_far } =
                waiting.swap_remove(draw(waiting.len() as u64) as usize);
            environment.now = environment.now.after(Duration::from_millis(100 + draw(900)));
            // Phases: for a while all goes well.
            let outcome = response(if number / 50 % 2 == 0 { 5 } else { draw(6) }, number);
            let body = collects.then(|| Bytes::from_static(b"{}"));
            machine.handle(Event::Response { operation, outcome: outcome.map(|head| Received { head, body }) }, &mut environment);
            waiting.extend(go_on(number, machine, so_far, &mut told, &mut environment));
        }
    }
    (told, passages)
}

/// Does what a machine asks for until it waits for a response, or has answered.
fn go_on(number: u64, mut machine: Machine, mut own: String, told: &mut String, environment: &mut Fixed) -> Option<Waiting> {
    loop {
        let Some(effect) = machine.next_effect() else { panic!("{number}: the machine waits for nothing") };
        writeln!(own, "  {effect:?}").unwrap();
        let event = match effect {
            Effect::Send(send) => {
                let (operation, collects) = (send.operation, send.reception == Reception::Collect);
                return Some(Waiting { number, machine, operation, collects, told: own });
            }
            Effect::ReadResponseBody { operation, .. } => Event::ResponseBody { operation, outcome: Ok(Bytes::from_static(b"{\"a\":1}")) },
            Effect::Sleep { operation, .. } => Event::Woke { operation },
            Effect::Answer(_) => {
                writeln!(told, "{own}  {:?} {environment:?}", machine.trace()).unwrap();
                machine.finish();
                return None;
            }
            other => panic!("{number}: {other:?}"),
        };
        machine.handle(event, environment);
    }
}

#[test]
fn nobody_can_tell_whether_a_gateway_remembers() {
    let taken = true;
    let never = false;
    let status =
        r#"<set-header name="X-Status" exists-action="override"><value>@(context.Response.StatusCode.ToString())</value></set-header>"#;
    let answer_with = |value: &str| format!(r#"<set-header name="X-Told" exists-action="override"><value>{value}</value></set-header>"#);
    let variable = |name: &str, value: &str| format!(r#"<set-variable name="{name}" value="{value}" />"#);
    let list = r#"<set-header name="X-List" exists-action="append"><value>b</value></set-header>
                  <set-header name="x-request-id" exists-action="delete" /><set-header name="X-New" exists-action="skip"><value>c</value></set-header>"#;
    let by_status = r#"<choose><when condition="@(context.Response.StatusCode == 429)"><set-header name="X-Full" exists-action="override">
                       <value>yes</value></set-header></when><otherwise><set-header name="X-Full" exists-action="delete" /></otherwise></choose>"#;
    let by_header = r#"<choose><when condition="@(context.Request.Headers.GetValueOrDefault(&quot;X-Who&quot;, &quot;&quot;) == &quot;bob&quot;)">
                       <set-backend-service base-url="https://b.test" /></when></choose>"#;
    let cases = [
        ("nothing but the way", taken, gateway("", "", "", "")),
        ("fields of both messages", taken, gateway(list, "", &format!("{list}{status}"), "")),
        ("a branch by the status", taken, gateway("", "", by_status, "")),
        ("a branch by a field", taken, gateway(by_header, "", "", "")),
        (
            "line and query",
            taken,
            gateway(
                r#"<rewrite-uri template="/x?y=1" copy-unmatched-params="true" /><set-query-parameter name="z" exists-action="append">
                   <value>@(context.Request.IpAddress)</value></set-query-parameter><set-method>PUT</set-method>"#,
                "",
                "",
                "",
            ),
        ),
        (
            "the body",
            taken,
            gateway(
                &(variable("b", "@(context.Request.Body == null ? &quot;&quot; : context.Request.Body.As&lt;string&gt;(true))")
                    + &answer_with("@((string)context.Variables[&quot;b&quot;])")),
                "",
                "",
                "",
            ),
        ),
        ("the host, as a policy sets it", taken, gateway(r#"<set-header name="Host"><value>own.test</value></set-header>"#, "", "", "")),
        (
            "an error for a status",
            taken,
            gateway("", r#"<forward-request fail-on-error-status-code="true" />"#, status, &answer_with("failed")),
        ),
        ("the id in a request", never, gateway(&answer_with("@(context.RequestId.ToString())"), "", "", "")),
        ("the id in an answer", taken, gateway("", "", &answer_with("@(context.RequestId.ToString())"), "")),
        ("the time of arrival in an answer", taken, gateway("", "", &answer_with("@(context.Timestamp.ToString())"), "")),
        ("the clock", never, gateway(&answer_with("@(DateTime.UtcNow.ToString(&quot;o&quot;))"), "", "", "")),
        ("the clock in an answer", taken, gateway("", "", &answer_with("@(DateTime.UtcNow.ToString(&quot;o&quot;))"), "")),
        (
            "chance",
            never,
            gateway(&variable("r", "@(new Random().Next())"), "", &answer_with("@((int)context.Variables[&quot;r&quot;])"), ""),
        ),
        ("all fields", never, gateway(&variable("k", "@(string.Join(&quot;,&quot;, context.Request.Headers.Keys))"), "", "", "")),
        (
            "a field of the request in an answer",
            taken,
            gateway("", "", &answer_with("@(context.Request.Headers.GetValueOrDefault(&quot;X-Number&quot;, &quot;none&quot;))"), ""),
        ),
        (
            "fields of the response",
            taken,
            gateway("", "", &answer_with("@(context.Response.Headers.GetValueOrDefault(&quot;Retry-After&quot;, &quot;&quot;))"), ""),
        ),
        ("the reason of the response", taken, gateway("", "", &answer_with("@(context.Response.StatusReason)"), "")),
        ("the body of the response", taken, gateway("", "", &answer_with("@(context.Response.Body.As&lt;string&gt;(true))"), "")),
        (
            "another answer",
            taken,
            gateway(
                "",
                "",
                r#"<choose><when condition="@(context.Response.StatusCode != 200)"><return-response><set-status code="418" />
                   </return-response></when></choose>"#,
                "",
            ),
        ),
        ("what went wrong", taken, gateway("", "", status, &answer_with("@(context.LastError.Reason)"))),
        (
            "what is counted",
            never,
            gateway(r#"<rate-limit-by-key calls="20" renewal-period="30" counter-key="@(context.Request.IpAddress)" />"#, "", "", ""),
        ),
        (
            "what is cached",
            taken,
            gateway(
                r#"<cache-lookup-value key="k" variable-name="v" />"#,
                "",
                &(answer_with("@(context.Variables.GetValueOrDefault&lt;string&gt;(&quot;v&quot;, &quot;&quot;))")
                    + r#"<choose><when condition="@(context.Response.StatusCode == 429)">
                         <cache-store-value key="k" value="@(context.RequestId.ToString())" duration="3" /></when></choose>"#),
                "",
            ),
        ),
        (
            "what is looked up late",
            taken,
            gateway(
                "",
                "",
                &(r#"<cache-lookup-value key="k" variable-name="v" default-value="none" />"#.to_owned()
                    + &answer_with("@((string)context.Variables[&quot;v&quot;])")
                    + r#"<cache-store-value key="k" value="some" duration="2" />"#),
                "",
            ),
        ),
        (
            "another try",
            never,
            gateway(
                "",
                r#"<retry condition="@(context.Response.StatusCode == 500)" count="2" interval="0"><forward-request /></retry>"#,
                status,
                "",
            ),
        ),
        (
            "which object a text is",
            taken,
            gateway(
                &variable("x", "@(context.Request.Headers.GetValueOrDefault(&quot;X-Forwarded-For&quot;, &quot;&quot;))"),
                "",
                &answer_with(
                    "@((object)context.Variables[&quot;x&quot;] == (object)context.Request.Headers.GetValueOrDefault(&quot;X-Forwarded-For&quot;, &quot;&quot;) ? &quot;same&quot; : &quot;other&quot;)",
                ),
                "",
            ),
        ),
        (
            "which object a text is that was added to",
            taken,
            gateway(
                &(r#"<set-header name="X-Forwarded-For" exists-action="append"><value>1</value></set-header>"#.to_owned()
                    + &variable("x", "@(context.Request.Headers.GetValueOrDefault(&quot;X-Forwarded-For&quot;, &quot;&quot;))")),
                "",
                &answer_with(
                    "@((object)context.Variables[&quot;x&quot;] == (object)context.Request.Headers.GetValueOrDefault(&quot;X-Forwarded-For&quot;, &quot;&quot;) ? &quot;same&quot; : &quot;other&quot;)",
                ),
                "",
            ),
        ),
        ("more than should be kept", never, gateway(&variable("x", "@(new string('x', 70000))"), "", status, "")),
        (
            "a walk under way",
            never,
            gateway(
                &(variable("d", "@(new Dictionary&lt;string, string&gt; { { &quot;a&quot;, &quot;1&quot; } })")
                    + &variable("e", "@(((Dictionary&lt;string, string&gt;)context.Variables[&quot;d&quot;]).GetEnumerator())")
                    + &variable(
                        "n",
                        "@{ ((Dictionary&lt;string, string&gt;)context.Variables[&quot;d&quot;]).Add(&quot;b&quot;, &quot;2&quot;); return 1; }",
                    )),
                "",
                &answer_with(
                    "@(((IEnumerator&lt;KeyValuePair&lt;string, string&gt;&gt;)context.Variables[&quot;e&quot;]).MoveNext().ToString())",
                ),
                &answer_with("@(context.LastError.Message)"),
            ),
        ),
        (
            "a certificate that only some hosts ask for",
            never,
            gateway(r#"<set-header name="x-simulated-client-certificate"><value>AAAA</value></set-header>"#, "", "", "").with_entities(
                Entities { guarded: vec![Guarded { host: "other.test".into(), certificates: Vec::new() }], ..Entities::default() },
            ),
        ),
        ("messages", never, gateway(r#"<trace source="me"><message>here</message></trace>"#, "", "", "")),
        ("messages of expressions", never, gateway(&variable("t", "@{ context.Trace(&quot;here&quot;); return 1; }"), "", "", "")),
        ("the generated policy", taken, generated()),
    ];
    for (what, is_taken, plain) in cases {
        for seed in [1, 2, 3] {
            let (expected, none) = story(Arc::new(fresh(&plain)), seed);
            let (told, passages) = story(fresh(&plain).remembering(), seed);
            assert_eq!(none, 0);
            assert_eq!(passages > 0, is_taken, "{what}: {passages} passages");
            for (own, wanted) in told.split("\n").zip(expected.split("\n")) {
                assert_eq!(own, wanted, "{what}, seed {seed}");
            }
            assert_eq!(told.len(), expected.len(), "{what}");
        }
    }
}

/// The same gateway, with nothing cached or counted.
fn fresh(gateway: &Gateway) -> Gateway {
    let mut fresh = gateway.clone();
    fresh.instance = Arc::default();
    fresh
}

/// Marks may be shared; then this alone tells requests apart.
#[test]
fn a_passage_is_for_requests_like_the_one_that_went_it() {
    let by_who = r#"<set-variable name="who" value="@(context.Request.Headers.GetValueOrDefault(&quot;X-Who&quot;, &quot;&quot;))" />"#;
    let gateway = fresh(&gateway(by_who, "", "", "")).remembering();
    let mut environment = Fixed { now: Moment(0), state: 1 };
    let started = (0..3).map(|_| Machine::start(gateway.clone(), request(4, 0), &mut environment)).last().unwrap();
    let Way::Passage(Passing { passage, .. }) = started.way else { panic!("no passage") };
    let is_for = |arrival: Arrival| {
        let fields: Vec<_> = arrival.head.headers.among(gateway.passages.looked_at().unwrap()).collect();
        passage.is_for(&arrival, &fields, &gateway, Moment(0))
    };
    let changed = |change: fn(&mut Arrival)| {
        let mut arrival = request(4, 0);
        change(&mut arrival);
        arrival
    };
    assert!(is_for(request(4, 0)));
    assert!(is_for(changed(|arrival| arrival.head.headers.append("X-Other", "1"))));
    for (what, arrival) in [
        ("field", changed(|arrival| arrival.head.headers.set("X-Who", "carol"))),
        ("one field more", changed(|arrival| arrival.head.headers.append("X-Who", "carol"))),
        ("one less", changed(|arrival| arrival.head.headers = request(3, 0).head.headers)),
        ("the key", changed(|arrival| arrival.head.headers.set("api-key", "other"))),
        ("method", changed(|arrival| arrival.head.method = "PUT".into())),
        ("path", changed(|arrival| arrival.head.url.path = "/openai".into())),
        ("query", changed(|arrival| arrival.head.url.query = "".into())),
        ("host", changed(|arrival| arrival.head.url.host = "other.test".into())),
        ("body", changed(|arrival| arrival.body = ArrivingBody::Bytes(Bytes::from_static(br#"{"messages":[ ]}"#)))),
        ("no body", changed(|arrival| arrival.body = ArrivingBody::None)),
        ("client", changed(|arrival| arrival.client = IpAddr::from([127, 0, 0, 9]))),
    ] {
        assert!(!is_for(arrival), "{what}");
    }
}
