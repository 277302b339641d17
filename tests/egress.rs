//! The way from the gateway to its backends: proxies, and the certificates that it presents. Which of them there are is told beside the service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use openai_failover::{
    gateway::{
        Entities,
        backends::{Backend, Credentials, Target},
        effect::CLIENT_CERTIFICATE,
        egress::{Guarded, Proxy},
    },
    http::Url,
};
use sha1::Digest as _;
use support::{Answered, World, fate, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

fn certificate(subject: &str) -> Vec<u8> {
    let mut parameters = rcgen::CertificateParams::new(vec![format!("{subject}.example")]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2099, 1, 1);
    parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn thumbprint(der: &[u8]) -> String {
    sha1::Sha1::digest(der).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// One proxy that asks who comes and one that does not; `b.example` asks for a certificate of the two that the service holds, the other one goes unasked.
fn entities(one: &[u8], two: &[u8]) -> Entities {
    let proxy = |host: &str, credentials: Option<(&'static str, &'static str)>| Proxy {
        url: Url::parse(&format!("http://{host}:8080")).unwrap(),
        credentials: credentials.map(|(user, password)| (user.into(), password.into())),
    };
    let bytes = |der: &[u8]| Bytes::copy_from_slice(der);
    Entities {
        certificates: [("one".into(), bytes(one)), ("two".into(), bytes(two))].into_iter().collect(),
        proxies: vec![proxy("proxy.example", Some(("me", "hush-hush"))), proxy("open.example", None)],
        guarded: vec![Guarded { host: "B.example".into(), certificates: vec![bytes(one)] }],
        ..Entities::default()
    }
}

/// Inbound before a `forward-request` to a host; an error shows itself in headers.
fn forwarded(inbound: &str, url: &str, entities: Entities) -> Answered {
    let last = |name: &str| format!("<set-header name=\"X-{name}\"><value>@(context.LastError.{name})</value></set-header>");
    let shown: String = ["Source", "Reason", "Message"].map(last).concat();
    let policy = format!(
        "<policies><inbound><set-backend-service base-url=\"{url}\" />{inbound}</inbound><backend><forward-request /></backend><outbound />\
         <on-error>{shown}</on-error></policies>"
    );
    let mut world = World::policy(&policy).entities(entities);
    world.traced = true;
    for host in ["b.example", "c.example"] {
        world = world.on(host, |_| respond(200, &[], "{}"));
    }
    world.send(CHAT, &[], Some(b"{}"))
}

/// What a proxy refuses, and that a password is in no trace. The words are .NET's for the same: dotnet/runtime, System.Net.Http, Strings.resx.
/// Cases of `proxy`: learn.microsoft.com/azure/api-management/proxy-policy
#[test]
fn requests_go_by_the_proxy_that_is_named() {
    let (one, two) = (certificate("one"), certificate("two"));
    let refused = "500 BackendConnectionFailure";
    for (attributes, url, expected, calls) in [
        (r#"url="http://proxy.example:8080" username="me" password="hush-hush""#, "https://c.example", "200", 1),
        (r#"url="http://PROXY.example:8080/" username="@("m" + "e")" password="@("hush-" + "hush")""#, "https://c.example", "200", 1),
        (r#"url="http://open.example:8080""#, "https://c.example", "200", 1),
        (r#"url="http://open.example:8080" username="who" password="ever""#, "https://c.example", "200", 1),
        (r#"url="http://proxy.example:8080" username="me" password="wrong""#, "https://c.example", refused, 0),
        (r#"url="http://proxy.example:8080""#, "https://c.example", refused, 0),
        // Without TLS the proxy itself answers.
        (r#"url="http://proxy.example:8080""#, "http://c.example", "407", 0),
        (r#"url="http://proxy.example:8081""#, "https://c.example", refused, 0),
        (r#"url="http://nobody.example:8080""#, "https://c.example", refused, 0),
        (r#"url="https://proxy.example:8080""#, "https://c.example", "500 ExpressionValueValidationFailure", 0),
        (r#"url="proxy""#, "https://c.example", "500 ExpressionValueValidationFailure", 0),
        // Neither credentials nor a secret in place of an address are shown.
        (r#"url="http://me:hush-hush@proxy.example:8080""#, "https://c.example", "500 ExpressionValueValidationFailure", 0),
        (r#"url="@("hush-" + "hush")""#, "https://c.example", "500 ExpressionValueValidationFailure", 0),
    ] {
        let answer = forwarded(&format!("<proxy {attributes} />"), url, entities(&one, &two));
        let told = fate(&answer);
        assert!(told.starts_with(expected), "{attributes} {url}: {told} {}", answer.header("X-Message"));
        assert_eq!(answer.sent.len(), calls, "{attributes} {url}");
        let shown = format!("{:?} {:?}", answer.trace, answer.head);
        assert!(!shown.contains("hush-hush"), "{attributes}: neither trace nor error shows a password: {shown}");
        assert!(shown.contains("set-backend-service"), "there is a trace");
    }
    let answer = forwarded(r#"<proxy url="http://proxy.example:8080" />"#, "https://c.example", entities(&one, &two));
    assert_eq!(answer.header("X-Message"), "The proxy tunnel request to proxy 'http://proxy.example:8080/' failed with status code '407'.");
    let untold = forwarded(r#"<proxy url="http://nobody.example:8080" />"#, "https://c.example", Entities::default());
    assert_eq!((fate(&untold), untold.sent.len()), ("200".to_owned(), 1), "where no proxy is told of, every one lets everything through");
}

/// The certificate that a host is shown, and what comes of it. `body`: a certificate of the policy's own.
/// Cases of `authentication-certificate`: learn.microsoft.com/azure/api-management/authentication-certificate-policy
#[test]
fn a_certificate_is_presented_to_hosts_that_speak_tls() {
    let (one, two) = (certificate("one"), certificate("two"));
    let by_thumbprint = format!(r#"thumbprint="{}""#, thumbprint(&one).to_lowercase());
    let body = |der: &[u8]| format!(r#"body="@(Convert.FromBase64String(&quot;{}&quot;))""#, STANDARD.encode(der));
    let failed = "500 BackendConnectionFailure";
    for (attributes, url, expected, shown) in [
        (r#"certificate-id="one""#.to_owned(), "https://b.example", "200", Some(&one)),
        (r#"certificate-id="@("o" + "ne")""#.to_owned(), "https://b.example", "200", Some(&one)),
        (by_thumbprint, "https://b.example", "200", Some(&one)),
        (body(&one), "https://b.example", "200", Some(&one)),
        (r#"certificate-id="two""#.to_owned(), "https://b.example", failed, None),
        (body(&two), "https://b.example", failed, None),
        (r#"certificate-id="three""#.to_owned(), "https://b.example", failed, None),
        (r#"certificate-id="two""#.to_owned(), "https://c.example", "200", Some(&two)),
        (r#"certificate-id="three""#.to_owned(), "https://c.example", "200", None),
        (r#"certificate-id="one""#.to_owned(), "http://b.example", "200", None),
        (r#"body="@("text")""#.to_owned(), "https://c.example", "500 ExpressionValueValidationFailure", None),
        (body(b"nothing"), "https://c.example", "500 ExpressionValueEvaluationFailure", None),
    ] {
        let answer = forwarded(&format!("<authentication-certificate {attributes} />"), url, entities(&one, &two));
        let told = fate(&answer);
        assert!(told.starts_with(expected), "{attributes} {url}: {told} {}", answer.header("X-Message"));
        let seen = answer
            .sent
            .first()
            .and_then(|sent| sent.head.headers.get(CLIENT_CERTIFICATE))
            .map(|text| STANDARD.decode(text.as_bytes()).unwrap());
        assert_eq!(seen.as_ref(), shown, "{attributes} {url}");
    }
    let answer = forwarded("", "https://b.example", entities(&one, &two));
    assert!(fate(&answer).starts_with(failed), "a host that asks takes nobody without");
    assert_eq!(answer.header("X-Message"), "The SSL connection could not be established, see inner exception.");
}

/// "password: Use if certificate specified in body is password protected."
#[test]
fn a_certificate_may_come_in_a_file_with_a_password() {
    let file = include_bytes!("../fixtures/certificates/device.pfx");
    for (password, expected) in [(r#"password="secret""#, 200), (r#"password="wrong""#, 500), ("", 500)] {
        let policy =
            format!(r#"<authentication-certificate body="@(Convert.FromBase64String("{}"))" {password} />"#, STANDARD.encode(file));
        let answer = forwarded(&policy, "https://c.example", Entities::default());
        assert_eq!(answer.head.status, expected, "{password}: {}", answer.header("X-Message"));
        let seen = answer
            .sent
            .first()
            .and_then(|sent| sent.head.headers.get(CLIENT_CERTIFICATE))
            .map(|text| STANDARD.decode(text.as_bytes()).unwrap());
        // The certificate in its own encoding, and nothing else of the file.
        let is_inside = seen.is_some_and(|der| der.starts_with(&[0x30, 0x82]) && der.len() < file.len());
        assert_eq!(is_inside, expected == 200, "{password}");
    }
}

/// Source: learn.microsoft.com/azure/api-management/backends, "credentials".
#[test]
fn a_backend_has_a_certificate_of_its_own() {
    let (one, two) = (certificate("one"), certificate("two"));
    for (name, expected) in [("one", "200"), ("/certificates/one", "200"), (&*thumbprint(&one), "200"), ("two", "500"), ("three", "500")] {
        let credentials = Credentials { certificates: vec![name.to_owned().into()], ..Credentials::default() };
        let mut backend = Backend::single("own", Url::parse("https://b.example").unwrap());
        let Target::Single(single) = &mut backend.target else { panic!("it is no pool") };
        single.credentials = credentials;
        let policy =
            "<policies><inbound><set-backend-service backend-id=\"own\" /></inbound><backend><forward-request /></backend></policies>";
        let mut world = World::policy(policy).entities(entities(&one, &two)).on("b.example", |_| respond(200, &[], "{}"));
        world = world.backends([(backend.key(), backend)].into_iter().collect());
        assert_eq!(world.send(CHAT, &[], Some(b"{}")).head.status.to_string(), expected, "{name}");
    }
}

/// Each backend has its own: what one was shown is not shown to the next.
#[test]
fn a_certificate_of_one_backend_is_none_of_another() {
    let (one, two) = (certificate("one"), certificate("two"));
    let backend = |id: &'static str, host: &str, certificate: Option<&'static str>| {
        let mut backend = Backend::single(id, Url::parse(&format!("https://{host}")).unwrap());
        let Target::Single(single) = &mut backend.target else { panic!("it is no pool") };
        single.credentials.certificates = certificate.into_iter().map(Into::into).collect();
        (backend.key(), backend)
    };
    let policy = "<policies><inbound><authentication-certificate certificate-id=\"two\" /></inbound><backend>\
                  <retry condition=\"@(context.Response.StatusCode == 429)\" count=\"2\" interval=\"0\" first-fast-retry=\"true\">\
                  <set-variable name=\"n\" value=\"@(context.Variables.GetValueOrDefault<int>(\"n\") + 1)\" />\
                  <set-backend-service backend-id=\"@(new[] { \"a\", \"b\", \"a\" }[(int)context.Variables[\"n\"] - 1])\" />\
                  <forward-request buffer-request-body=\"true\" /></retry></backend></policies>";
    let mut world = World::policy(policy).entities(entities(&one, &two));
    world = world.on("b.example", |_| respond(429, &[], "")).on("c.example", |_| respond(429, &[], ""));
    world = world.backends([backend("a", "b.example", Some("one")), backend("b", "c.example", None)].into_iter().collect());
    let answer = world.send(CHAT, &[], Some(b"{}"));
    let seen: Vec<_> = answer
        .sent
        .iter()
        .map(|sent| {
            let shown = sent.head.headers.get(CLIENT_CERTIFICATE).map(|text| STANDARD.decode(text.as_bytes()).unwrap());
            (
                sent.host.as_str(),
                if shown.as_ref() == Some(&one) {
                    "one"
                } else if shown.as_ref() == Some(&two) {
                    "two"
                } else {
                    "none"
                },
            )
        })
        .collect();
    assert_eq!(seen, [("b.example", "one"), ("c.example", "two"), ("b.example", "one")], "{}", answer.text());
}

/// Source: learn.microsoft.com/rest/api/apimanagement/backend/create-or-update, `BackendProxyContract`.
#[test]
fn a_backend_has_a_proxy_of_its_own() {
    for (proxy, expected) in [
        (r#"{ "url": "http://proxy.example:8080", "username": "me", "password": "{{password}}" }"#, "200"),
        (r#"{ "url": "http://proxy.example:8080", "username": "me", "password": "wrong" }"#, "500"),
        (r#"{ "url": "http://nobody.example:8080" }"#, "500"),
    ] {
        let properties = format!(r#"{{ "url": "https://c.example", "protocol": "http", "proxy": {proxy} }}"#);
        let named_values = [("password".to_owned(), "hush-hush".to_owned())].into_iter().collect();
        let backend = Backend::read("own", &serde_json::from_str(&properties).unwrap(), &named_values).unwrap();
        // The pipeline's own is another one, which refuses nobody.
        let policy = "<policies><inbound><proxy url=\"http://open.example:8080\" /><set-backend-service backend-id=\"own\" /></inbound>\
                      <backend><forward-request /></backend></policies>";
        let mut world = World::policy(policy).entities(entities(b"", b"")).on("c.example", |_| respond(200, &[], "{}"));
        world = world.backends([(backend.key(), backend)].into_iter().collect());
        assert_eq!(world.send(CHAT, &[], Some(b"{}")).head.status.to_string(), expected, "{proxy}");
    }
    let wrong = serde_json::from_str(r#"{ "url": "https://c.example", "protocol": "http", "proxy": { "url": "https://p" } }"#).unwrap();
    assert_eq!(Backend::read("own", &wrong, &Default::default()).unwrap_err(), ["the URL of its proxy is not `http://host:port`"]);
}

/// A request of the policy's own has a proxy and a certificate of its own, and not those of the request to the backend.
/// Cases of `send-request`: learn.microsoft.com/azure/api-management/send-request-policy, `proxy` and `authentication-certificate`
/// Cases of `send-one-way-request`: learn.microsoft.com/azure/api-management/send-one-way-request-policy, `authentication-certificate`
#[test]
fn requests_of_the_policy_have_their_own() {
    let (one, two) = (certificate("one"), certificate("two"));
    let policy = |outside: &str, inside: &str| {
        support::guarded(&format!(
            "{outside}<send-request mode=\"new\" response-variable-name=\"r\" ignore-error=\"true\"><set-url>https://b.example/x</set-url>{inside}</send-request>\
             <send-one-way-request mode=\"new\"><set-url>https://b.example/y</set-url>{inside}</send-one-way-request>\
             <return-response><set-header name=\"R\"><value>@(((IResponse)context.Variables[\"r\"])?.StatusCode.ToString() ?? \"null\")</value></set-header></return-response>"
        ))
    };
    for (outside, inside, expected, told) in [
        ("", r#"<authentication-certificate certificate-id="one" />"#, "200", 1),
        (r#"<authentication-certificate certificate-id="one" />"#, "", "null", 0),
        ("", r#"<authentication-certificate certificate-id="one" /><proxy url="http://open.example:8080" />"#, "200", 1),
        ("", r#"<authentication-certificate certificate-id="one" /><proxy url="http://nobody.example" />"#, "null", 0),
        (r#"<proxy url="http://nobody.example" />"#, r#"<authentication-certificate certificate-id="one" />"#, "200", 1),
    ] {
        let mut world = World::policy(&policy(outside, inside)).entities(entities(&one, &two)).on("b.example", |_| respond(200, &[], "{}"));
        let answer = world.send(CHAT, &[], None);
        assert_eq!(
            (answer.header("R").as_str(), answer.told.len()),
            (expected, told),
            "{outside} {inside}: {}",
            answer.header("X-Message")
        );
    }
}
