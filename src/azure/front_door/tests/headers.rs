//! What the edge adds and takes away, and its limits.

use super::*;

fn forwarded(door: &mut FrontDoor, request: &RequestHead, client: &Client) -> (RequestHead, Passage) {
    let mut passage = admit_body(door, request, b"", client, Moment(0)).passage;
    let mut head = request.clone();
    door.forward(&passage, client, &mut head);
    let origin = door.select(&mut passage).unwrap();
    door.address(origin, &mut head);
    (head, passage)
}

/// Source: learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol.
#[test]
fn an_origin_sees_who_asked_and_through_which_door() {
    let mut door = front_door("id: 4E6F9B1A-0000-4000-8000-000000000001");
    let url = "https://contoso.z01.azurefd.net/openai/x?y";
    let request = request(
        "POST",
        url,
        &[
            ("Host", "contoso.z01.azurefd.net"),
            ("Accept", "*/*"),
            ("X-FD-HealthProbe", "1"),
            ("x-fd-anything", "1"),
            ("X-Azure-FDID", "forged"),
            ("x-azure-socketip", "10.0.0.1"),
            ("X-Azure-Ref", "forged"),
            ("X-Forwarded-For", "198.51.100.1, 198.51.100.2"),
            ("X-Forwarded-Host", "forged.example"),
            ("X-Forwarded-Proto", "http"),
            ("X-Simulated-Country", "FR"),
            ("X-Simulated-Client-Certificate", "MII="),
            ("X-Azure-Custom", "stays"),
        ],
    );
    let (head, passage) = forwarded(&mut door, &request, &client());
    assert_eq!(head.url.to_string(), "https://contoso-swedencentral-01.regional.azure-api.net/openai/x?y");
    for (name, expected) in [
        ("Host", "contoso-swedencentral-01.regional.azure-api.net"),
        ("Accept", "*/*"),
        ("Via", "1.1 Azure"),
        ("X-FD-HealthProbe", "-"),
        ("X-FD-Anything", "-"),
        ("X-Azure-FDID", "4e6f9b1a-0000-4000-8000-000000000001"),
        ("X-Azure-ClientIP", "198.51.100.1"),
        ("X-Azure-SocketIP", "203.0.113.7"),
        ("X-Azure-Ref", passage.reference().as_str()),
        ("X-Azure-RequestChain", "hops=1"),
        ("X-Forwarded-For", "198.51.100.1, 198.51.100.2, 203.0.113.7"),
        ("X-Forwarded-Host", "contoso.z01.azurefd.net"),
        ("X-Forwarded-Proto", "https"),
        ("X-Simulated-Country", "-"),
        ("X-Simulated-Client-Certificate", "-"),
        ("X-Azure-Custom", "stays"),
    ] {
        assert_eq!(field(&head.headers, name), expected, "{name}");
        assert!(head.headers.values(name).count() <= 1, "{name} is there once");
    }
    let (head, _) = forwarded(&mut door, &hello(), &client().over_http2());
    assert_eq!(
        ["Via", "X-Forwarded-For", "X-Azure-ClientIP"].map(|name| field(&head.headers, name)),
        ["2.0 Azure", "203.0.113.7", "203.0.113.7"]
    );
}

#[test]
fn a_retry_changes_the_address_alone() {
    let mut door = front_door("latencySensitivity: 1000ms");
    let (mut head, mut passage) = forwarded(&mut door, &hello(), &client());
    let before = head.clone();
    let Recovery::Retry(origin) = door.failed(&mut passage, FailureKind::Reset) else { panic!("another origin") };
    door.address(origin, &mut head);
    assert_eq!(head.url.host, "contoso-francecentral-01.regional.azure-api.net");
    assert_eq!((head.headers.len(), field(&head.headers, "Host")), (before.headers.len(), head.url.host.to_string()));
    assert_eq!((&head.url.path, &head.url.query), (&before.url.path, &before.url.query));
}

