//! The single values of a spec: each type's rule as JSON Schema and as a reader that says what is wrong.

use std::{borrow::Cow, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    fields::{Read, Reader, shown},
    model::{Endpoint, StatusRange},
    regions::Region,
    tree::{Node, Value},
};
use crate::diagnostic::nearest;

/// Gives a type its place in the JSON Schema: written out where it is used.
macro_rules! schema {
    ([$($generics:tt)*] $type:ty, $name:expr, $schema:expr) => {
        impl<$($generics)*> JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}
pub(crate) use schema;

/// A text with a rule: its name, its pattern, and what a wrong one is told.
macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $what:literal, $code:literal, $pattern:literal, $holds:expr, $rule:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) String);

        impl Read for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $what)?;
                let holds: fn(&str) -> bool = $holds;
                if holds(text) {
                    return Some(Self(text.to_owned()));
                }
                reader.error($code, node.head(reader.source.text()), format!("`{}` is not {}", shown(text), $what), $rule);
                None
            }
        }

        schema!([] $name, $what, json_schema!({ "type": "string", "pattern": $pattern }));
    };
}

fn all(text: &str, most: usize, allowed: fn(char) -> bool) -> bool {
    !text.is_empty() && text.len() <= most && text.chars().all(allowed)
}

fn path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~".contains(c)
}

text!(
    /// An id that can stand in an XML attribute, a C# string, a header value and an Azure resource name.
    Id, "an id", "spec/bad-id", "^[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9])?$",
    |text| all(text, 80, |c| c.is_ascii_alphanumeric() || "._-".contains(c)) && text.starts_with(edge) && text.ends_with(edge),
    "use 1 to 80 letters, digits, `.`, `_` and `-`, with a letter or digit at both ends"
);
fn edge(c: char) -> bool {
    c.is_ascii_alphanumeric()
}
text!(
    /// Name of a model, a model version or a deployment.
    ModelName, "a model or deployment name", "spec/bad-name", "^[A-Za-z0-9._-]{1,64}$",
    |text| all(text, 64, |c| c.is_ascii_alphanumeric() || "._-".contains(c)),
    "use 1 to 64 letters, digits, `.`, `_` and `-`"
);
text!(
    /// Display name of a Named Value: <https://learn.microsoft.com/azure/api-management/api-management-howto-properties>.
    NamedValueName, "the name of a Named Value", "spec/bad-name", "^[A-Za-z0-9._-]{1,256}$",
    |text| all(text, 256, |c| c.is_ascii_alphanumeric() || "._-".contains(c)),
    "use 1 to 256 letters, digits, `.`, `_` and `-`"
);
text!(
    /// Public path of the API: segments with single slashes between them.
    ApiPath, "an API path", "spec/bad-path", "^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$",
    |text| text.len() <= 400 && text.split('/').all(|segment| all(segment, 400, path_character)),
    "write it without a slash at either end: letters, digits, `-`, `.`, `_`, `~` and single slashes between segments"
);
text!(
    /// Path that health probes ask for.
    ProbePath, "a probe path", "spec/bad-path", "^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?)?$",
    |text| text.strip_prefix('/').is_some_and(|rest| {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        text == "/" || rest.split('/').all(|segment| all(segment, 400, path_character))
    }),
    "begin with `/`; letters, digits, `-`, `.`, `_`, `~` and single slashes follow"
);
text!(
    /// A header name: RFC 9110, section 5.1.
    HeaderName, "a header name", "spec/bad-header-name", "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$",
    |text| all(text, 256, |c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)),
    "use letters, digits and `-`"
);
text!(
    /// Name of a firewall rule; Azure knows letters and digits only, so the generated name leaves `-` out.
    RuleName, "a rule name", "spec/bad-name", "^[A-Za-z][A-Za-z0-9-]{0,127}$",
    |text| all(text, 128, |c| c.is_ascii_alphanumeric() || c == '-') && text.starts_with(|c: char| c.is_ascii_alphabetic()),
    "use 1 to 128 letters, digits and `-`, beginning with a letter"
);
text!(
    /// A GUID with its hyphens, without braces.
    Guid, "a GUID", "spec/bad-guid", "^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$",
    |text| {
        let groups = [8, 4, 4, 4, 12];
        let hex = |(group, length): (&str, usize)| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split('-').count() == groups.len() && text.split('-').zip(groups).all(hex)
    },
    "write 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12, as `properties.frontDoorId` of the profile shows it"
);
text!(
    /// Where a firewall rule sends the client.
    RedirectUrl, "an `https` URL", "spec/bad-url", "^https://[^/?#\\\\\\s]+[^\\\\\\s]*$",
    |text| text.len() <= 2_048 && text.strip_prefix("https://").is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or("");
        let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { "" });
        is_host(name) && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
    }),
    "write `https://`, a host, and the path that the client should go to"
);
text!(
    /// Where a file or folder is, from the place of the file that names it.
    FilePath, "the path of a file", "spec/bad-path", "^[^\\u0000]+$",
    |text| !text.trim().is_empty() && !text.contains('\0'),
    "write it as seen from this file: `two-region.yaml`, `../specs/two-region.yaml`"
);
/// Any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Read for Text {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(node, "text").map(|text| Self(text.to_owned()))
    }
}
schema!([] Text, "Text", json_schema!({ "type": "string" }));

