//! The URL template of an operation, made ready to be matched: every request is held against those of its API.

use smallvec::SmallVec;

use super::api::query_template;
use crate::{dotnet::context::Parameters, http::percent_decode, text::Text};

/// A template in its parts.
#[derive(Clone, Debug)]
pub(super) struct Template {
    segments: Vec<Segment>,
    /// Whether it ends with `*`, which takes the rest of a path.
    takes_rest: bool,
    /// The parameters in its query: the query's name and the parameter's.
    query: Vec<(Text, Text)>,
}

#[derive(Clone, Debug)]
enum Segment {
    Literal(Text),
    Parameter(Text),
}

/// A path below an API's own, in its segments: split once for all the templates that it is held against.
#[derive(Debug)]
pub(super) struct Path<'a> {
    segments: SmallVec<[&'a str; 8]>,
}

impl<'a> Path<'a> {
    /// A path, with or without slashes at its ends.
    pub fn new(suffix: &'a str) -> Self {
        Self { segments: suffix.trim_matches('/').split('/').collect() }
    }
}

impl Template {
    /// A template, `/deployments/{deployment-id}/chat/completions`.
    pub fn new(url_template: &str) -> Self {
        let path = url_template.split('?').next().unwrap_or(url_template);
        let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let takes_rest = parts.last() == Some(&"*");
        if takes_rest {
            parts.pop();
        }
        let segment = |part: &&str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => Segment::Parameter(Text::copied(name)),
            None => Segment::Literal(Text::copied(part)),
        };
        let query = query_template(url_template).map(|(name, parameter)| (Text::copied(name), Text::copied(parameter))).collect();
        Self { segments: parts.iter().map(segment).collect(), takes_rest, query }
    }

    /// Whether a path below the API's own is meant. Literal segments compare without case, parameters take one segment, a final `*` takes the
    /// rest. Source: learn.microsoft.com/azure/api-management/api-management-howto-add-operations (template matching).
    pub fn matches(&self, path: &Path<'_>) -> bool {
        let given = path.segments.as_slice();
        let count_fits = if self.takes_rest { given.len() >= self.segments.len() } else { given.len() == self.segments.len() };
        count_fits
            && self.segments.iter().zip(given).all(|(segment, part)| match segment {
                Segment::Literal(literal) => literal.eq_ignore_ascii_case(part),
                Segment::Parameter(_) => !part.is_empty(),
            })
    }

    /// Whether it names parameters of the query.
    pub fn names_query(&self) -> bool {
        !self.query.is_empty()
    }

    /// The template's parameters in a path that matches and in its query, percent-decoded.
    pub fn parameters(&self, path: &Path<'_>, query: &str) -> Parameters {
        let named = self.segments.iter().zip(&path.segments);
        let in_path = named.filter_map(|(segment, part)| match segment {
            Segment::Parameter(name) => Some((name.clone(), decoded(part))),
            Segment::Literal(_) => None,
        });
        let value = |name: &str| {
            let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| decoded(value))
        };
        let in_query = self.query.iter().filter_map(|(name, parameter)| Some((parameter.clone(), value(name)?)));
        in_path.chain(in_query).collect()
    }
}

fn decoded(text: &str) -> Text {
    if text.contains('%') { percent_decode(text).into() } else { Text::copied(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_the_paths_that_it_means() {
        for (template, suffix, query, expected) in [
            ("/deployments/{id}/chat", "/Deployments/gpt%204o/chat", "", Some("id=gpt 4o")),
            ("/deployments/{id}/chat", "/deployments//chat", "", None),
            ("/deployments/{id}/chat", "/deployments/x/chat/more", "", None),
            ("/deployments/{id}/chat", "/deployments/x", "", None),
            ("/files/*", "/files/a/b", "", Some("")),
            ("/files/*", "/files", "", Some("")),
            ("/*", "/", "", Some("")),
            ("/", "", "", Some("")),
            ("/a?x={y}&z={w}", "/a", "?x=1%2F2", Some("y=1/2")),
        ] {
            let template = Template::new(template);
            let path = Path::new(suffix);
            let found = template.matches(&path).then(|| template.parameters(&path, query));
            let found = found.map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{suffix}");
        }
    }
}
