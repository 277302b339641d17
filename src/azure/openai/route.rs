//! Which operation on which deployment a request means.

use std::sync::Arc;

use crate::{
    http::{RequestHead, percent_decode},
    text::Text,
};

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
    Response,
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
            Self::Response => "Responses_Create",
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
            Self::Response => "responses",
        }
    }

    fn of(first: &str, second: &str) -> Option<Self> {
        const OPERATIONS: [(&str, &str, Operation); 7] = [
            ("chat", "completions", Operation::Chat),
            ("completions", "", Operation::Completion),
            ("embeddings", "", Operation::Embedding),
            ("audio", "transcriptions", Operation::Transcription),
            ("audio", "translations", Operation::Translation),
            ("audio", "speech", Operation::Speech),
            ("images", "generations", Operation::Image),
        ];
        OPERATIONS.iter().find(|(a, b, _)| first.eq_ignore_ascii_case(a) && second.eq_ignore_ascii_case(b)).map(|found| found.2)
    }
}

/// What a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub what: What,
    /// The version that messages name: `v1` where the path says so and the query nothing.
    pub api_version: String,
    /// Whether the path is one of `/openai/v1`.
    pub is_v1: bool,
}

/// The thing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An operation of a deployment, whose name is in the path, percent-decoded; or, without one, in the body as `model`.
    Operation(Operation, Option<String>),
    /// A stored response, by its id.
    Stored(String),
    /// A stored response is deleted.
    Delete(String),
    /// The models of the resource.
    Models,
    /// One of them.
    Model(String),
}

/// Routes of late requests: few ask for many paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes {
    known: Vec<Known>,
    /// Where the next goes once there is no more room.
    next: usize,
}

/// A request's line, and its route.
#[derive(Clone, Debug)]
struct Known {
    method: Text,
    path: Text,
    query: Text,
    route: Option<Arc<Route>>,
}

/// How many routes are remembered, and how long a path and a query may be.
const MOST: usize = 8;
const LONGEST: usize = 512;

impl Routes {
    /// The route of a request: [`find`], or what it found before.
    pub fn find(&mut self, request: &RequestHead) -> Option<Arc<Route>> {
        let (method, path, query) = (&request.method, &request.url.path, &request.url.query);
        let is_it = |known: &&Known| known.path == *path && known.query == *query && known.method == *method;
        if let Some(known) = self.known.iter().find(is_it) {
            return known.route.clone();
        }
        let route = find(request).map(Arc::new);
        if path.len() <= LONGEST && query.len() <= LONGEST {
            let new = Known { method: method.clone(), path: path.clone(), query: query.clone(), route: route.clone() };
            match self.known.get_mut(self.next) {
                Some(old) => *old = new,
                None => self.known.push(new),
            }
            self.next = (self.next + 1) % MOST;
        }
        route
    }
}