/// A truth value: `true` or `false`, unquoted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth(pub(crate) bool);

impl Read for Truth {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(Self(true)),
            Value::Scalar { text, plain: true } if text == "false" => Some(Self(false)),
            Value::Scalar { text, plain } => {
                let help =
                    if matches!(text.as_str(), "true" | "false") && !plain { "leave the quotes out" } else { "write `true` or `false`" };
                reader.error("spec/wrong-type", node.span, format!("`{}` is not a truth value", shown(text)), help);
                None
            }
            _ => {
                reader.wrong_type(node, "`true` or `false`");
                None
            }
        }
    }
}
schema!([] Truth, "Truth", json_schema!({ "type": "boolean" }));

/// A truth value that has only one sense: what is not wanted is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yes;

impl Read for Yes {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if Truth::read(node, reader)?.0 {
            return Some(Self);
        }
        reader.error("spec/unknown-value", node.span, "`false` says nothing here", "write `true`, or give `apiKey` instead");
        None
    }
}
schema!([] Yes, "Yes", json_schema!({ "type": "boolean", "const": true }));

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number in the width that the model gives it; the bounds see to it that it fits.
    pub(crate) fn narrow<T: TryFrom<u64>>(self) -> Option<T> {
        T::try_from(self.0).ok()
    }
}

impl<const MIN: u64, const MAX: u64> Read for Whole<MIN, MAX> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match &node.value {
            Value::Scalar { text, plain: true } => text,
            Value::Scalar { text, .. } if text.parse::<u64>().is_ok() => {
                reader.error("spec/wrong-type", node.span, format!("`{}` is text here", shown(text)), "leave the quotes out");
                return None;
            }
            _ => {
                reader.wrong_type(node, "a whole number");
                return None;
            }
        };
        match text.parse::<i128>() {
            Ok(number) if (i128::from(MIN)..=i128::from(MAX)).contains(&number) => u64::try_from(number).ok().map(Self),
            Ok(_) => {
                reader.error("spec/out-of-range", node.span, format!("`{}` is out of range", shown(text)), format!("give {MIN} to {MAX}"));
                None
            }
            Err(_) if text.parse::<f64>().is_ok() => {
                reader.error("spec/out-of-range", node.span, format!("`{}` is not a whole number from {MIN} to {MAX}", shown(text)), "");
                None
            }
            Err(_) => {
                reader.wrong_type(node, "a whole number");
                None
            }
        }
    }
}
schema!([const MIN: u64, const MAX: u64] Whole<MIN, MAX>, "Whole", json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX }));

/// A percentage above 0 and below 100.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percent(pub(crate) f64);

impl Read for Percent {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match &node.value {
            Value::Scalar { text, plain: true } => text.parse::<f64>().ok().filter(|number| number.is_finite()),
            _ => None,
        };
        match number {
            Some(number) if number > 0.0 && number < 100.0 => Some(Self(number)),
            Some(_) => {
                let help = "give a percentage above 0 and below 100: nothing is available always";
                reader.error("spec/out-of-range", node.span, "the percentage is out of range", help);
                None
            }
            None => {
                reader.wrong_type(node, "a percentage such as 99.95");
                None
            }
        }
    }
}
schema!([] Percent, "Percent", json_schema!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100 }));

