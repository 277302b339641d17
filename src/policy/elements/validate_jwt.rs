//! `validate-jwt`: a token must be there, signed by a known key, in force and made out to whom it should be.

use crate::{
    dotnet::crypto::jws::Key,
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// Where a token comes from.
#[derive(Debug)]
pub enum TokenSource {
    /// The header of that name.
    Header(Setting<Text>),
    /// The query parameter of that name.
    Query(Setting<Text>),
    /// The value itself.
    Value(Setting<Text>),
}

/// What a refused request is told.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: Setting<i64>,
    /// The message; one that depends on the failure without it.
    pub message: Option<Setting<Text>>,
}

/// A claim that must be there.
#[derive(Debug)]
pub struct RequiredClaim {
    /// Its name in the token.
    pub name: Setting<Text>,
    /// `all` or `any` of the values.
    pub matching: Option<Setting<Text>>,
    /// What stands between the values of one text.
    pub separator: Option<Setting<Text>>,
    /// The values; none asks for the claim alone.
    pub values: Vec<Setting<Text>>,
}

/// A key of `issuer-signing-keys`.
#[derive(Debug)]
pub struct IssuerKey {
    /// The `kid` that it is for.
    pub id: Option<Setting<Text>>,
    /// Where it comes from.
    pub source: KeySource,
}

