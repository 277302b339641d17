//! Which deployment a request asks for, for who only has to know that.

use std::borrow::Cow;

use serde::Deserialize;

use crate::http::{Url, percent_decode};

/// The deployment that a request asks for: it stands in a classic path, `/openai/deployments/{deployment}/…`, else as `model` in the body.
pub fn deployment(url: &Url, body: Option<&[u8]>) -> Option<String> {
    let mut segments = url.path.strip_prefix('/')?.split('/');
    let openai = segments.next()?.eq_ignore_ascii_case("openai");
    if openai && segments.next().is_some_and(|segment| segment.eq_ignore_ascii_case("deployments")) {
        return segments.next().filter(|name| !name.is_empty()).map(percent_decode);
    }
    #[derive(Deserialize)]
    struct Model<'a> {
        #[serde(borrow)]
        model: Cow<'a, str>,
    }
    serde_json::from_slice::<Model<'_>>(body?).ok().map(|body| body.model.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_stands_in_the_path_or_in_the_body() {
        for (path, body, expected) in [
            ("/openai/deployments/gpt-4o/chat/completions?api-version=1", None, Some("gpt-4o")),
            ("/OpenAI/Deployments/gpt%2D4o/x", Some(r#"{"model":"other"}"#), Some("gpt-4o")),
            ("/openai/deployments//x", Some(r#"{"model":"other"}"#), None),
            ("/openai/v1/chat/completions", Some(r#"{"messages":[],"model":"gpt-4o"}"#), Some("gpt-4o")),
            ("/openai/v1/chat/completions", Some(r#"{"model":7}"#), None),
            ("/openai/v1/chat/completions", Some("no JSON"), None),
            ("/openai/v1/chat/completions", None, None),
            ("/", None, None),
        ] {
            let url = Url::parse(&format!("https://a.example{path}")).unwrap();
            assert_eq!(deployment(&url, body.map(str::as_bytes)).as_deref(), expected, "{path} {body:?}");
        }
    }
}
