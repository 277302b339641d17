//! What no trace shows: keys, tokens, the values of Named Values, and what headers carry credentials.

use super::{execute::encode, trace::Entry};
use crate::text::Text;

/// What stands in place of a secret.
const MASK: &str = "***";

/// A shorter text is no secret: masking every `1` would hide the trace, not the key.
const SHORTEST: usize = 6;

/// As much of a text as a trace shows, in characters.
const LONGEST: usize = 1024;

/// Headers whose values are credentials, whatever they say.
const CREDENTIALS: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "ocp-apim-subscription-key",
    "x-api-key",
    "x-functions-key",
    "cookie",
    "set-cookie",
    "apim-debug-authorization",
];

/// Texts that are masked wherever they stand.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The longest first, so that a secret inside of another does not leave its ends.
    texts: Vec<Text>,
}

impl FromIterator<Text> for Secrets {
    fn from_iter<I: IntoIterator<Item = Text>>(texts: I) -> Self {
        let mut secrets = Self::default();
        secrets.extend(texts);
        secrets
    }
}

impl Extend<Text> for Secrets {
    fn extend<I: IntoIterator<Item = Text>>(&mut self, texts: I) {
        for text in texts.into_iter().filter(|text| text.len() >= SHORTEST) {
            // In a URL it stands encoded.
            let encoded = encode(&text);
            if encoded != *text.as_str() {
                self.texts.push(encoded.into());
            }
            self.texts.push(text);
        }
        self.texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.as_str().cmp(b.as_str())));
        self.texts.dedup();
    }
}

impl Secrets {
    /// Masks every secret in the lines of a record.
    pub(super) fn mask(&self, entries: &mut [Entry]) {
        for entry in entries {
            match entry {
                Entry::Message { message, .. } | Entry::Failed { message, .. } => self.hide(message),
                Entry::Value(value) => self.hide(value),
                Entry::Recorded(settings) => settings.iter_mut().for_each(|(_, value)| self.hide(value)),
                Entry::Changed { what, before, after } => {
                    let is_credential = what.split(" header ").nth(1).is_some_and(is_credential);
                    for value in before.iter_mut().chain(after) {
                        if is_credential {
                            *value = Text::Static(MASK);
                        } else {
                            self.hide(value);
                        }
                    }
                }
            }
        }
    }

    /// Hides what is secret, then cuts what is too long for a trace: the other way round a secret would show its head.
    fn hide(&self, text: &mut Text) {
        for secret in &self.texts {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK).into();
            }
        }
        if let Some(hidden) = without_tokens(text) {
            *text = hidden.into();
        }
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            *text = format!("{}… ({} bytes)", text.get(..end).unwrap_or(""), text.len()).into();
        }
    }
}

fn is_credential(header: &str) -> bool {
    CREDENTIALS.iter().any(|name| name.eq_ignore_ascii_case(header))
}

/// A text with its JSON Web Tokens masked, where it has any: they begin with the base64 of `{"`, and have two dots.
fn without_tokens(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let end = token.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        out.push_str(before);
        // Two dots of a signed one, four of an encrypted one, and perhaps that of a sentence.
        out.push_str(if token.matches('.').count() >= 2 { MASK } else { token });
        rest = after;
    }
    let is_changed = out.contains(MASK) || out.len() + rest.len() != text.len();
    is_changed.then(|| out + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_credentials_are_masked_wherever_they_stand() {
        let secrets: Secrets = ["secret-one", "secret-one-longer", "ab", "ab+c==d"].map(Text::Static).into_iter().collect();
        let mut entries = [
            Entry::Value("x secret-one-longer y secret-one ab".into()),
            Entry::Value("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln!".into()),
            Entry::Value("eyJ is no token".into()),
            Entry::Value("?sig=ab%2Bc%3D%3Dd, and eyJa.b.c.".into()),
            Entry::Changed { what: "request header Api-Key".into(), before: None, after: Some("k".into()) },
            Entry::Changed { what: "request header X-Team".into(), before: Some("a".into()), after: Some("secret-one".into()) },
        ];
        secrets.mask(&mut entries);
        assert_eq!(
            entries,
            [
                Entry::Value("x *** y *** ab".into()),
                Entry::Value("Bearer ***!".into()),
                Entry::Value("eyJ is no token".into()),
                Entry::Value("?sig=***, and ***".into()),
                Entry::Changed { what: "request header Api-Key".into(), before: None, after: Some("***".into()) },
                Entry::Changed { what: "request header X-Team".into(), before: Some("a".into()), after: Some("***".into()) },
            ]
        );
    }
}
