//! The web application firewall: conditions, order, modes, limits, answers.

use super::*;

/// A firewall with these rules, in the words of a spec.
fn firewall(rules: &str) -> FrontDoor {
    front_door(&format!("waf:\n  rules:\n    - {}", rules.replace('\n', "\n    - ")))
}

fn verdict(door: &mut FrontDoor, request: &RequestHead, body: &str) -> String {
    let admission = admit_body(door, request, body.as_bytes(), &client(), Moment(0));
    admission.answer.map_or_else(|| "pass".to_owned(), |answer| answer.head.status.to_string())
}

const URL: &str = "https://contoso.z01.azurefd.net/Openai/chat?Kind=a%20b&empty=&kind=second";
const FORM: &str = "name=Ann%20Lee&age=9";

/// A condition, and whether a request from 203.0.113.7 in Sweden, on behalf of 198.51.100.9, meets it.
/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules.
const CONDITIONS: &[(&str, bool)] = &[
    // Variables.
    ("variable: SocketAddr, operator: IPMatch, values: [203.0.113.0/24]", true),
    ("variable: RemoteAddr, operator: IPMatch, values: [203.0.113.0/24]", false),
    ("variable: RemoteAddr, operator: IPMatch, values: [10.0.0.0/8, 198.51.100.9]", true),
    ("variable: RemoteAddr, operator: IPMatch, values: ['2001:db8::/32']", false),
    ("variable: SocketAddr, operator: IPMatch, values: ['::ffff:203.0.113.7']", true),
    ("variable: SocketAddr, operator: IPMatch, values: [0.0.0.0/0]", true),
    ("variable: SocketAddr, operator: GeoMatch, values: [SE, FR]", true),
    ("variable: RemoteAddr, operator: GeoMatch, values: [SE, FR]", false),
    ("variable: RemoteAddr, operator: GeoMatch, values: [ZZ]", true),
    ("variable: SocketAddr, operator: BeginsWith, values: ['203.0.']", true),
    ("variable: RequestMethod, operator: Equal, values: [GET, POST]", true),
    ("variable: RequestMethod, operator: Equal, values: [post]", false),
    ("variable: RequestUri, operator: BeginsWith, values: [/Openai/]", true),
    ("variable: RequestUri, operator: EndsWith, values: ['kind=second']", true),
    ("variable: RequestUri, operator: Contains, values: [azurefd]", false),
    ("variable: QueryString, operator: BeginsWith, values: [Kind=]", true),
    ("variable: QueryString, selector: kind, operator: Equal, values: [second]", true),
    ("variable: QueryString, selector: kind, operator: Equal, values: ['a b']", false),
    ("variable: QueryString, selector: other, operator: Contains, values: ['']", false),
    ("variable: QueryString, selector: empty, operator: Equal, values: ['']", true),
    ("variable: RequestHeader, selector: user-agent, operator: Contains, values: [curl]", true),
    ("variable: RequestHeader, selector: User-Agent, operator: Contains, values: [Curl]", false),
    ("variable: RequestHeader, selector: Absent, operator: Equal, values: [x]", false),
    ("variable: Cookies, selector: session, operator: Equal, values: ['1=2']", true),
    ("variable: Cookies, selector: Session, operator: Equal, values: ['1=2']", false),
    ("variable: PostArgs, selector: age, operator: Equal, values: ['9']", true),
    ("variable: RequestBody, operator: Contains, values: [Ann]", true),
    // Operators.
    ("variable: RequestUri, operator: Any", true),
    ("variable: RequestMethod, operator: LessThan, values: ['4']", false),
    ("variable: RequestMethod, operator: LessThan, values: ['5']", true),
    ("variable: RequestMethod, operator: LessThanOrEqual, values: ['4']", true),
    ("variable: RequestMethod, operator: GreaterThan, values: ['4']", false),
    ("variable: RequestMethod, operator: GreaterThanOrEqual, values: ['4']", true),
    ("variable: RequestHeader, selector: Host, operator: GreaterThanOrEqual, values: ['0']", true),
    ("variable: RequestUri, operator: RegEx, values: ['^/openai/', '(?i)^/OPENAI/[a-z]+\\?']", true),
    ("variable: RequestUri, operator: RegEx, values: ['^/openai/']", false),
    // Negation.
    ("variable: SocketAddr, operator: GeoMatch, values: [SE], negate: true", false),
    ("variable: SocketAddr, operator: GeoMatch, values: [US, CN], negate: true", true),
    ("variable: RequestHeader, selector: Absent, operator: Equal, values: [x], negate: true", true),
    // Transforms, in their order.
    ("variable: RequestUri, operator: BeginsWith, values: [/openai/], transforms: [Lowercase]", true),
    ("variable: RequestMethod, operator: Equal, values: [post], transforms: [Uppercase, Lowercase]", true),
    ("variable: RequestMethod, operator: Equal, values: [POST], transforms: [Lowercase, Uppercase]", true),
    ("variable: QueryString, selector: Kind, operator: Equal, values: ['a b'], transforms: [UrlDecode]", true),
    ("variable: QueryString, selector: Kind, operator: Equal, values: ['a%2520b'], transforms: [UrlEncode]", true),
    ("variable: RequestHeader, selector: X-Padded, operator: Equal, values: [x], transforms: [Trim]", true),
    ("variable: RequestHeader, selector: X-Padded, operator: Equal, values: [x]", false),
    ("variable: RequestHeader, selector: X-Null, operator: Equal, values: [ab], transforms: [RemoveNulls]", true),
];

