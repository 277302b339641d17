//! A small stand-in for the managed Default Rule Set: a few patterns of four groups, under the numbers that Azure gives them.
//!
//! It is no protection and no copy: patterns and selection are ours, so that a test can see what an attack, or a prompt that looks like one,
//! meets. Version 2 of the set counts anomalies: each critical match is worth 5, and 5 is enough.
//! Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs.

use regex::{RegexSet, RegexSetBuilder};

use super::{BadPattern, MatchAction, WafMatch, condition::Subject, transform::url_decode};
use crate::{spec::ManagedGroup, text::Text};

/// One managed rule.
struct Entry {
    group: ManagedGroup,
    /// As Azure's log names it.
    name: &'static str,
    pattern: &'static str,
}

/// The rule that blocks when the score is reached.
const BLOCKING: &str = "Microsoft_DefaultRuleSet-2.1-BLOCKING-EVALUATION-949110";

/// What a critical match counts.
const CRITICAL: u32 = 5;
/// The score that blocks.
const THRESHOLD: u32 = 5;

const RULES: [Entry; 14] = [
    Entry { group: ManagedGroup::Lfi, name: "Microsoft_DefaultRuleSet-2.1-LFI-930110", pattern: r"(?:^|[/\\])\.\.(?:[/\\]|$)" },
    Entry {
        group: ManagedGroup::Lfi,
        name: "Microsoft_DefaultRuleSet-2.1-LFI-930120",
        pattern: r"/etc/(?:passwd|shadow|group|hosts)\b|/proc/self/|\bboot\.ini\b|\bwin\.ini\b",
    },
    Entry {
        group: ManagedGroup::Rce,
        name: "Microsoft_DefaultRuleSet-2.1-RCE-932100",
        pattern: r"(?:;|\||&&|`)\s*(?:cat|curl|wget|bash|sh|nc|python|perl|rm|chmod|whoami|id)\s+[-./\w]",
    },
    Entry { group: ManagedGroup::Rce, name: "Microsoft_DefaultRuleSet-2.1-RCE-932130", pattern: r"\$\((?:[^()]+)\)|\$\{IFS\}" },
    Entry { group: ManagedGroup::Rce, name: "Microsoft_DefaultRuleSet-2.1-RCE-932160", pattern: r"/bin/(?:ba|z|k|c|da)?sh\b" },
    Entry { group: ManagedGroup::Rce, name: "Microsoft_DefaultRuleSet-2.1-RCE-932170", pattern: r"\(\s*\)\s*\{\s*:?\s*;\s*\}\s*;" },
    Entry { group: ManagedGroup::Xss, name: "Microsoft_DefaultRuleSet-2.1-XSS-941110", pattern: r"<script[^>]*>" },
    Entry {
        group: ManagedGroup::Xss,
        name: "Microsoft_DefaultRuleSet-2.1-XSS-941160",
        pattern: r"<[a-z][^>]*\son(?:error|load|click|mouseover|focus)\s*=",
    },
    Entry { group: ManagedGroup::Xss, name: "Microsoft_DefaultRuleSet-2.1-XSS-941210", pattern: r"\bjavascript\s*:" },
    Entry {
        group: ManagedGroup::Sqli,
        name: "Microsoft_DefaultRuleSet-2.1-SQLI-942100",
        pattern: r#"['"]\s*\)?\s*(?:or|and)\s+['"]?\w+['"]?\s*(?:=|like)\s*['"]?\w+"#,
    },
    Entry { group: ManagedGroup::Sqli, name: "Microsoft_DefaultRuleSet-2.1-SQLI-942160", pattern: r"\b(?:sleep|benchmark)\s*\(\s*\d+" },
    Entry {
        group: ManagedGroup::Sqli,
        name: "Microsoft_DefaultRuleSet-2.1-SQLI-942190",
        pattern: r"\bunion\s+(?:all\s+)?select\b|\bxp_cmdshell\b|\bwaitfor\s+delay\b",
    },
    Entry {
        group: ManagedGroup::Sqli,
        name: "Microsoft_DefaultRuleSet-2.1-SQLI-942350",
        pattern: r";\s*(?:drop|alter|create|truncate)\s+(?:table|database|schema|view)\b",
    },
    Entry {
        group: ManagedGroup::Sqli,
        name: "Microsoft_DefaultRuleSet-2.1-SQLI-942360",
        pattern: r"\b(?:delete\s+from|insert\s+into)\s+\w+",
    },
];

/// The managed rules that are on.
#[derive(Debug)]
pub(super) struct Managed {
    names: Vec<&'static str>,
    patterns: RegexSet,
}

impl Managed {
    /// The rules of these groups.
    pub(super) fn new(groups: &[ManagedGroup]) -> Result<Self, BadPattern> {
        let on: Vec<&Entry> = RULES.iter().filter(|rule| groups.contains(&rule.group)).collect();
        let patterns = RegexSetBuilder::new(on.iter().map(|rule| rule.pattern)).case_insensitive(true).build();
        let patterns = patterns.map_err(|source| BadPattern { rule: "managed rules".to_owned(), source })?;
        Ok(Self { names: on.iter().map(|rule| rule.name).collect(), patterns })
    }

    /// Whether none is on.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Looks at path, query and the first of the body; the rule that blocks, where the score is reached.
    pub(super) fn judge(&self, subject: &Subject<'_>, acts: bool, log: &mut Vec<WafMatch>) -> Option<Text> {
        if self.is_empty() {
            return None;
        }
        let url = &subject.request.url;
        let mut score = 0;
        let mut met = vec![false; self.names.len()];
        let texts = [url_decode(&url.path).into(), url_decode(&url.query).into(), subject.body_text()];
        for index in texts.iter().filter(|text| !text.is_empty()).flat_map(|text| self.patterns.matches(text)) {
            if let Some(met) = met.get_mut(index) {
                *met = true;
            }
        }
        for (name, _) in self.names.iter().zip(met).filter(|(_, met)| *met) {
            score += CRITICAL;
            log.push(WafMatch { rule: (*name).into(), action: MatchAction::AnomalyScoring, acted: acts });
        }
        (score >= THRESHOLD).then(|| {
            log.push(WafMatch { rule: BLOCKING.into(), action: MatchAction::Block, acted: acts });
            BLOCKING.into()
        })
    }
}
