//! Bodies made into others: XML into JSON and back, and what both make of `Accept` and `Content-Type`.

pub mod json_to_xml;
pub mod xml_to_json;

use crate::http::Headers;

/// A format that a body is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON
    Json,
    /// XML
    Xml,
}

impl Format {
    /// Whether a media type is of this format: `application/json`, `text/json`, `application/problem+json`.
    pub fn is(self, media_type: &str) -> bool {
        let bare = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let subtype = bare.split_once('/').map_or(bare.as_str(), |(_, subtype)| subtype);
        let word = if self == Self::Json { "json" } else { "xml" };
        subtype == word || subtype.rsplit_once('+').is_some_and(|(_, suffix)| suffix == word)
    }

    /// Whether a message says that its body is of this format.
    pub fn is_content_of(self, headers: &Headers) -> bool {
        headers.get("Content-Type").is_some_and(|value| self.is(value))
    }

    /// Whether a request asks for this format by name. `*/*` asks for nothing: the pages say "requested", and users report that without
    /// `consider-accept-header="false"` nothing is converted.
    pub fn is_accepted_by(self, headers: &Headers) -> bool {
        headers.values("Accept").flat_map(|value| value.split(',')).any(|media_type| self.is(media_type))
    }
}