/// Where a key comes from.
#[derive(Debug)]
pub enum KeySource {
    /// It stands in the document.
    Known(Key),
    /// An expression gives it, Base64 encoded.
    Text(Setting<Text>),
    /// A certificate of the service, by its id.
    Certificate(Setting<Text>),
}

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateJwt {
    /// The token.
    pub source: TokenSource,
    /// The scheme that an `Authorization` header must begin with.
    pub scheme: Option<Setting<Text>>,
    /// The answer of a refusal.
    pub refusal: Refusal,
    /// Seconds that clocks may differ.
    pub clock_skew: Setting<i64>,
    /// Whether `exp` must be there.
    pub require_expiration_time: Setting<bool>,
    /// Whether there must be a signature.
    pub require_signed_tokens: Setting<bool>,
    /// The variable for the token.
    pub output: Option<Text>,
    /// URLs of OpenID configurations.
    pub configurations: Vec<Setting<Text>>,
    /// Keys by themselves.
    pub keys: Vec<IssuerKey>,
    /// Whom the token may be for; anyone without.
    pub audiences: Vec<Setting<Text>>,
    /// Who may have issued it, with the issuers of the configurations.
    pub issuers: Vec<Setting<Text>>,
    /// What it must say.
    pub claims: Vec<RequiredClaim>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateJwt> {
    unsupported(lowering, element);
    Some(ValidateJwt {
        source: source(lowering, element)?,
        scheme: lowering.text_attribute(element, "require-scheme"),
        refusal: refusal(lowering, element),
        clock_skew: lowering.int_attribute(element, "clock-skew", 0..=i64::from(i32::MAX)).unwrap_or(Setting::Literal(0)),
        require_expiration_time: lowering.bool_attribute(element, "require-expiration-time").unwrap_or(Setting::Literal(true)),
        require_signed_tokens: lowering.bool_attribute(element, "require-signed-tokens").unwrap_or(Setting::Literal(true)),
        output: lowering.literal_attribute(element, "output-token-variable-name"),
        configurations: element
            .elements()
            .filter(|child| child.name == "openid-config")
            .filter_map(|child| lowering.text_attribute(child, "url"))
            .collect(),
        keys: keys(lowering, element),
        audiences: texts(lowering, element, "audiences", "audience"),
        issuers: texts(lowering, element, "issuers", "issuer"),
        claims: claims(lowering, element),
    })
}

/// The attribute that says where the token is.
pub(super) fn source(lowering: &mut Lowering<'_>, element: &Element) -> Option<TokenSource> {
    if element.attribute("token-value").is_some() {
        return lowering.text_attribute(element, "token-value").map(TokenSource::Value);
    }
    if element.attribute("query-parameter-name").is_some() {
        return lowering.text_attribute(element, "query-parameter-name").map(TokenSource::Query);
    }
    lowering.text_attribute(element, "header-name").map(TokenSource::Header)
}

/// The attributes of a refusal.
pub(super) fn refusal(lowering: &mut Lowering<'_>, element: &Element) -> Refusal {
    Refusal {
        status: lowering.int_attribute(element, "failed-validation-httpcode", 100..=999).unwrap_or(Setting::Literal(401)),
        message: lowering.text_attribute(element, "failed-validation-error-message"),
    }
}

/// The texts of the children `child` in the child `parent`.
pub(super) fn texts(lowering: &mut Lowering<'_>, element: &Element, parent: &str, child: &str) -> Vec<Setting<Text>> {
    let Some(parent) = element.element(parent) else { return Vec::new() };
    parent.elements().filter(|each| each.name == child).filter_map(|each| lowering.text(each, Target::Text)).collect()
}

/// The child `required-claims`.
pub(super) fn claims(lowering: &mut Lowering<'_>, element: &Element) -> Vec<RequiredClaim> {
    let Some(parent) = element.element("required-claims") else { return Vec::new() };
    let mut claims = Vec::new();
    for claim in parent.elements().filter(|each| each.name == "claim") {
        let name = lowering.text_attribute(claim, "name");
        let matching = lowering.text_attribute(claim, "match");
        let separator = lowering.text_attribute(claim, "separator");
        let values: Vec<_> =
            claim.elements().filter(|each| each.name == "value").filter_map(|each| lowering.text(each, Target::Text)).collect();
        claims.extend(name.map(|name| RequiredClaim { name, matching, separator, values }));
    }
    claims
}

fn keys(lowering: &mut Lowering<'_>, element: &Element) -> Vec<IssuerKey> {
    let Some(parent) = element.element("issuer-signing-keys") else { return Vec::new() };
    let mut keys = Vec::new();
    for key in parent.elements().filter(|each| each.name == "key") {
        let id = lowering.text_attribute(key, "id");
        let source = if key.attribute("certificate-id").is_some() {
            lowering.text_attribute(key, "certificate-id").map(KeySource::Certificate)
        } else if key.attribute("n").is_some() || key.attribute("e").is_some() {
            public_key(lowering, key)
        } else {
            shared_key(lowering, key)
        };
        keys.extend(source.map(|source| IssuerKey { id, source }));
    }
    keys
}

fn public_key(lowering: &mut Lowering<'_>, element: &Element) -> Option<KeySource> {
    for name in ["n", "e"] {
        if element.attribute(name).is_none() {
            lowering.missing(element, name);
        }
    }
    let modulus = lowering.literal_attribute(element, "n")?;
    let exponent = lowering.literal_attribute(element, "e")?;
    let key = Key::rsa(&modulus, &exponent);
    if key.is_none() {
        let help = "`n` and `e` are the modulus and the exponent, Base64url encoded";
        lowering.warning("policy/bad-value", element.name_span, "this is no RSA key: no signature will fit it", help);
    }
    key.map(KeySource::Known)
}

fn shared_key(lowering: &mut Lowering<'_>, element: &Element) -> Option<KeySource> {
    match lowering.text(element, Target::Text)? {
        Setting::Literal(text) => {
            let key = Key::symmetric(&text);
            if key.is_none() {
                // What stands there may be a secret: it is not shown.
                let help = "encode the key as Base64; a public key is given by `certificate-id`, or by `n` and `e`";
                lowering.warning("policy/bad-key", element.name_span, "the key is not Base64: no signature will fit it", help);
            }
            key.map(KeySource::Known)
        }
        expression @ Setting::Expression(_) => Some(KeySource::Text(expression)),
    }
}

/// Children that the gateway here does nothing with.
pub(super) fn unsupported(lowering: &mut Lowering<'_>, element: &Element) {
    let named = |name: &str| element.element(name);
    if let Some(child) = named("decryption-keys") {
        let help = "signed tokens are validated all the same; a request with an encrypted one fails";
        lowering.warning("policy/not-simulated", child.name_span, "encrypted tokens are not simulated", help);
    }
    let old = [named("issuer-signing-tokens"), named("issuer-signing-keys").and_then(|keys| keys.element("zumo-master-key"))];
    for child in old.into_iter().flatten() {
        let message = format!("`{}` is not simulated", child.name);
        lowering.fault("policy/not-simulated", child.name_span, message, "use `key` in `issuer-signing-keys`, or `openid-config`");
    }
}
