//! What a request costs in the gateway's machine, network excluded: the generated two-region policy on its 200-path and its failover
//! path, and a policy of thirty statements and ten expressions as people write them by hand. Every backend answers at once.
//!
//! `cargo bench --bench machine` prints the median of rounds; compare figures of one run with one another, never across machines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use openai_failover::{
    environment::{Fixed, Moment},
    gateway::{
        Api, Gateway, Machine, Subscription,
        effect::{Arrival, ArrivingBody, Effect, Event, Received, Reception},
    },
    generate,
    http::{Headers, RequestHead, ResponseHead, Url},
    policy::{self, Resources},
    source::Source,
    spec, xml,
};

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Thirty statements, ten of their settings expressions, as in a gateway that routes by team, region and kind of request.
const THIRTY: &str = r#"<policies>
    <inbound>
        <set-variable name="team" value="@(context.Request.Headers.GetValueOrDefault("X-Team", "default"))" />
        <set-variable name="region" value="@(context.Deployment.Region)" />
        <set-variable name="attempts" value="@(0)" />
        <set-variable name="owner" value="platform" />
        <set-variable name="tier" value="standard" />
        <set-variable name="served-by" value="none" />
        <choose>
            <when condition="@((string)context.Variables["team"] == "batch")">
                <set-backend-service base-url="https://contoso-batch.openai.azure.com/openai" />
            </when>
            <when condition="@(context.Request.Url.Path.Contains("/chat/"))">
                <set-backend-service base-url="https://contoso-swc.openai.azure.com/openai" />
                <set-variable name="kind" value="chat" />
            </when>
            <otherwise>
                <set-backend-service base-url="https://contoso-frc.openai.azure.com/openai" />
            </otherwise>
        </choose>
        <choose>
            <when condition="@(context.Variables.ContainsKey("kind"))">
                <set-variable name="routed" value="@(true)" />
            </when>
        </choose>
        <set-header name="api-key" exists-action="delete" />
        <set-header name="Authorization" exists-action="delete" />
        <set-header name="X-Owner" exists-action="override"><value>platform</value></set-header>
        <set-header name="X-Tier" exists-action="override"><value>standard</value></set-header>
        <set-header name="X-Request-Id" exists-action="skip"><value>@(context.RequestId.ToString())</value></set-header>
        <set-header name="X-Team" exists-action="override"><value>@((string)context.Variables["team"])</value></set-header>
        <set-header name="api-key" exists-action="override"><value>0123456789abcdef</value></set-header>
        <set-query-parameter name="subscription-key" exists-action="delete" />
    </inbound>
    <backend>
        <retry condition="@(context.Response.StatusCode == 429 || context.Response.StatusCode >= 500)" count="2" interval="1" first-fast-retry="true">
            <forward-request buffer-request-body="true" timeout="60" />
        </retry>
    </backend>
    <outbound>
        <set-variable name="served-by" value="swc" />
        <set-variable name="state" value="done" />
        <set-header name="X-Served-By" exists-action="override"><value>swc</value></set-header>
        <set-header name="X-Owner" exists-action="delete" />
        <set-header name="X-Powered-By" exists-action="delete" />
        <set-header name="Server" exists-action="delete" />
        <set-header name="X-Gateway" exists-action="override"><value>apim</value></set-header>
    </outbound>
    <on-error>
        <set-header name="X-Served-By" exists-action="override"><value>none</value></set-header>
    </on-error>
</policies>"#;

fn main() {
    // `cargo test --benches` runs this with `--test`: once through is enough to see that it works.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 15 };
    // A word of a name measures that alone.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let gateway = gateway();
    let mut environment = Fixed { now: Moment(1_763_690_000_000_000_000), state: 1 };
    let thirty = served(THIRTY, Resources::default());
    measure(&only, "thirty statements", rounds, 20_000, || assert_eq!(request(&thirty, &mut environment, false), 200));
    measure(&only, "machine, 200-path", rounds, 2_000, || assert_eq!(request(&gateway, &mut environment, false), 200));
    measure(&only, "machine, failover path", rounds, 2_000, || assert_eq!(request(&gateway, &mut environment, true), 200));
}

fn measure(only: &str, name: &str, rounds: usize, times: u32, mut work: impl FnMut()) {
    if !name.contains(only) {
        return;
    }
    let mut nanoseconds: Vec<u128> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| work());
            start.elapsed().as_nanos() / u128::from(times)
        })
        .collect();
    nanoseconds.sort_unstable();
    println!("{name:<24} {:>8} ns (min {}, max {})", nanoseconds[rounds / 2], nanoseconds[0], nanoseconds[rounds - 1]);
}

fn gateway() -> Arc<Gateway> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    let (spec, _) = spec::read(&Source::new("spec", text)).unwrap();
    let artefacts = generate::generate(&spec, &generate::Options::default()).unwrap();
    let named_values = spec.named_values.keys().map(|name| (name.clone(), "key".to_owned())).collect();
    served(&artefacts[0].contents, Resources { named_values, ..Resources::default() })
}

fn served(text: &str, resources: Resources) -> Arc<Gateway> {
    let document = xml::parse(&Source::new("policy", text)).unwrap();
    let program = policy::compile(&document, &resources).unwrap();
    let subscription = Subscription {
        id: "s".into(),
        name: "s".into(),
        primary_key: "key".into(),
        secondary_key: "key2".into(),
        ..Subscription::default()
    };
    Arc::new(Gateway::new("contoso".into(), "Sweden Central".into(), Api::default(), vec![subscription], Arc::new(program)))
}

fn request(gateway: &Arc<Gateway>, environment: &mut Fixed, throttled: bool) -> u16 {
    let url = Url {
        scheme: "https".into(),
        host: "gateway.example".into(),
        port: None,
        path: "/openai/deployments/gpt-4o/chat/completions".into(),
        query: "?api-version=2024-10-21".into(),
    };
    let headers: Headers = [("api-key", "key"), ("Content-Type", "application/json"), ("Accept", "application/json")].into_iter().collect();
    let body = Bytes::from_static(br#"{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":200}"#);
    let arrival = Arrival {
        head: RequestHead { method: "POST".into(), url, headers },
        body: ArrivingBody::Bytes(body),
        client: IpAddr::from([127, 0, 0, 1]),
        trace: false,
        certificate: None,
    };
    let mut machine = Machine::start(gateway.clone(), arrival, environment);
    let mut first = true;
    loop {
        match machine.next_effect().unwrap() {
            Effect::Send(send) => {
                let status = if throttled && std::mem::take(&mut first) { 429 } else { 200 };
                let head = ResponseHead { status, reason: "".into(), headers: Headers::new() };
                let body = (send.reception == Reception::Collect).then(|| Bytes::from_static(b"{}"));
                machine.handle(Event::Response { operation: send.operation, outcome: Ok(Received { head, body }) }, environment);
            }
            Effect::Answer(answer) => {
                machine.finish();
                return answer.head.status;
            }
            other => panic!("{other:?}"),
        }
    }
}
