//! Tokens: `validate-jwt` and `validate-azure-ad-token`. The source of reasons and messages: the table of
//! learn.microsoft.com/azure/api-management/api-management-error-handling-policies; of everything else: the policies' pages there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{cell::RefCell, rc::Rc, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac};
use openai_failover::{
    dotnet::crypto::jws::SigningKey,
    gateway::{Entities, effect::FailureKind},
    policy::Resources,
};
use serde_json::{Value, json};
use support::{Answered, World, broken, fate, guarded, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions";
const SECRET: &[u8] = b"a secret of more than thirty-two bytes";
/// The present of a `World`.
const NOW: i64 = 1_763_690_000;

fn header(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn rs256(key: &SigningKey, id: &str, claims: &Value) -> String {
    let signed = unsigned(&json!({"alg": "RS256", "typ": "JWT", "kid": id}), claims);
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Claims that are good, with others over them; null takes one away.
fn claims(others: Value) -> Value {
    let mut claims =
        json!({"iss": "https://issuer.example", "aud": "api", "exp": NOW + 600, "nbf": NOW - 600, "roles": ["a", "b"], "scp": "x y"});
    for (name, value) in others.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn signed(others: Value) -> String {
    hs256(SECRET, &json!({"alg": "HS256", "typ": "JWT"}), &claims(others))
}

/// `validate-jwt` on `Authorization`, with its attributes and children.
fn jwt_policy(attributes: &str, children: &str) -> String {
    format!("<validate-jwt header-name=\"Authorization\" {attributes}>{children}</validate-jwt>")
}

fn shared() -> String {
    format!("<issuer-signing-keys><key>{}</key></issuer-signing-keys>", STANDARD.encode(SECRET))
}

fn bearer(policy: &str, token: &str) -> Answered {
    World::policy(&guarded(policy)).send(CHAT, &[("Authorization", header(&format!("Bearer {token}")))], Some(b"{}"))
}

/// Each row of the table for `validate-jwt`, and the library's messages as Microsoft.IdentityModel writes them.
/// Cases of `validate-jwt`: learn.microsoft.com/azure/api-management/validate-jwt-policy
#[test]
fn each_failure_of_a_token_has_its_reason() {
    let full = format!(
        "{}<audiences><audience>api</audience></audiences><issuers><issuer>https://issuer.example</issuer></issuers>\
         <required-claims><claim name=\"roles\" match=\"any\"><value>b</value><value>c</value></claim></required-claims>",
        shared()
    );
    let policy = jwt_policy("require-scheme=\"Bearer\"", &full);
    for (case, token, expected, message) in [
        ("good", signed(json!({})), "200", ""),
        ("absent", String::new(), "401 TokenNotPresent JWT not present.", "JWT not present."),
        ("no token", "one.two".into(), "401 JwtInvalid Invalid JWT.", "IDX12741: "),
        ("no JSON", "a.b.c".into(), "401 JwtInvalid Invalid JWT.", "IDX12709: "),
        (
            "other secret",
            hs256(b"other", &json!({"alg": "HS256"}), &claims(json!({}))),
            "401 TokenSignatureInvalid Invalid JWT.",
            "IDX10503: Signature validation failed. Token does not have a kid. Keys tried: ",
        ),
        (
            "other key id",
            hs256(b"other", &json!({"alg": "HS256", "kid": "k9"}), &claims(json!({}))),
            "401 TokenSignatureKeyNotFound Invalid JWT.",
            "IDX10501: Signature validation failed. Unable to match key: |kid: 'k9'.",
        ),
        (
            "unsigned",
            format!("{}.", unsigned(&json!({"alg": "none"}), &claims(json!({})))),
            "401 TokenSignatureInvalid Invalid JWT.",
            "IDX10504: Unable to validate signature, token does not have a signature: ",
        ),
        (
            "audience",
            signed(json!({"aud": ["x", "y"]})),
            "401 TokenAudienceNotAllowed Invalid JWT.",
            "IDX10214: Audience validation failed. Audiences: 'x, y'. Did not match: validationParameters.ValidAudience: '' or \
             validationParameters.ValidAudiences: 'api'. Access denied.",
        ),
        ("no audience", signed(json!({"aud": null})), "401 TokenAudienceNotAllowed Invalid JWT.", "IDX10206: "),
        ("audience with a slash", signed(json!({"aud": "api/"})), "200", ""),
        (
            "issuer",
            signed(json!({"iss": "evil"})),
            "401 TokenIssuerNotAllowed Invalid JWT.",
            "IDX10205: Issuer validation failed. Issuer: 'evil'. Did not match: validationParameters.ValidIssuer: '' or \
             validationParameters.ValidIssuers: 'https://issuer.example'. Access denied.",
        ),
        ("no issuer", signed(json!({"iss": null})), "401 TokenIssuerNotAllowed Invalid JWT.", "IDX10211: "),
        (
            "expired",
            signed(json!({"exp": NOW - 1})),
            "401 TokenExpired Invalid JWT.",
            "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '11/21/2025 01:53:19', Current time (UTC): \
             '11/21/2025 01:53:20'. Access denied.",
        ),
        ("not yet", signed(json!({"nbf": NOW + 5})), "401 JwtInvalid Invalid JWT.", "IDX10222: "),
        ("no end", signed(json!({"exp": null})), "401 JwtInvalid Invalid JWT.", "IDX10225: "),
        (
            "claim missing",
            signed(json!({"roles": null})),
            "401 TokenClaimNotFound JWT is missing the following claims: roles. Access denied.",
            "JWT is missing the following claims: roles. Access denied.",
        ),
        (
            "claim value",
            signed(json!({"roles": ["x", "y"]})),
            "401 TokenClaimValueNotAllowed Claim roles value of x,y is not allowed. Access denied.",
            "Claim roles value of x,y is not allowed. Access denied.",
        ),
    ] {
        let answer = bearer(&policy, &token);
        assert_eq!(fate(&answer), expected, "{case}");
        if expected != "200" {
            assert!(answer.header("X-Message").starts_with(message), "{case}: {}", answer.header("X-Message"));
            let place = ["Source", "Section", "Path", "Scope"].map(|name| answer.header(&format!("X-{name}")));
            assert_eq!(place, ["validate-jwt", "inbound", "validate-jwt", "api"], "{case}");
        }
        assert!(token.len() < 20 || !answer.header("X-Message").contains(&token[..20]), "{case}: the token is a secret");
    }
}

/// Required claims: learn.microsoft.com/azure/api-management/validate-jwt-policy, "claim attributes".
#[test]
fn claims_match_all_or_any_and_may_be_split() {
    for (claim, expected) in [
        (r#"<claim name="roles"><value>a</value><value>b</value></claim>"#, true),
        (r#"<claim name="roles"><value>a</value><value>c</value></claim>"#, false),
        (r#"<claim name="roles" match="all"><value>a</value></claim>"#, true),
        (r#"<claim name="roles" match="any"><value>c</value><value>a</value></claim>"#, true),
        (r#"<claim name="roles" match="@("a" + "ny")"><value>c</value><value>a</value></claim>"#, true),
        (r#"<claim name="roles" match="any"><value>A</value></claim>"#, false),
        (r#"<claim name="roles" />"#, true),
        (r#"<claim name="scp"><value>x</value></claim>"#, false),
        (r#"<claim name="scp" separator=" "><value>x</value><value>y</value></claim>"#, true),
        (r#"<claim name="scp" separator=" "><value>@("x" + "")</value></claim>"#, true),
        (r#"<claim name="exp"><value>1763690600</value></claim>"#, true),
    ] {
        let policy = jwt_policy("", &format!("{}<required-claims>{claim}</required-claims>", shared()));
        assert_eq!(fate(&bearer(&policy, &signed(json!({})))) == "200", expected, "{claim}");
    }
}

/// Attributes: the table of the policy's page, and its usage notes.
#[test]
fn attributes_say_where_the_token_is_and_how_strict_to_be() {
    let good = signed(json!({}));
    let unsigned = format!("{}.", unsigned(&json!({"alg": "none"}), &claims(json!({}))));
    let late = signed(json!({"exp": NOW - 30}));
    let endless = signed(json!({"exp": null}));
    type Case<'a> = (&'a str, String, &'a [(&'a str, String)], &'a str);
    let cases: [Case<'_>; 14] = [
        ("header-name=\"Authorization\"", good.clone(), &[("Authorization", format!("Bearer {good}"))], "200"),
        ("header-name=\"Authorization\"", good.clone(), &[("Authorization", good.clone())], "200"),
        (
            "header-name=\"Authorization\" require-scheme=\"Bearer\"",
            good.clone(),
            &[("Authorization", good.clone())],
            "401 TokenNotPresent",
        ),
        (
            "header-name=\"Authorization\" require-scheme=\"Bearer\"",
            good.clone(),
            &[("Authorization", format!("Basic {good}"))],
            "401 TokenNotPresent",
        ),
        ("header-name=\"Authorization\" require-scheme=\"bearer\"", good.clone(), &[("Authorization", format!("Bearer {good}"))], "200"),
        ("header-name=\"X-Token\" require-scheme=\"Bearer\"", good.clone(), &[("X-Token", good.clone())], "200"),
        ("query-parameter-name=\"t\"", good.clone(), &[], "200"),
        ("query-parameter-name=\"other\"", good.clone(), &[], "401 TokenNotPresent"),
        (r#"token-value="@(context.Request.Headers.GetValueOrDefault("X-Token", ""))""#, good.clone(), &[("X-Token", good.clone())], "200"),
        ("query-parameter-name=\"t\" require-signed-tokens=\"false\"", unsigned.clone(), &[], "200"),
        ("query-parameter-name=\"t\" require-expiration-time=\"false\"", endless.clone(), &[], "200"),
        ("query-parameter-name=\"t\" clock-skew=\"30\"", late.clone(), &[], "200"),
        ("query-parameter-name=\"t\" clock-skew=\"29\"", late.clone(), &[], "401 TokenExpired"),
        ("query-parameter-name=\"other\" failed-validation-httpcode=\"@(418)\"", good.clone(), &[], "418 TokenNotPresent"),
    ];
    for (attributes, token, headers, expected) in cases {
        let policy = format!("<validate-jwt {attributes}>{}</validate-jwt>", shared());
        let headers: Vec<(&'static str, &'static str)> = headers.iter().map(|(name, value)| (header(name), header(value))).collect();
        let answer = World::policy(&guarded(&policy)).send(&format!("{CHAT}?t={token}"), &headers, Some(b"{}"));
        assert!(fate(&answer).starts_with(expected), "{attributes}: {}", fate(&answer));
    }
}

/// The message is evaluated with `LastError` set: MicrosoftDocs/azure-docs, issue 50219. `LastError` keeps the library's words:
/// the error-handling page's table.
#[test]
fn a_message_of_its_own_may_quote_the_error() {
    for (message, told) in [
        ("Unauthorized", "Unauthorized"),
        ("@((string)context.LastError.Message)", "JWT not present."),
        (r#"@(context.LastError.Source + " " + context.LastError.Reason)"#, "validate-jwt TokenNotPresent"),
    ] {
        let attributes = format!("failed-validation-error-message=\"{message}\"");
        let answer = World::policy(&guarded(&jwt_policy(&attributes, &shared()))).send(CHAT, &[], None);
        assert_eq!(answer.text(), format!("{{ \"statusCode\": 401, \"message\": \"{told}\" }}"));
        assert_eq!((answer.header("X-Message"), answer.header("Content-Type")), ("JWT not present.".into(), "application/json".into()));
    }
}

/// Tokens and keys of RFC 7515, appendices A.1 and A.2; they expired in 2011.
#[test]
fn the_examples_of_the_standard_are_signed_as_it_says() {
    const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let hmac = format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let rsa = format!(
        "eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u\
         JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eO\
         kHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    let secret = "<key>AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==</key>";
    let public = "<key n=\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_\
                  YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9\
                  kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\" e=\"AQAB\" />";
    for (token, keys, expected) in [
        (&hmac, secret, "200"),
        (&rsa, public, "200"),
        (&rsa, secret, "401 TokenSignatureInvalid Invalid JWT."),
        // A public key is no shared secret.
        (&hmac, public, "401 TokenSignatureInvalid Invalid JWT."),
    ] {
        let policy = jwt_policy("clock-skew=\"500000000\"", &format!("<issuer-signing-keys>{keys}</issuer-signing-keys>"));
        assert_eq!(fate(&bearer(&policy, token)), expected);
    }
}

/// Source: learn.microsoft.com/azure/api-management/validate-jwt-policy, "Authorize access to operations based on token claims".
#[test]
fn the_token_goes_to_a_variable() {
    let policy = format!(
        r#"{}<set-header name="X-Group" exists-action="override"><value>@(string.Join("+", ((Jwt)context.Variables["jwt"]).Claims["roles"]) + ((Jwt)context.Variables["jwt"]).Issuer)</value></set-header>
        <return-response><set-header name="X"><value>@(context.Request.Headers["X-Group"][0])</value></set-header></return-response>"#,
        jwt_policy("output-token-variable-name=\"jwt\"", &shared())
    );
    assert_eq!(bearer(&policy, &signed(json!({}))).header("X"), "a+bhttps://issuer.example");
}

/// What a key that a token names does: Microsoft.IdentityModel tries it alone, and every key where none has the name.
#[test]
fn keys_by_name() {
    let keys = format!(
        "<issuer-signing-keys><key id=\"one\">{}</key><key id=\"two\">{}</key></issuer-signing-keys>",
        STANDARD.encode(b"1111"),
        STANDARD.encode(SECRET)
    );
    let policy = jwt_policy("", &keys);
    let token =
        |id: Option<&str>| hs256(SECRET, &id.map_or(json!({"alg": "HS256"}), |id| json!({"alg": "HS256", "kid": id})), &claims(json!({})));
    for (id, expected) in
        [(None, "200"), (Some("two"), "200"), (Some("one"), "401 TokenSignatureInvalid Invalid JWT."), (Some("three"), "200")]
    {
        assert_eq!(fate(&bearer(&policy, &token(id))), expected, "{id:?}");
    }
    let answer = bearer(&policy, &token(Some("one")));
    assert!(
        answer.header("X-Message").starts_with("IDX10511: Signature validation failed. Keys tried: "),
        "{}",
        answer.header("X-Message")
    );
    let none = bearer(&jwt_policy("", ""), &token(None));
    assert_eq!(
        none.header("X-Message"),
        "IDX10500: Signature validation failed. No security keys were provided to validate the signature. Access denied."
    );
}

/// A world with an OpenID endpoint at `login.example` whose keys may change, and a record of what was fetched.
fn with_endpoint(policy: &str, keys: Rc<RefCell<Vec<(String, SigningKey)>>>, fetched: Rc<RefCell<Vec<String>>>) -> World {
    World::policy(&guarded(policy)).on("login.example", move |sent| {
        fetched.borrow_mut().push(sent.head.url.path.to_string());
        match sent.head.url.path.as_str() {
            "/.well-known/openid-configuration" => {
                respond(200, &[], &json!({"issuer": "https://issuer.example", "jwks_uri": "https://login.example/keys"}).to_string())
            }
            "/keys" => {
                let key = |(id, key): &(String, SigningKey)| {
                    let (n, e) = key.public();
                    json!({"kty": "RSA", "use": "sig", "kid": id, "n": n, "e": e})
                };
                respond(200, &[], &json!({"keys": keys.borrow().iter().map(key).collect::<Vec<_>>()}).to_string())
            }
            _ => respond(404, &[], "{}"),
        }
    })
}

const OPEN_ID: &str = "<openid-config url=\"https://login.example/.well-known/openid-configuration\" />";

/// Source: learn.microsoft.com/azure/api-management/validate-jwt-policy, `openid-config`: an hour, and five minutes for an unknown key.
#[test]
fn keys_come_from_an_openid_endpoint_and_are_kept() {
    let (old, new) = (SigningKey::from_seed(1).unwrap(), SigningKey::from_seed(2).unwrap());
    let keys = Rc::new(RefCell::new(vec![("old".to_owned(), old.clone())]));
    let fetched = Rc::new(RefCell::new(Vec::new()));
    let mut world = with_endpoint(&jwt_policy("", OPEN_ID), keys.clone(), fetched.clone());
    let send = |world: &mut World, token: &str| fate(&world.send(CHAT, &[("Authorization", header(&format!("Bearer {token}")))], None));
    let long = claims(json!({"exp": NOW + 100_000}));
    let count = |fetched: &Rc<RefCell<Vec<String>>>| fetched.borrow().len();

    assert_eq!(send(&mut world, &rs256(&old, "old", &long)), "200");
    assert_eq!(*fetched.borrow(), ["/.well-known/openid-configuration", "/keys"]);
    assert_eq!(send(&mut world, &rs256(&old, "old", &long)), "200");
    assert_eq!(count(&fetched), 2, "kept");
    // The configuration names the issuer.
    let other_issuer = claims(json!({"iss": "https://other.example"}));
    assert_eq!(send(&mut world, &rs256(&old, "old", &other_issuer)), "401 TokenIssuerNotAllowed Invalid JWT.");
    // A new key is looked for once in five minutes.
    keys.borrow_mut().push(("new".to_owned(), new.clone()));
    assert_eq!(send(&mut world, &rs256(&new, "new", &long)), "401 TokenSignatureKeyNotFound Invalid JWT.");
    assert_eq!(count(&fetched), 2);
    world.advance(Duration::from_secs(299));
    assert_eq!(send(&mut world, &rs256(&new, "new", &long)), "401 TokenSignatureKeyNotFound Invalid JWT.");
    world.advance(Duration::from_secs(1));
    assert_eq!(send(&mut world, &rs256(&new, "new", &long)), "200");
    assert_eq!(count(&fetched), 4);
    // The hour.
    world.advance(Duration::from_secs(3_599));
    assert_eq!(send(&mut world, &rs256(&new, "new", &long)), "200");
    assert_eq!(count(&fetched), 4);
    world.advance(Duration::from_secs(1));
    assert_eq!(send(&mut world, &rs256(&new, "new", &long)), "200");
    assert_eq!(count(&fetched), 6);
    // Signed by somebody else under a known name.
    assert_eq!(send(&mut world, &rs256(&new, "old", &long)), "401 TokenSignatureInvalid Invalid JWT.");
}

/// What an endpoint that cannot be reached does is not documented: here the token is refused, and the endpoint asked again after five minutes.
#[test]
fn an_endpoint_that_fails_is_asked_again_later() {
    let key = SigningKey::from_seed(1).unwrap();
    let asked = Rc::new(RefCell::new(0));
    let count = asked.clone();
    let mut world = World::policy(&guarded(&jwt_policy("", OPEN_ID))).on("login.example", move |_| {
        *count.borrow_mut() += 1;
        broken(FailureKind::ConnectionRefused)
    });
    let token = header(&format!("Bearer {}", rs256(&key, "k", &claims(json!({})))));
    for (wait, expected) in [(0, 1), (299, 1), (1, 2)] {
        world.advance(Duration::from_secs(wait));
        let answer = world.send(CHAT, &[("Authorization", token)], None);
        assert_eq!(fate(&answer), "401 JwtInvalid Invalid JWT.");
        assert!(answer.header("X-Message").starts_with("IDX20803: Unable to obtain configuration from: 'https://login.example/"));
        assert_eq!(*asked.borrow(), expected);
    }
}

#[test]
fn several_configurations_are_all_looked_into() {
    let (one, two) = (SigningKey::from_seed(1).unwrap(), SigningKey::from_seed(2).unwrap());
    let keys = |id: &str, key: &SigningKey| {
        json!({"keys": [{"kty": "RSA", "kid": id, "n": key.public().0, "e": "AQAB"}, {"kty": "EC", "kid": "e"}]}).to_string()
    };
    let (first, second) = (keys("one", &one), keys("two", &two));
    let mut world = World::policy(&guarded(&jwt_policy(
        "",
        "<openid-config url=\"https://a.example/c\" /><openid-config url=\"https://b.example/c\" />",
    )))
    .on("a.example", move |sent| match sent.head.url.path.as_str() {
        "/c" => respond(200, &[], r#"{"issuer":"https://a.example","jwks_uri":"https://a.example/k"}"#),
        _ => respond(200, &[], &first),
    })
    .on("b.example", move |sent| match sent.head.url.path.as_str() {
        "/c" => respond(200, &[], r#"{"issuer":"https://b.example","jwks_uri":"https://b.example/k"}"#),
        _ => respond(200, &[], &second),
    });
    for (key, id, issuer) in [(&one, "one", "https://a.example"), (&two, "two", "https://b.example")] {
        let token = rs256(key, id, &claims(json!({"iss": issuer})));
        let answer = world.send(CHAT, &[("Authorization", header(&format!("Bearer {token}")))], None);
        assert_eq!(fate(&answer), "200", "{id}");
    }
}

/// Source: learn.microsoft.com/azure/api-management/validate-azure-ad-token-policy; the two issuers of a tenant:
/// learn.microsoft.com/entra/identity-platform/access-tokens.
/// Cases of `validate-azure-ad-token`: learn.microsoft.com/azure/api-management/validate-azure-ad-token-policy
#[test]
fn tokens_of_entra() {
    const TENANT: &str = "5eed0000-0000-4000-8000-000000000000";
    let key = SigningKey::from_seed(3).unwrap();
    let policy = |inside: &str| {
        format!(
            "<validate-azure-ad-token tenant-id=\"contoso.onmicrosoft.com\" output-token-variable-name=\"jwt\">{inside}</validate-azure-ad-token>"
        )
    };
    let clients =
        "<client-application-ids><application-id>app-1</application-id><application-id>app-2</application-id></client-application-ids>";
    let audiences = "<audiences><audience>@(context.Request.OriginalUrl.Host)</audience></audiences>";
    let backends = "<backend-application-ids><application-id>back</application-id></backend-application-ids>";
    let v1 = format!("https://sts.windows.net/{TENANT}/");
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    for (inside, claim, expected) in [
        (clients.to_owned(), json!({"iss": v2, "azp": "app-2"}), "200"),
        (clients.to_owned(), json!({"iss": v1, "appid": "APP-1"}), "200"),
        (clients.to_owned(), json!({"iss": v1, "appid": "app-3"}), "401 TokenClaimValueNotAllowed"),
        (clients.to_owned(), json!({"iss": v1}), "401 TokenClaimNotFound"),
        (clients.to_owned(), json!({"iss": "https://sts.windows.net/other/", "appid": "app-1"}), "401 TokenIssuerNotAllowed"),
        (audiences.to_owned(), json!({"iss": v2, "aud": "gateway.example"}), "200"),
        (audiences.to_owned(), json!({"iss": v2}), "401 TokenAudienceNotAllowed"),
        (backends.to_owned(), json!({"iss": v2, "aud": "api://back"}), "200"),
        (backends.to_owned(), json!({"iss": v2, "aud": "front"}), "401 TokenAudienceNotAllowed"),
        (
            format!("{clients}<required-claims><claim name=\"ctry\" match=\"any\"><value>US</value></claim></required-claims>"),
            json!({"iss": v2, "azp": "app-1", "ctry": "US"}),
            "200",
        ),
    ] {
        let (n, e) = key.public();
        let mut world = World::policy(&guarded(&policy(&inside))).on("login.microsoftonline.com", move |sent| match sent.head.url.path.as_str() {
            "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration" => respond(
                200,
                &[],
                &json!({"issuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "jwks_uri": "https://login.microsoftonline.com/common/discovery/v2.0/keys"}).to_string(),
            ),
            "/common/discovery/v2.0/keys" => respond(200, &[], &json!({"keys": [{"kty": "RSA", "kid": "k", "n": n, "e": e}]}).to_string()),
            path => panic!("{path}"),
        });
        let token = rs256(&key, "k", &claims(claim.clone()));
        let answer = world.send(CHAT, &[("Authorization", header(&format!("Bearer {token}")))], None);
        assert!(fate(&answer).starts_with(expected), "{claim}: {}", fate(&answer));
        if expected != "200" {
            assert_eq!(answer.header("X-Source"), "validate-azure-ad-token");
        }
    }
}

/// What does nothing here is said when the document is read.
#[test]
fn what_is_not_simulated_is_named() {
    for (inbound, code) in [
        (jwt_policy("", "<decryption-keys><key certificate-id=\"c\" /></decryption-keys>"), "policy/not-simulated"),
        (jwt_policy("", "<issuer-signing-keys><key>not base64!</key></issuer-signing-keys>"), "policy/bad-key"),
        (jwt_policy("", "<issuer-signing-keys><key n=\"AQAB\" e=\"\" /></issuer-signing-keys>"), "policy/bad-value"),
    ] {
        let text = format!("<policies><inbound>{inbound}</inbound></policies>");
        let parsed = openai_failover::xml::parse(&openai_failover::source::Source::new("p.xml", text.as_str())).unwrap();
        let program = openai_failover::policy::compile(&parsed, &Resources::default()).unwrap();
        let codes: Vec<_> = program.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [code], "{inbound}");
        assert!(program.warnings.iter().all(|warning| !warning.message.contains("not base64!")), "it may be a secret");
    }
    // An encrypted token has five parts.
    let answer = bearer(&jwt_policy("", &shared()), "a.b.c.d.e");
    assert_eq!(fate(&answer), "500 NotSimulated Internal server error");
}

/// Chance for keys.
struct Chance(u64);

impl rsa::rand_core::RngCore for Chance {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        openai_failover::environment::split_mix(&mut self.0)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.iter_mut().for_each(|byte| *byte = self.next_u64() as u8);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Chance {}

/// Certificates of the service, and the algorithms: learn.microsoft.com/azure/api-management/validate-jwt-policy, "key attributes" and
/// usage notes.
#[test]
fn certificates_hold_public_keys_for_all_algorithms_of_rsa() {
    use rsa::{Pkcs1v15Sign, Pss, pkcs8::EncodePrivateKey, traits::PublicKeyParts};
    use sha2::Digest as _;
    let key = rsa::RsaPrivateKey::new(&mut Chance(5), 2048).unwrap();
    let pair = rcgen::KeyPair::try_from(key.to_pkcs8_der().unwrap().as_bytes()).unwrap();
    let made = rcgen::CertificateParams::new(vec!["signer.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let entities = Entities {
        certificates: [("signer".into(), bytes::Bytes::copy_from_slice(made.der()))].into_iter().collect(),
        ..Entities::default()
    };
    let components =
        format!("<key n=\"{}\" e=\"{}\" />", URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()), URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()));
    for (algorithm, expected) in [
        ("RS256", "200"),
        ("RS512", "200"),
        ("PS256", "200"),
        ("ES256", "401 TokenSignatureInvalid Invalid JWT."),
        ("none", "401 TokenSignatureInvalid Invalid JWT."),
    ] {
        let signed = unsigned(&json!({"alg": algorithm}), &claims(json!({})));
        let short = sha2::Sha256::digest(signed.as_bytes());
        let signature = match algorithm {
            "RS512" => key.sign(Pkcs1v15Sign::new::<sha2::Sha512>(), &sha2::Sha512::digest(signed.as_bytes())),
            "PS256" => key.sign_with_rng(&mut Chance(6), Pss::new::<sha2::Sha256>(), &short),
            _ => key.sign(Pkcs1v15Sign::new::<sha2::Sha256>(), &short),
        };
        let token = format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap()));
        for source in ["<key certificate-id=\"signer\" />", &components] {
            let policy = jwt_policy("", &format!("<issuer-signing-keys>{source}</issuer-signing-keys>"));
            let answer = World::policy(&guarded(&policy)).entities(entities.clone()).send(CHAT, &[("Authorization", header(&token))], None);
            assert_eq!(fate(&answer), expected, "{algorithm}");
        }
    }
    let policy = jwt_policy("", "<issuer-signing-keys><key certificate-id=\"other\" /></issuer-signing-keys>");
    assert_eq!(fate(&bearer(&policy, &signed(json!({})))), "401 TokenSignatureKeyNotFound Invalid JWT.", "no such certificate");
}