/// Source: learn.microsoft.com/azure/frontdoor/health-probes.
#[test]
fn a_probe_says_that_it_is_one() {
    let door = front_door("probe: { path: /health, method: HEAD, protocol: http }");
    let probe = door.probe_request(OriginId(1));
    assert_eq!(
        (probe.method.as_str(), probe.url.to_string().as_str()),
        ("HEAD", "http://contoso-francecentral-01.regional.azure-api.net/health")
    );
    assert_eq!(
        ["User-Agent", "X-FD-HealthProbe", "Host"].map(|name| field(&probe.headers, name)),
        ["Edge Health Probe", "1", "contoso-francecentral-01.regional.azure-api.net"]
    );
    assert_eq!(field(&front_door("{}").probe_request(OriginId(0)).headers, "X-Azure-FDID"), made_up_id("contoso"));
}

#[test]
fn an_answer_carries_the_reference_and_what_debugging_asks_for() {
    let mut door = front_door("{}");
    let mut asking = hello();
    asking.headers.append("X-Azure-DebugInfo", "1");
    for (request, expected) in [(hello(), "-"), (asking.clone(), "429")] {
        let mut passage = admit(&mut door, &request).passage;
        door.select(&mut passage);
        let mut head = ResponseHead { status: 429, ..ResponseHead::default() };
        door.decorate(&passage, &mut head);
        assert_eq!(field(&head.headers, "X-Azure-Ref"), passage.reference().as_str());
        assert_eq!(
            (field(&head.headers, "X-Cache").as_str(), field(&head.headers, "X-Azure-OriginStatusCode").as_str()),
            ("CONFIG_NOCACHE", expected)
        );
        assert_eq!(head.status, 429, "a status of the origin goes through");
    }
    let mut passage = admit(&mut door, &asking).passage;
    door.select(&mut passage);
    let Recovery::Answer(answer) = door.failed(&mut passage, FailureKind::Timeout) else { panic!("an answer") };
    assert_eq!(field(&answer.head.headers, "X-Azure-ExternalError"), "OriginTimeout");
}

#[test]
fn references_say_when_and_are_never_the_same() {
    let mut door = front_door("{}");
    let mut environment = chance();
    let client = client();
    let request = hello();
    let mut next = |seconds: i64| {
        let arriving = Arriving { request: &request, body: b"", framed: true, client: &client };
        door.admit(arriving, Moment(seconds * 1_000_000_000), &mut environment).passage.reference().to_string()
    };
    let (first, second, later) = (next(1_763_721_900), next(1_763_721_900), next(1_763_721_961));
    assert!(first.starts_with("20251121T104500Z-") && second.starts_with("20251121T104500Z-") && first != second, "{first} {second}");
    assert!(later.starts_with("20251121T104601Z-"), "{later}");
    assert!(first.len() > 30 && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{first}");
}

/// Source: learn.microsoft.com/azure/frontdoor/troubleshoot-issues (411) and
/// learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits (8,192 and 4,096 bytes).
#[test]
fn what_the_edge_cannot_take_is_refused() {
    let host = "https://contoso.z01.azurefd.net";
    let long = |path: usize, query: usize| {
        format!("{host}/{}{}{}", "p".repeat(path - 1), if query > 0 { "?" } else { "" }, "q".repeat(query.max(1) - 1))
    };
    for (method, url, framed, expected) in [
        ("POST", format!("{host}/x"), true, None),
        ("POST", format!("{host}/x"), false, Some(411)),
        ("GET", format!("{host}/x"), false, None),
        ("GET", long(8_192, 0), true, None),
        ("GET", long(8_193, 0), true, Some(414)),
        ("GET", long(10, 4_096), true, None),
        ("GET", long(10, 4_097), true, Some(414)),
    ] {
        let mut door = front_door("{}");
        let request = request(method, &url, &[]);
        let arriving = Arriving { request: &request, body: b"", framed, client: &client() };
        let answer = door.admit(arriving, Moment(0), &mut chance()).answer;
        assert_eq!(answer.map(|answer| answer.head.status), expected, "{method} {} {framed}", url.len());
    }
}
