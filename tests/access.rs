//! Who may come in: headers, addresses, origins, certificates; and credentials for backends. The source of reasons and messages: the table
//! of learn.microsoft.com/azure/api-management/api-management-error-handling-policies; of everything else: each policy's page there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use openai_failover::{
    gateway::{Api, Entities, Operation, entities::Authorization},
    policy::Resources,
};
use support::{Answered, World, fate, guarded, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions";

/// Source: learn.microsoft.com/azure/api-management/check-header-policy, and the rows of the table.
/// Cases of `check-header`: learn.microsoft.com/azure/api-management/check-header-policy
#[test]
fn check_header_by_presence_and_value() {
    let policy = |ignore: &str, values: &str| {
        format!(
            "<check-header name=\"X-Key\" failed-check-httpcode=\"401\" failed-check-error-message=\"Not authorized\" ignore-case=\"{ignore}\" id=\"p1\">{values}</check-header>"
        )
    };
    let two = "<value>alpha</value><value>@(\"be\" + \"ta\")</value>";
    for (ignore, values, sent, reason, message) in [
        ("false", two, Some("alpha"), "", ""),
        ("false", two, Some("beta"), "", ""),
        ("false", "", Some("anything"), "", ""),
        ("true", two, Some("ALPHA"), "", ""),
        ("false", two, Some("ALPHA"), "HeaderValueNotAllowed", "Header X-Key value of ALPHA is not allowed. Access denied."),
        ("false", two, None, "HeaderNotFound", "Header X-Key was not found in the request. Access denied."),
    ] {
        let headers: Vec<(&'static str, &'static str)> = sent.map(|value| ("x-key", value)).into_iter().collect();
        let answer = World::policy(&guarded(&policy(ignore, values))).send(CHAT, &headers, None);
        if reason.is_empty() {
            assert_eq!(fate(&answer), "200", "{sent:?}");
            continue;
        }
        assert_eq!(answer.text(), r#"{ "statusCode": 401, "message": "Not authorized" }"#);
        let seen = ["Source", "Reason", "Message", "Section", "Path", "PolicyId"].map(|name| answer.header(&format!("X-{name}")));
        assert_eq!(seen, ["check-header", reason, message, "inbound", "check-header", "p1"]);
    }
}

/// Source: learn.microsoft.com/azure/api-management/ip-filter-policy, and the rows of the table.
/// Cases of `ip-filter`: learn.microsoft.com/azure/api-management/ip-filter-policy
#[test]
fn ip_filter_by_address_and_range() {
    let list = "<address>13.66.201.169</address><address>@(\"2001:db8::\" + 7)</address><address-range from=\"13.66.140.128\" to=\"13.66.140.143\" />\
                <address-range from=\"2001:db8:1::\" to=\"2001:db8:1::ff\" />";
    for (ip, is_listed) in [
        ("13.66.201.169", true),
        ("13.66.201.170", false),
        ("13.66.140.128", true),
        ("13.66.140.143", true),
        ("13.66.140.144", false),
        ("::ffff:13.66.140.130", true),
        ("2001:db8::7", true),
        ("2001:db8:1::80", true),
        ("2001:db8:1::100", false),
    ] {
        for (action, passes) in [("allow", is_listed), ("forbid", !is_listed), ("@(\"for\" + \"bid\")", !is_listed)] {
            let mut world = World::policy(&guarded(&format!("<ip-filter action=\"{}\">{list}</ip-filter>", action)));
            world.client = ip.parse().unwrap();
            let answer = world.send(CHAT, &[], None);
            if passes {
                assert_eq!(fate(&answer), "200", "{action} {ip}");
                continue;
            }
            assert_eq!(answer.text(), r#"{ "statusCode": 403, "message": "Forbidden" }"#);
            let (reason, message) = if action == "allow" {
                ("CallerIpNotAllowed", format!("Caller IP address {} is not allowed. Access denied.", ip.trim_start_matches("::ffff:")))
            } else {
                ("CallerIpBlocked", "Caller IP address is blocked. Access denied.".to_owned())
            };
            let seen = ["Source", "Reason", "Message"].map(|name| answer.header(&format!("X-{name}")));
            assert_eq!(seen, ["ip-filter".to_owned(), reason.to_owned(), message], "{action} {ip}");
        }
    }
}

fn cors(attributes: &str, methods: &str, others: &str) -> String {
    format!(
        "<cors {attributes}><allowed-origins><origin>http://localhost:8080/</origin><origin>https://app.example</origin></allowed-origins>{methods}\
         <allowed-headers><header>content-type</header><header>x-zumo</header></allowed-headers>{others}</cors>"
    )
}

fn preflight(document: &str, headers: &[(&'static str, &'static str)]) -> Answered {
    World::policy(document).method("OPTIONS").send(CHAT, headers, None)
}

fn allowed(answer: &Answered) -> [String; 5] {
    ["Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age", "Allow-Credentials"]
        .map(|name| answer.header(&format!("Access-Control-{name}")))
}

/// Source: learn.microsoft.com/azure/api-management/cors-policy. `OPTIONS` has no operation here; nothing but `cors` runs for it.
/// Cases of `cors`: learn.microsoft.com/azure/api-management/cors-policy
#[test]
fn preflights_are_answered_by_cors_alone() {
    let methods = "<allowed-methods preflight-result-max-age=\"300\"><method>GET</method><method>POST</method></allowed-methods>";
    let denied = "<check-header name=\"X\" failed-check-httpcode=\"401\" failed-check-error-message=\"no\" ignore-case=\"true\" />";
    let policy = guarded(&format!("{denied}{}", cors("allow-credentials=\"true\"", methods, "")));
    let good = ["https://app.example", "GET,POST", "content-type,x-zumo", "300", "true"].map(str::to_owned);
    let none = ["-", "-", "-", "-", "-"].map(str::to_owned);
    for (case, origin, method, asked, expected) in [
        ("match", "https://app.example", "POST", "Content-Type", [&good[0], &good[1], &good[2], &good[3], &good[4]]),
        (
            "port of the scheme",
            "https://app.example:443",
            "POST",
            "",
            [&"https://app.example:443".to_owned(), &good[1], &good[2], &good[3], &good[4]],
        ),
        ("another port", "https://app.example:8443", "POST", "", none.each_ref()),
        ("another scheme", "http://app.example", "POST", "", none.each_ref()),
        ("another header", "https://app.example", "POST", "x-other", none.each_ref()),
    ] {
        let answer =
            preflight(&policy, &[("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", asked)]);
        assert_eq!((answer.head.status, answer.text().as_str()), (200, ""), "{case}");
        assert_eq!(allowed(&answer).each_ref(), expected, "{case}");
    }
    let only_get = guarded(&cors("", "<allowed-methods><method>GET</method></allowed-methods>", ""));
    let answer = preflight(&only_get, &[("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")]);
    assert_eq!((answer.head.status, allowed(&answer)), (200, none.clone()), "another method");
    // Without the policy, or for a method that has no operation, it is a request like any other.
    for (document, method) in [(guarded(""), "POST"), (policy.clone(), "DELETE")] {
        let answer = preflight(&document, &[("Origin", "https://app.example"), ("Access-Control-Request-Method", method)]);
        assert_eq!((answer.head.status, answer.header("X-Reason")), (404, "OperationNotFound".into()));
    }
    assert_eq!(preflight(&policy, &[("Origin", "https://app.example")]).head.status, 404, "no preflight");
}

#[test]
fn wildcards_stand_for_any() {
    let any = |attributes: &str| {
        guarded(&format!(
            "<cors {attributes}><allowed-origins><origin>*</origin></allowed-origins><allowed-methods><method>*</method></allowed-methods>\
             <allowed-headers><header>*</header></allowed-headers></cors>"
        ))
    };
    let asked =
        [("Origin", "https://anyone.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "a, b")];
    assert_eq!(allowed(&preflight(&any(""), &asked)), ["*", "POST", "a,b", "-", "-"].map(str::to_owned));
    let with_credentials = any("allow-credentials=\"true\"");
    assert_eq!(allowed(&preflight(&with_credentials, &asked)), ["https://anyone.example", "POST", "a,b", "-", "true"].map(str::to_owned));
}

/// Source: the policy's page, `terminate-unmatched-request`; its default: MicrosoftDocs/azure-docs, issue 55313.
#[test]
fn an_unmatched_origin_ends_the_request_or_goes_on_without_headers() {
    let api = || {
        let get = Operation { id: "get".into(), name: "get".into(), method: "GET".into(), url_template: "/x".into() };
        let post = Operation { id: "post".into(), name: "post".into(), method: "POST".into(), url_template: "/x".into() };
        Api { subscription_required: false, operations: vec![get, post], ..Api::default() }
    };
    for (attributes, method, body) in [
        ("", "GET", ""),
        ("terminate-unmatched-request=\"true\"", "GET", ""),
        ("terminate-unmatched-request=\"false\"", "GET", "in"),
        // Only `GET` and `HEAD` are simple requests.
        ("terminate-unmatched-request=\"true\"", "POST", "in"),
    ] {
        let world = World::with(&guarded(&cors(attributes, "", "")), "Sweden Central", api(), Resources::default());
        let answer = world.method(method).send("/openai/x", &[("Origin", "https://evil.example")], None);
        assert_eq!(
            (answer.head.status, answer.text().as_str(), answer.header("Access-Control-Allow-Origin").as_str()),
            (200, body, "-"),
            "{attributes} {method}"
        );
    }
    // The second policy is looked at where the first lets go.
    let second = cors("", "", "").replace("app.example", "evil.example");
    let document = format!("<policies><inbound>{}{second}</inbound></policies>", cors("terminate-unmatched-request=\"false\"", "", ""));
    let parsed = openai_failover::xml::parse(&openai_failover::source::Source::new("p.xml", document.as_str())).unwrap();
    let codes: Vec<_> =
        openai_failover::policy::compile(&parsed, &Resources::default()).unwrap_err().iter().map(|found| found.code).collect();
    assert_eq!(codes, ["policy/once"], "two of them stand in different scopes");
}

#[test]
fn answers_carry_the_headers_whatever_they_are() {
    let exposed = "<expose-headers><header>x-served-by</header><header>x-other</header></expose-headers>";
    let first = cors("allow-credentials=\"true\"", "", exposed);
    let fails = "<check-header name=\"X-Absent\" failed-check-httpcode=\"401\" failed-check-error-message=\"no\" ignore-case=\"true\" />";
    let show = |answer: &Answered| {
        let header = |name: &str| answer.header(&format!("Access-Control-{name}"));
        format!("{} {} {} {}", answer.head.status, header("Allow-Origin"), header("Allow-Credentials"), header("Expose-Headers"))
    };
    let origin = [("Origin", "http://localhost:8080")];
    for (inbound, expected) in [
        (first.clone(), "200 http://localhost:8080 true x-served-by,x-other"),
        (format!("{first}{fails}"), "401 http://localhost:8080 true x-served-by,x-other"),
        (format!("{fails}{first}"), "401 - - -"),
    ] {
        assert_eq!(show(&World::policy(&guarded(&inbound)).send(CHAT, &origin, Some(b"{}"))), expected);
    }
    // What the backend says of it is overruled.
    let text = format!("<policies><inbound>{first}<set-backend-service base-url=\"https://b.example\" /></inbound></policies>");
    let answer = World::policy(&text)
        .on("b.example", |_| respond(200, &[("Access-Control-Allow-Origin", "https://backend.example")], "{}"))
        .send(CHAT, &origin, Some(b"{}"));
    assert_eq!(show(&answer), "200 http://localhost:8080 true x-served-by,x-other");
    assert_eq!(show(&World::policy(&guarded(&first)).send(CHAT, &[], None)), "200 - - -", "no other origin");
}

/// Source: learn.microsoft.com/azure/api-management/jsonp-policy, and the row of the table.
/// Cases of `jsonp`: learn.microsoft.com/azure/api-management/jsonp-policy
#[test]
fn jsonp_calls_the_function_that_the_query_names() {
    let text = "<policies><inbound><set-backend-service base-url=\"https://b.example\" /></inbound><outbound><jsonp callback-parameter-name=\"cb\" /></outbound>\
                <on-error><set-header name=\"X-Reason\"><value>@(context.LastError.Reason + \": \" + context.LastError.Message)</value></set-header></on-error></policies>";
    for (query, body, kind, reason) in [
        ("", "{\"a\":1}", "application/json", "-"),
        ("?cb=f", "f({\"a\":1});", "application/javascript", "-"),
        ("?CB=angular.callbacks._0", "angular.callbacks._0({\"a\":1});", "application/javascript", "-"),
        (
            "?cb=alert(1)",
            "{ \"statusCode\": 400, \"message\": \"Value of callback parameter cb is not a valid JavaScript identifier.\" }",
            "application/json",
            "CallbackParameterInvalid: Value of callback parameter cb is not a valid JavaScript identifier.",
        ),
    ] {
        let answer =
            World::policy(text).on("b.example", |_| respond(200, &[], "{\"a\":1}")).send(&format!("{CHAT}{query}"), &[], Some(b"{}"));
        assert_eq!(
            (answer.text().as_str(), answer.header("Content-Type").as_str(), answer.header("X-Reason").as_str()),
            (body, kind, reason)
        );
    }
}

/// Source: learn.microsoft.com/azure/api-management/authentication-basic-policy.
/// Cases of `authentication-basic`: learn.microsoft.com/azure/api-management/authentication-basic-policy
#[test]
fn authentication_basic_sets_the_header() {
    for (user, password, expected) in [
        // The examples of RFC 7617 sections 2 and 2.1.
        (r#"@("Al" + "addin")"#, "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ("u", r#"@("a" + ":b")"#, "Basic dTphOmI="),
    ] {
        let text = format!(
            "<policies><inbound><set-backend-service base-url=\"https://b.example\" /><authentication-basic username='{user}' password='{password}' /></inbound></policies>"
        );
        let mut world = World::policy(&text).on("b.example", |_| respond(200, &[], "{}"));
        let answer = world.send(CHAT, &[("Authorization", "Bearer x")], Some(b"{}"));
        let values: Vec<_> = answer.sent[0].head.headers.values("Authorization").collect();
        assert_eq!(values, [expected], "{user}");
    }
}

/// Source: learn.microsoft.com/azure/api-management/get-authorization-context-policy.
/// Cases of `get-authorization-context`: learn.microsoft.com/azure/api-management/get-authorization-context-policy
#[test]
fn get_authorization_context_gives_the_token_or_fails() {
    let entities = || Entities {
        authorizations: vec![Authorization {
            provider: "github".into(),
            id: "auth-01".into(),
            access_token: "token".into(),
            claims: vec![("scope".into(), "repo".into())],
        }],
        ..Entities::default()
    };
    let policy = |attributes: &str| {
        guarded(&format!(
            "<get-authorization-context provider-id=\"github\" context-variable-name=\"auth\" {attributes} />\
             <return-response><set-header name=\"X\"><value>@(((Authorization)context.Variables.GetValueOrDefault(\"auth\"))?.AccessToken ?? \"none\")</value></set-header></return-response>"
        ))
    };
    for (attributes, expected) in [
        ("authorization-id=\"auth-01\"", "200 token"),
        ("authorization-id=\"auth-01\" identity-type=\"managed\" ignore-error=\"false\"", "200 token"),
        ("authorization-id=\"auth-01\" identity-type=\"jwt\" identity=\"@(\"t\" + 1)\"", "200 token"),
        ("authorization-id=\"auth-01\" identity-type=\"jwt\"", "500 -"),
        ("authorization-id=\"auth-02\"", "500 -"),
        ("authorization-id=\"auth-02\" ignore-error=\"true\"", "200 none"),
    ] {
        let answer = World::policy(&policy(attributes)).entities(entities()).send(CHAT, &[], None);
        assert_eq!(format!("{} {}", answer.head.status, answer.header("X")), expected, "{attributes}");
        if answer.head.status == 500 {
            assert_eq!((answer.header("X-Source"), answer.header("X-Section")), ("get-authorization-context".into(), "inbound".into()));
            assert!(answer.text().starts_with(r#"{ "statusCode": 500, "message": "Internal server error", "activityId": "#));
        }
    }
}

/// Parameters of a certificate for `subject`, valid from 2025-01-01 to the first of the year `until`.
fn parameters(subject: &str, until: i32) -> rcgen::CertificateParams {
    let mut parameters = rcgen::CertificateParams::new(vec![format!("{subject}.example")]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, subject);
    parameters.serial_number = Some(rcgen::SerialNumber::from(vec![0x12, 0xab]));
    parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
    parameters
}

/// Source: learn.microsoft.com/azure/api-management/validate-client-certificate-policy.
/// Cases of `validate-client-certificate`: learn.microsoft.com/azure/api-management/validate-client-certificate-policy
#[test]
fn client_certificates_by_validity_trust_and_identity() {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = parameters("authority", 2030);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let issued = |until| {
        let issuer = rcgen::Issuer::from_params(&authority, &authority_key);
        parameters("client", until).signed_by(&key, &issuer).unwrap()
    };
    let (good, old, own) = (issued(2027), issued(2025), parameters("client", 2027).self_signed(&key).unwrap());
    let thumbprint = |certificate: &rcgen::Certificate| {
        use sha1::Digest as _;
        sha1::Sha1::digest(certificate.der()).iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    let identity = |claims: String| format!("<identities><identity thumbprint=\"0000\" /><identity {claims} /></identities>");
    let entities = Entities {
        certificates: [("ca-1".into(), bytes::Bytes::copy_from_slice(authority_certificate.der()))].into_iter().collect(),
        ..Entities::default()
    };
    for (case, attributes, children, presented, message) in [
        ("good", "", String::new(), Some(&good), ""),
        ("none", "", String::new(), None, "Client certificate is missing."),
        ("expired", "", String::new(), Some(&old), "Client certificate has expired."),
        ("expired, ignored", "validate-not-after=\"false\"", String::new(), Some(&old), ""),
        ("self-signed", "", String::new(), Some(&own), "Client certificate is not trusted."),
        ("self-signed, ignored", "validate-trust=\"false\"", String::new(), Some(&own), ""),
        ("any failure, ignored", "ignore-error=\"true\"", String::new(), None, ""),
        ("thumbprint", "", identity(format!("thumbprint=\"{}\"", thumbprint(&good).to_lowercase())), Some(&good), ""),
        ("names", "", identity("common-name=\"client\" subject=\"CN=client\" dns-name=\"client.example\"".into()), Some(&good), ""),
        (
            "serial and issuer",
            "",
            identity("serial-number=\"12:AB\" issuer-subject=\"CN=authority\" issuer-certificate-id=\"ca-1\"".into()),
            Some(&good),
            "",
        ),
        ("issuer's thumbprint", "", identity(format!("issuer-thumbprint=\"{}\"", thumbprint(&authority_certificate))), Some(&good), ""),
        (
            "one of two claims",
            "",
            identity("common-name=\"client\" serial-number=\"13\"".into()),
            Some(&good),
            "Client certificate does not match any of the identities.",
        ),
    ] {
        let policy = format!("<validate-client-certificate {attributes}>{children}</validate-client-certificate>");
        let mut world = World::policy(&guarded(&policy)).entities(entities.clone());
        world.certificate = presented.map(|certificate| bytes::Bytes::copy_from_slice(certificate.der()));
        let answer = world.send(CHAT, &[], None);
        if message.is_empty() {
            assert_eq!(fate(&answer), "200", "{case}: {}", answer.header("X-Message"));
        } else {
            assert_eq!(fate(&answer), "403 ClientCertificateInvalid Invalid client certificate", "{case}");
            assert_eq!(
                (answer.header("X-Source"), answer.header("X-Message")),
                ("validate-client-certificate".into(), message.into()),
                "{case}"
            );
        }
    }
}

/// Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, "Context variable".
#[test]
fn certificates_of_the_service_show_in_the_context() {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = parameters("client", 2027).self_signed(&key).unwrap();
    let entities = Entities {
        certificates: [("cert".into(), bytes::Bytes::copy_from_slice(made.der()))].into_iter().collect(),
        ..Entities::default()
    };
    let text = guarded(
        "<return-response><set-header name=\"X\"><value>@(context.Deployment.Certificates[\"cert\"].Subject + context.Request.Certificate.SerialNumber)</value></set-header></return-response>",
    );
    let mut world = World::policy(&text).entities(entities);
    world.certificate = Some(bytes::Bytes::copy_from_slice(made.der()));
    assert_eq!(world.send(CHAT, &[], None).header("X"), "CN=client12AB");
}