fn subject() -> RequestHead {
    request(
        "POST",
        URL,
        &[
            ("Host", "contoso.z01.azurefd.net"),
            ("User-Agent", "curl/8.5"),
            ("Cookie", "a=b; session=1=2"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("X-Forwarded-For", "198.51.100.9, 192.0.2.1"),
            ("X-Padded", "  x "),
            ("X-Null", "a\0b"),
        ],
    )
}

#[test]
fn conditions_look_at_their_part_of_the_request() {
    for (condition, holds) in CONDITIONS {
        let mut door = firewall(&format!("{{ name: r, priority: 1, action: block, match: [{{ {condition} }}] }}"));
        assert_eq!(verdict(&mut door, &subject(), FORM), if *holds { "403" } else { "pass" }, "{condition}");
    }
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let both = |second: &str| {
        format!(
            "{{ name: r, priority: 1, action: block, match: [{{ variable: RequestMethod, operator: Equal, values: [POST] }}, {{ {second} }}] }}"
        )
    };
    assert_eq!(verdict(&mut firewall(&both("variable: Cookies, selector: a, operator: Equal, values: [b]")), &subject(), ""), "403");
    assert_eq!(verdict(&mut firewall(&both("variable: Cookies, selector: a, operator: Equal, values: [c]")), &subject(), ""), "pass");
}

const ANY: &str = "match: [{ variable: RequestUri, operator: Any }]";

/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules, "Priority, action types, and match conditions".
#[test]
fn rules_are_met_by_priority_until_one_ends_it() {
    for (rules, expected, log) in [
        (vec![(20, "block"), (10, "allow")], "pass", "r10 Allow"),
        (vec![(20, "allow"), (10, "block")], "403", "r10 Block"),
        (vec![(30, "block"), (10, "log"), (20, "log")], "403", "r10 Log, r20 Log, r30 Block"),
        (vec![(20, "block"), (10, "redirect")], "302", "r10 Redirect"),
        (vec![(10, "log")], "pass", "r10 Log"),
    ] {
        let rule = |(priority, action): &(u32, &str)| format!("{{ name: r{priority}, priority: {priority}, action: {action}, {ANY} }}");
        let rules: Vec<String> = rules.iter().map(rule).collect();
        for (mode, acts) in [("prevention", true), ("detection", false)] {
            let settings = format!("waf:\n  mode: {mode}\n  redirectUrl: https://contoso.com/sorry\n  rules: [{}]", rules.join(", "));
            let admission = admit(&mut front_door(&settings), &hello());
            let status = admission.answer.as_ref().map_or_else(|| "pass".to_owned(), |answer| answer.head.status.to_string());
            let seen: Vec<String> = admission.log.iter().map(|line| format!("{} {}", line.rule, line.action.word())).collect();
            assert!(admission.log.iter().all(|line| line.acted == acts), "{mode}");
            if acts {
                assert_eq!((status.as_str(), seen.join(", ").as_str()), (expected, log));
            } else {
                assert_eq!((status.as_str(), seen.len()), ("pass", rules.len()), "every rule is met, none acts");
            }
            if status == "302" {
                assert_eq!(field(&admission.answer.unwrap().head.headers, "Location"), "https://contoso.com/sorry");
            }
        }
    }
}

/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-configure-custom-response-code.
#[test]
fn a_blocked_client_gets_a_page_with_the_reference() {
    for (settings, rate, status, body) in [
        ("", "", 403, "<h2>The request is blocked.</h2>"),
        ("", ", rateLimit: { threshold: 1, window: 1m }", 429, "<h2>The request is blocked.</h2>"),
        ("blockStatus: 405, ", "", 405, "The request is blocked."),
        ("blockStatus: 405, ", ", rateLimit: { threshold: 1, window: 1m }", 405, "The request is blocked."),
        ("blockStatus: 999, blockBody: 'no: {{azure-ref}} {{azure-ref}}', ", "", 999, "no: 1970"),
    ] {
        let mut door = front_door(&format!("waf: {{ {settings}rules: [{{ name: r, priority: 1, action: block, {ANY}{rate} }}] }}"));
        let first = admit(&mut door, &hello());
        let admission = if rate.is_empty() { first } else { admit(&mut door, &hello()) };
        let answer = admission.answer.unwrap();
        let page = text(&answer.body);
        assert_eq!(answer.head.status, status, "{settings}");
        assert!(page.contains(body) && page.contains(&**admission.passage.reference()) && !page.contains("{{"), "{page}");
        assert_eq!(field(&answer.head.headers, "X-Azure-Ref"), admission.passage.reference().as_str());
    }
}

/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit.
#[test]
fn a_rate_limit_counts_what_matches_for_each_key() {
    let rule = |group: &str| {
        format!(
            "{{ name: many, priority: 1, action: block, rateLimit: {{ threshold: 2, window: 1m, groupBy: {group} }}, \
             match: [{{ variable: RequestMethod, operator: Equal, values: [POST] }}] }}"
        )
    };
    let client = |last: u8, country: &str| Client::new(IpAddr::from([203, 0, 113, last]), Country::new(country).unwrap());
    let (a, b, c) = (client(1, "SE"), client(2, "SE"), client(3, "FR"));
    for (group, expected) in [("SocketAddr", "..x....x..x"), ("GeoLocation", "..xxx..x..x"), ("None", "..xxxx.x..x")] {
        let mut door = firewall(&rule(group));
        let mut seen = String::new();
        for (client, method, seconds) in [
            (&a, "POST", 0),
            (&a, "POST", 1),
            (&a, "POST", 2),
            (&b, "POST", 3),
            (&b, "POST", 4),
            (&c, "POST", 5),
            (&a, "GET", 6),
            (&a, "POST", 59),
            (&a, "POST", 60),
            (&a, "POST", 61),
            (&a, "POST", 62),
        ] {
            let request = request(method, URL, &[]);
            let blocked = admit_body(&mut door, &request, b"", client, at(seconds * 1_000)).answer.is_some();
            seen.push(if blocked { 'x' } else { '.' });
        }
        assert_eq!(seen, expected, "{group}");
    }
}

/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs for groups, numbers and scoring.
#[test]
fn managed_rules_stand_in_for_the_default_rule_set() {
    let attack = |query: &str| request("GET", &format!("https://contoso.z01.azurefd.net/x?q={query}"), &[]);
    for (groups, query, rule) in [
        ("SQLI", "1'%20OR%20'1'='1", "SQLI-942100"),
        ("SQLI", "1+UNION+ALL+SELECT+password+FROM+users", "SQLI-942190"),
        ("SQLI", "1;DROP%20TABLE%20users", "SQLI-942350"),
        ("XSS", "%3Cscript%3Ealert(1)%3C/script%3E", "XSS-941110"),
        ("XSS", "%3Cimg%20src=x%20onerror=alert(1)%3E", "XSS-941160"),
        ("LFI", "..%2F..%2Fetc%2Fpasswd", "LFI-930110"),
        ("RCE", ";cat%20/etc/hosts", "RCE-932100"),
    ] {
        let admission = admit(&mut front_door(&format!("waf: {{ managedRules: [{groups}] }}")), &attack(query));
        assert_eq!(admission.answer.map(|answer| answer.head.status), Some(403), "{query}");
        let log: Vec<(&str, &str)> = admission.log.iter().map(|line| (line.rule.as_str(), line.action.word())).collect();
        assert!(log.iter().any(|(name, action)| name.ends_with(rule) && *action == "AnomalyScoring"), "{log:?}");
        assert_eq!(log.last(), Some(&("Microsoft_DefaultRuleSet-2.1-BLOCKING-EVALUATION-949110", "Block")));
        let others = ["SQLI", "XSS", "LFI", "RCE"].into_iter().filter(|group| *group != groups).collect::<Vec<_>>().join(", ");
        if groups != "LFI" && rule != "RCE-932100" {
            let admission = admit(&mut front_door(&format!("waf: {{ managedRules: [{others}] }}")), &attack(query));
            assert!(admission.answer.is_none(), "{query} is for {groups} alone: {:?}", admission.log);
        }
    }
}

/// A prompt is text like any other to the firewall: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-tuning.
#[test]
fn a_prompt_that_quotes_an_attack_is_blocked_as_one() {
    let all = "managedRules: [SQLI, XSS, LFI, RCE]";
    let prompt = r#"{"messages":[{"role":"user","content":"What does SELECT a FROM b; DROP TABLE users do?"}]}"#;
    let harmless = r#"{"messages":[{"role":"user","content":"Hello, who are you? Tell me about union and select committees (or not)."}]}"#;
    for (settings, body, expected) in [
        (all.to_owned(), prompt, "403"),
        (all.to_owned(), harmless, "pass"),
        ("managedRules: [XSS, LFI]".to_owned(), prompt, "pass"),
        (format!("mode: detection, {all}"), prompt, "pass"),
        // Who is allowed by a rule of one's own is not asked further.
        (format!("{all}, rules: [{{ name: ours, priority: 1, action: allow, {ANY} }}]"), prompt, "pass"),
    ] {
        let mut door = front_door(&format!("waf: {{ {settings} }}"));
        assert!(door.reads_bodies());
        assert_eq!(verdict(&mut door, &hello(), body), expected, "{settings}");
    }
}

/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-settings: the first 128 KB.
#[test]
fn the_first_of_a_body_is_read_and_no_more() {
    let mut door =
        firewall("{ name: r, priority: 1, action: block, match: [{ variable: RequestBody, operator: EndsWith, values: [needle] }] }");
    assert!(door.reads_bodies());
    let padded = |length: usize| format!("{}needle{}", "x".repeat(length - 6), "y".repeat(100));
    assert_eq!(verdict(&mut door, &hello(), &padded(BODY_INSPECTED)), "403");
    assert_eq!(verdict(&mut door, &hello(), &padded(BODY_INSPECTED + 1)), "pass");
    assert!(!firewall("{ name: r, priority: 1, action: block, match: [{ variable: RequestUri, operator: Any }] }").reads_bodies());
}

#[test]
fn a_client_may_say_where_it_is() {
    let only_europe =
        "{ name: geo, priority: 1, action: block, match: [{ variable: RemoteAddr, operator: GeoMatch, values: [SE, FR], negate: true }] }";
    let mut door = firewall(only_europe);
    for (header, expected) in [("SE", "pass"), ("fr", "pass"), ("US", "403"), ("Sweden", "pass")] {
        let mut request = hello();
        request.headers.append(SIMULATED_COUNTRY, header);
        assert_eq!(verdict(&mut door, &request, ""), expected, "{header}");
    }
    let mut config = door.config().clone();
    config.countries = Countries::new(vec![(Range::parse("198.51.100.0/24").unwrap(), Country::new("FR").unwrap())]);
    let mut door = FrontDoor::new(config, Moment(0)).unwrap();
    for (address, expected) in [("198.51.100.9", "pass"), ("[198.51.100.9]:443", "pass"), ("192.0.2.1", "403"), ("unknown", "pass")] {
        let mut request = hello();
        request.headers.append("X-Forwarded-For", address);
        assert_eq!(verdict(&mut door, &request, ""), expected, "{address}");
    }
}