/// A duration as text, in milliseconds: `250ms`, `30s`, `5m`, `1h`.
pub(crate) fn milliseconds(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(unit_at)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A length in milliseconds in the words of a spec.
pub(crate) fn in_words(ms: u64) -> String {
    match ms {
        ms if ms > 0 && ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms > 0 && ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

/// A duration of `MIN` to `MAX` milliseconds in steps of `STEP`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting<const MIN: u64, const MAX: u64, const STEP: u64>(pub(crate) Duration);

impl<const MIN: u64, const MAX: u64, const STEP: u64> Read for Lasting<MIN, MAX, STEP> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        const FORM: &str = "a duration is a whole number with a unit: `250ms`, `30s`, `5m`, `1h`";
        let text = reader.text(node, "a duration such as `30s`")?;
        let Some(ms) = milliseconds(text) else {
            let help = if text.parse::<f64>().is_ok() { format!("did you mean `{}s`? {FORM}", shown(text)) } else { FORM.to_owned() };
            reader.error("spec/bad-duration", node.span, format!("`{}` is not a duration", shown(text)), help);
            return None;
        };
        if (MIN..=MAX).contains(&ms) && ms % STEP == 0 {
            return Some(Self(Duration::from_millis(ms)));
        }
        let seconds = if STEP == 1_000 { ", in whole seconds" } else { "" };
        let (least, most) = (in_words(MIN), if STEP == 1_000 { format!("{}s", MAX / 1_000) } else { in_words(MAX) });
        let help = format!("give {least} to {most}{seconds}");
        reader.error("spec/out-of-range", node.span, format!("`{}` is out of range", shown(text)), help);
        None
    }
}
schema!(
    [const MIN: u64, const MAX: u64, const STEP: u64] Lasting<MIN, MAX, STEP>, "Duration",
    json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" })
);

/// The window of a rate limit: one minute or five.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window(pub(crate) Duration);

impl Read for Window {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "`1m` or `5m`")?;
        match milliseconds(text) {
            Some(ms @ (60_000 | 300_000)) => Some(Self(Duration::from_millis(ms))),
            Some(_) => {
                reader.error("spec/out-of-range", node.span, format!("a window of `{}` does not exist", shown(text)), "give `1m` or `5m`");
                None
            }
            None => {
                reader.error("spec/bad-duration", node.span, format!("`{}` is not a duration", shown(text)), "give `1m` or `5m`");
                None
            }
        }
    }
}
schema!([] Window, "Window", json_schema!({ "type": "string", "enum": ["1m", "60s", "5m", "300s"] }));

impl Read for StatusRange {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a status such as `429` or `500-599`")?;
        let status = |text: &str| text.parse::<u16>().ok().filter(|status| (100..=999).contains(status) && text.len() == 3);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let Some((first, last)) = status(first).zip(status(last)) else {
            let help = "write `429`, or a range such as `500-599`";
            reader.error("spec/bad-status", node.span, format!("`{}` is not a status", shown(text)), help);
            return None;
        };
        if first > last {
            let help = format!("write `{last}-{first}`");
            reader.error("spec/bad-status", node.span, format!("the range `{text}` runs backwards"), help);
            return None;
        }
        if first < 400 || last > 599 {
            let help =
                if first < 400 { "a success must not fail over: give statuses from 400 to 599" } else { "give statuses from 400 to 599" };
            reader.error("spec/bad-status", node.span, format!("`{text}` is no failure"), help);
            return None;
        }
        Some(Self { first, last })
    }
}
schema!(
    [] StatusRange, "StatusRange",
    json_schema!({ "anyOf": [
        { "type": "string", "pattern": "^[45][0-9][0-9](-[45][0-9][0-9])?$" },
        { "type": "integer", "minimum": 400, "maximum": 599 },
    ]})
);

