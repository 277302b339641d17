//! `System.Text.RegularExpressions`: an engine of our own, as .NET's patterns are like no other's.
//!
//! UTF-16 code units, all captures of a group, balancing groups, matching from right to left, lookbehind of any kind: a pattern is parsed
//! (`parser`) into a tree (`node`), compiled (`program`) and run by a backtracking matcher (`matcher`) whose steps and memory are paid
//! from the evaluation's budget. The objects that show what was found are in `found`, the members in `members` and `pieces`.

mod blocks;
mod fault;
mod found;
mod matcher;
mod members;
mod node;
mod options;
mod parser;
mod pieces;
mod program;
mod replacement;
mod search;
mod set;
mod subject;
#[cfg(test)]
mod tests;

pub use search::replace;

const NAMESPACE: &str = "System.Text.RegularExpressions";

crate::classes! {
    REGEX = class(NAMESPACE, "Regex").members(members::REGEX_MEMBERS);
    REGEX_OPTIONS = enumeration(
        NAMESPACE,
        "RegexOptions",
        &[
            ("None", 0),
            ("IgnoreCase", options::IGNORE_CASE),
            ("Multiline", options::MULTILINE),
            ("ExplicitCapture", options::EXPLICIT_CAPTURE),
            ("Compiled", options::COMPILED),
            ("Singleline", options::SINGLELINE),
            ("IgnorePatternWhitespace", options::IGNORE_PATTERN_WHITESPACE),
            ("RightToLeft", options::RIGHT_TO_LEFT),
            ("ECMAScript", options::ECMA_SCRIPT),
            ("CultureInvariant", options::CULTURE_INVARIANT),
        ],
    );
    CAPTURE = class(NAMESPACE, "Capture").members(pieces::CAPTURE_MEMBERS);
    GROUP = class(NAMESPACE, "Group").bases(&["Capture"]).members(pieces::GROUP_MEMBERS);
    MATCH = class(NAMESPACE, "Match").bases(&["Group"]).members(pieces::MATCH_MEMBERS);
    CAPTURE_COLLECTION = class(NAMESPACE, "CaptureCollection")
        .bases(&["object", "IList<Capture>", "IReadOnlyList<Capture>"]).members(pieces::CAPTURE_COLLECTION_MEMBERS);
    GROUP_COLLECTION = class(NAMESPACE, "GroupCollection")
        .bases(&["object", "IList<Group>", "IReadOnlyList<Group>", "IReadOnlyDictionary<string, Group>"])
        .members(pieces::GROUP_COLLECTION_MEMBERS);
    MATCH_COLLECTION = class(NAMESPACE, "MatchCollection")
        .bases(&["object", "IList<Match>", "IReadOnlyList<Match>"]).members(pieces::MATCH_COLLECTION_MEMBERS);
    REGEX_PARSE_EXCEPTION = Class::new(NAMESPACE, "RegexParseException", Kind::Class).bases(&["ArgumentException"]);
}
