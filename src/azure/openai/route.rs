//! Which operation on which deployment a request means.

use crate::http::{RequestHead, percent_decode};

/// An operation below a deployment.
/// Source: Azure/azure-rest-api-specs, cognitiveservices/data-plane/AzureOpenAI/inference/stable/2024-10-21/inference.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Chat,
    Completion,
    Embedding,
    Transcription,
    Translation,
    Speech,
    Image,
}

impl Operation {
    /// The operation's id, as messages about limits name it. Only that of chat is attested; the others follow the
    /// specification's `operationId`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Chat => "ChatCompletions_Create",
            Self::Completion => "Completions_Create",
            Self::Embedding => "Embeddings_Create",
            Self::Transcription => "Transcriptions_Create",
            Self::Translation => "Translations_Create",
            Self::Speech => "Speech_Create",
            Self::Image => "ImageGenerations_Create",
        }
    }

    /// The name in messages about a model that does not do it (github.com/mlflow/mlflow issue 11402).
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chatCompletion",
            Self::Completion => "completion",
            Self::Embedding => "embeddings",
            Self::Transcription => "audioTranscription",
            Self::Translation => "audioTranslation",
            Self::Speech => "audioSpeech",
            Self::Image => "imageGenerations",
        }
    }
}

/// What a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub operation: Operation,
    /// The deployment's name, percent-decoded.
    pub deployment: String,
    pub api_version: &'a str,
}

/// Finds the route: `POST /openai/deployments/{deployment}/{operation}?api-version=…`. `None` is the service's "Resource not
/// found", which it answers for an unknown path, a method that the path does not have and a missing or malformed version
/// alike, before it looks at any key: its own front is an API Management, which matches the operation first.
pub(super) fn find(request: &RequestHead) -> Option<Route<'_>> {
    if !request.method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let mut segments = request.url.path.strip_prefix('/')?.split('/');
    let mut literal = |expected: &str| segments.next().filter(|segment| segment.eq_ignore_ascii_case(expected));
    literal("openai")?;
    literal("deployments")?;
    let deployment = segments.next().filter(|name| !name.is_empty())?;
    let mut rest = [""; 2];
    for place in &mut rest {
        *place = segments.next().unwrap_or_default();
    }
    if segments.next().is_some() {
        return None;
    }
    const OPERATIONS: [(&str, &str, Operation); 7] = [
        ("chat", "completions", Operation::Chat),
        ("completions", "", Operation::Completion),
        ("embeddings", "", Operation::Embedding),
        ("audio", "transcriptions", Operation::Transcription),
        ("audio", "translations", Operation::Translation),
        ("audio", "speech", Operation::Speech),
        ("images", "generations", Operation::Image),
    ];
    let [first, second] = rest;
    let operation = OPERATIONS.iter().find(|(a, b, _)| first.eq_ignore_ascii_case(a) && second.eq_ignore_ascii_case(b))?.2;
    Some(Route { operation, deployment: percent_decode(deployment), api_version: api_version(&request.url.query)? })
}

/// The first `api-version` of a query, if it has the form of one: a date, or a date and `-preview`. Which versions there are is
/// not checked: they come and go.
fn api_version(query: &str) -> Option<&str> {
    let pairs = query.strip_prefix('?').unwrap_or(query).split('&');
    let version = pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("api-version"))?.1;
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let digits = |byte: (usize, u8)| if matches!(byte.0, 4 | 7) { byte.1 == b'-' } else { byte.1.is_ascii_digit() };
    (date.len() == 10 && date.bytes().enumerate().all(digits)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Url;

    #[test]
    fn paths_mean_operations() {
        let base = "https://a.openai.azure.com/openai/deployments";
        for (method, url, expected) in [
            ("POST", format!("{base}/gpt-4o/chat/completions?api-version=2024-10-21"), Some((Operation::Chat, "gpt-4o"))),
            ("POST", format!("{base}/gpt-4o/completions?x=1&API-Version=2025-04-01-preview"), Some((Operation::Completion, "gpt-4o"))),
            ("POST", format!("{base}/my%20model/embeddings?api-version=2024-10-21"), Some((Operation::Embedding, "my model"))),
            ("POST", format!("{base}/a/audio/transcriptions?api-version=2024-10-21"), Some((Operation::Transcription, "a"))),
            ("POST", format!("{base}/a/audio/translations?api-version=2024-10-21"), Some((Operation::Translation, "a"))),
            ("POST", format!("{base}/a/audio/speech?api-version=2024-10-21"), Some((Operation::Speech, "a"))),
            ("POST", format!("{base}/a/images/generations?api-version=2024-10-21"), Some((Operation::Image, "a"))),
            ("POST", "https://a/OpenAI/Deployments/A/Chat/Completions?api-version=2024-10-21".to_owned(), Some((Operation::Chat, "A"))),
            ("GET", format!("{base}/gpt-4o/chat/completions?api-version=2024-10-21"), None),
            ("POST", format!("{base}/gpt-4o/chat/completions"), None),
            ("POST", format!("{base}/gpt-4o/chat/completions?api-version="), None),
            ("POST", format!("{base}/gpt-4o/chat/completions?api-version=latest"), None),
            ("POST", format!("{base}/gpt-4o/chat/completions?api-version=2024-10-2x"), None),
            ("POST", format!("{base}/gpt-4o/chat/completions/?api-version=2024-10-21"), None),
            ("POST", format!("{base}//chat/completions?api-version=2024-10-21"), None),
            ("POST", format!("{base}/gpt-4o/chat?api-version=2024-10-21"), None),
            ("POST", format!("{base}/gpt-4o?api-version=2024-10-21"), None),
            ("POST", "https://a/?api-version=2024-10-21".to_owned(), None),
            ("POST", "https://a/deployments/a/chat/completions?api-version=2024-10-21".to_owned(), None),
        ] {
            let request = RequestHead { method: method.into(), url: Url::parse(&url).unwrap(), ..Default::default() };
            let route = find(&request);
            assert_eq!(route.as_ref().map(|route| (route.operation, route.deployment.as_str())), expected, "{method} {url}");
        }
    }
}