impl Read for Region {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "the name of an Azure region")?;
        if let Some(region) = Self::named(text) {
            return Some(region);
        }
        let help = match Self::spelled(text).map(|region| region.name).or_else(|| nearest(text, Self::all().map(|region| region.name))) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`az account list-locations --query \"[].name\"` lists the regions".to_owned(),
        };
        reader.error("spec/unknown-region", node.span, format!("there is no Azure region `{}`", shown(text)), help);
        None
    }
}

impl JsonSchema for Region {
    fn schema_name() -> Cow<'static, str> {
        "Region".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::all().map(|region| region.name).collect();
        json_schema!({ "description": "Short name of an Azure region.", "type": "string", "enum": names })
    }
}

impl Read for Endpoint {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "an `https` URL")?;
        let mut wrong = |code, message: &str, help: &str| {
            reader.error(code, node.span, format!("the endpoint {message}"), help);
            None
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return wrong("spec/not-https", "is no URL", "write `https://` and the resource's host");
        };
        if !scheme.eq_ignore_ascii_case("https") {
            return wrong("spec/not-https", "is not `https`", "keys and prompts travel here: write `https://`");
        }
        let authority_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(authority_end).unwrap_or((rest, ""));
        if authority.contains('@') {
            return wrong("spec/bad-endpoint", "holds a user name", "credentials belong into `auth`");
        }
        if !matches!(path, "" | "/") {
            return wrong("spec/bad-endpoint", "has more than a host", "the policy adds `/openai` and what follows: end after the host");
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => match port.parse::<u16>().ok().filter(|port| *port != 0) {
                Some(port) => (host, Some(port)),
                None => return wrong("spec/bad-endpoint", "has a port that is no port", "leave the port out: it is 443"),
            },
            None => (authority, None),
        };
        if !is_host(host) {
            return wrong(
                "spec/bad-endpoint",
                "has no valid host",
                "write `https://` and the resource's host: `https://NAME.openai.azure.com`",
            );
        }
        let host = host.to_ascii_lowercase();
        let port = port.filter(|port| *port != 443);
        let url = port.map_or_else(|| format!("https://{host}"), |port| format!("https://{host}:{port}"));
        Some(Self { url, host, port })
    }
}
schema!(
    [] Endpoint, "Endpoint",
    json_schema!({ "type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]://[A-Za-z0-9.-]+(:[0-9]+)?/?$" })
);

fn is_host(host: &str) -> bool {
    let label = |label: &str| all(label, 63, |c| c.is_ascii_alphanumeric() || c == '-') && !label.starts_with('-') && !label.ends_with('-');
    host.len() <= 253 && host.split('.').all(label)
}

/// Host names of vaults in the public cloud and the sovereign ones: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>.
const VAULTS: [&str; 3] = [".vault.azure.net", ".vault.azure.cn", ".vault.usgovcloudapi.net"];

/// URL of a secret in a vault: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>.
#[derive(Clone, Debug)]
pub(crate) struct SecretUrl(pub(crate) String);

impl Read for SecretUrl {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "the URL of a secret")?;
        let valid = || {
            let (host, path) = text.strip_prefix("https://")?.split_once("/secrets/")?;
            let vault = VAULTS.iter().find_map(|suffix| host.strip_suffix(suffix))?;
            let (name, version) = path.split_once('/').map_or((path, None), |(name, version)| (name, Some(version)));
            let dashed = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let good = all(vault, 24, dashed) && all(name, 127, dashed);
            (good && version.is_none_or(|version| all(version, 64, |c| c.is_ascii_alphanumeric()))).then_some(())
        };
        if valid().is_some() {
            return Some(Self(text.to_owned()));
        }
        // The text is not shown: whoever put a key here must not find it in a log.
        let help =
            "write `https://VAULT.vault.azure.net/secrets/NAME`, optionally with `/VERSION`; the secret itself never stands in a spec";
        reader.error("spec/bad-vault-url", node.head(reader.source.text()), "this is not the URL of a Key Vault secret", help);
        None
    }
}
schema!(
    [] SecretUrl, "SecretUrl",
    json_schema!({
        "type": "string",
        "pattern": "^https://[A-Za-z0-9-]{1,24}\\.vault\\.(azure\\.net|azure\\.cn|usgovcloudapi\\.net)/secrets/[A-Za-z0-9-]{1,127}(/[A-Za-z0-9]{1,64})?$",
    })
);