/// Finds the route: `POST /openai/deployments/{deployment}/{operation}?api-version=…`, `/openai/responses?api-version=…`, or
/// `/openai/v1/{operation}`, where no version is needed. `None` is the service's "Resource not
/// found", which it answers for an unknown path, a method that the path does not have and a missing or malformed version
/// alike, before it looks at any key: its own front is an API Management, which matches the operation first.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle; which operations are below a deployment:
/// github.com/openai/openai-python, src/openai/lib/azure.py.
fn find(request: &RequestHead) -> Option<Route> {
    let mut segments = request.url.path.strip_prefix('/')?.split('/');
    segments.next().filter(|segment| segment.eq_ignore_ascii_case("openai"))?;
    let mut parts = [""; 5];
    let mut count = 0;
    for segment in segments {
        *parts.get_mut(count)? = segment;
        count += 1;
    }
    let [first, second, third, fourth, _] = parts;
    let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
    let (is_post, is_get) = (is(&request.method, "POST"), is(&request.method, "GET"));
    let version = api_version(&request.url.query);
    if is(first, "deployments") {
        // A slash at the end is one segment more.
        if !is_post || second.is_empty() || count > 4 || (count == 4 && fourth.is_empty()) {
            return None;
        }
        let what = What::Operation(Operation::of(third, fourth)?, Some(decoded(second)));
        return Some(Route { what, api_version: version?.to_owned(), is_v1: false });
    }
    let is_v1 = is(first, "v1");
    let (first, second, count) = if is_v1 { (second, third, count - 1) } else { (first, second, count) };
    if count == 0 || count > 2 || (count == 2 && second.is_empty()) {
        return None;
    }
    let what = if is(first, "responses") {
        match (second.is_empty(), is_post, is_get, is(&request.method, "DELETE")) {
            (true, true, ..) => What::Operation(Operation::Response, None),
            (false, _, true, _) => What::Stored(decoded(second)),
            (false, _, _, true) => What::Delete(decoded(second)),
            _ => return None,
        }
    } else if is(first, "models") && is_get {
        if second.is_empty() { What::Models } else { What::Model(decoded(second)) }
    } else if is_v1 && is_post {
        What::Operation(Operation::of(first, second)?, None)
    } else {
        return None;
    };
    let api_version = if is_v1 { version.unwrap_or("v1") } else { version? };
    Some(Route { what, api_version: api_version.to_owned(), is_v1 })
}

fn decoded(segment: &str) -> String {
    if segment.contains('%') { percent_decode(segment) } else { segment.to_owned() }
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
            let found = route.as_ref().map(|route| match &route.what {
                What::Operation(operation, Some(deployment)) => (*operation, deployment.as_str()),
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected, "{method} {url}");
        }
    }

    #[test]
    fn what_is_not_below_a_deployment_has_paths_of_its_own() {
        let operation = |operation, version| Some((What::Operation(operation, None), version));
        let id = || "resp_1".to_owned();
        for (method, path, expected) in [
            ("POST", "v1/chat/completions", operation(Operation::Chat, "v1")),
            ("POST", "v1/chat/completions?api-version=preview", operation(Operation::Chat, "v1")),
            ("POST", "v1/embeddings?api-version=2025-04-01-preview", operation(Operation::Embedding, "2025-04-01-preview")),
            ("POST", "V1/Responses", operation(Operation::Response, "v1")),
            ("POST", "responses?api-version=2025-04-01-preview", operation(Operation::Response, "2025-04-01-preview")),
            ("GET", "responses/resp_1?api-version=2025-04-01-preview", Some((What::Stored(id()), "2025-04-01-preview"))),
            ("DELETE", "v1/responses/resp_1", Some((What::Delete(id()), "v1"))),
            ("GET", "models?api-version=2024-10-21", Some((What::Models, "2024-10-21"))),
            ("GET", "v1/models", Some((What::Models, "v1"))),
            ("GET", "v1/models/gpt-4o%202", Some((What::Model("gpt-4o 2".into()), "v1"))),
            ("POST", "responses", None),
            ("GET", "models", None),
            ("POST", "models?api-version=2024-10-21", None),
            ("GET", "v1/responses", None),
            ("GET", "v1/responses/", None),
            ("GET", "v1/chat/completions", None),
            ("POST", "v1", None),
            ("POST", "v1/", None),
            ("POST", "v1/chat/completions/", None),
            ("POST", "chat/completions?api-version=2024-10-21", None),
            ("GET", "v1/models/a/b/c/d", None),
        ] {
            let url = Url::parse(&format!("https://a.openai.azure.com/openai/{path}")).unwrap();
            let request = RequestHead { method: method.into(), url, ..Default::default() };
            let found = find(&request);
            assert_eq!(found.as_ref().map(|route| (route.what.clone(), route.api_version.as_str())), expected, "{method} {path}");
            assert!(found.is_none_or(|route| route.is_v1 == path.to_ascii_lowercase().starts_with("v1")), "{path}");
        }
    }
}
