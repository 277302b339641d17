//! The web application firewall of a spec: custom rules, their conditions and limits.

use std::time::Duration;

/// The web application firewall: its own rules, and the groups of managed rules that are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waf {
    /// Whether rules act.
    pub mode: WafMode,
    /// Custom rules in file order; names and priorities are unique.
    pub rules: Vec<WafRule>,
    /// The groups of the managed rule set that are on; custom rules come first.
    pub managed_rules: Vec<ManagedGroup>,
    /// Where a rule with the action `redirect` sends the client: an `https` URL.
    pub redirect_url: Option<String>,
    /// Status of a blocked request instead of 403 (or 429 for a rate limit): 200, 403, 405, 406, 429 or 990 to 999.
    pub block_status: Option<u16>,
    /// Body of a blocked request as plain text; `{{azure-ref}}` stands for the tracking reference.
    pub block_body: Option<String>,
}

impl Waf {
    /// The rules in the order in which they are evaluated: lowest priority number first.
    pub fn by_priority(&self) -> Vec<&WafRule> {
        let mut rules: Vec<&WafRule> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        rules
    }
}

/// Whether firewall rules act or only log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WafMode {
    /// Rules act.
    #[default]
    Prevention,
    /// Every rule, whatever its action, only logs.
    Detection,
}

/// A group of the managed Default Rule Set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagedGroup {
    /// Local file inclusion, rules 930xxx.
    Lfi,
    /// Remote command execution, rules 932xxx.
    Rce,
    /// Cross-site scripting, rules 941xxx.
    Xss,
    /// SQL injection, rules 942xxx.
    Sqli,
}

/// One custom rule of the firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WafRule {
    /// Name: a letter, then letters, digits and `-`.
    pub name: String,
    /// Order of evaluation, lowest first.
    pub priority: u32,
    /// What happens to a request that matches.
    pub action: WafAction,
    /// All of them must hold. Empty only where `rate_limit` is given: then every request counts.
    pub conditions: Vec<WafCondition>,
    /// Makes this a rate limit rule: the action is taken above the threshold only.
    pub rate_limit: Option<WafRateLimit>,
}

impl WafRule {
    /// The name as Azure takes it: without `-`. Unique within a spec, in any case.
    pub fn azure_name(&self) -> String {
        self.name.replace('-', "")
    }
}

/// What a firewall rule does with a request that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafAction {
    /// Lets the request pass; no further rule is looked at.
    Allow,
    /// Refuses the request; no further rule is looked at.
    Block,
    /// Records the match and goes on with the next rule.
    Log,
    /// Sends the client elsewhere; no further rule is looked at.
    Redirect,
}

/// One condition of a firewall rule: any of the values may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WafCondition {
    /// The part of the request that is looked at.
    pub variable: WafVariable,
    /// The key within the variable: header name, cookie name, query or form argument.
    pub selector: Option<String>,
    /// How it is compared.
    pub operator: WafOperator,
    /// What it is compared with; one match is enough.
    pub values: Vec<String>,
    /// Whether the condition holds when nothing matches.
    pub negate: bool,
    /// Applied to the request's text in this order before comparing.
    pub transforms: Vec<WafTransform>,
}

/// The part of a request that a firewall condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafVariable {
    /// The client's address; may come from `X-Forwarded-For`.
    RemoteAddr,
    /// The address of the TCP peer.
    SocketAddr,
    /// The method.
    RequestMethod,
    /// The query string, or one argument of it.
    QueryString,
    /// A form argument of the body.
    PostArgs,
    /// The whole URI.
    RequestUri,
    /// A header.
    RequestHeader,
    /// The body's first 128 KB.
    RequestBody,
    /// A cookie.
    Cookies,
}

/// How a firewall condition compares; the size operators compare lengths in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafOperator {
    /// Always holds.
    Any,
    /// The address lies in one of the ranges.
    IpMatch,
    /// The address belongs to one of the countries (ISO 3166-1 alpha-2; `ZZ` is unknown).
    GeoMatch,
    /// Equal text.
    Equal,
    /// Contains the text.
    Contains,
    /// Shorter, in bytes.
    LessThan,
    /// Longer, in bytes.
    GreaterThan,
    /// Shorter or as long, in bytes.
    LessThanOrEqual,
    /// Longer or as long, in bytes.
    GreaterThanOrEqual,
    /// Starts with the text.
    BeginsWith,
    /// Ends with the text.
    EndsWith,
    /// Matches the regular expression (no look-around, no backreferences).
    RegEx,
}

/// A change that is made to the request's text before a firewall condition compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafTransform {
    /// To lower case.
    Lowercase,
    /// To upper case.
    Uppercase,
    /// Without white space at both ends.
    Trim,
    /// Percent-decoded.
    UrlDecode,
    /// Percent-encoded.
    UrlEncode,
    /// Without NUL characters.
    RemoveNulls,
}

/// The rate limit of a firewall rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WafRateLimit {
    /// Requests that one key may send in a window; at least 1.
    pub threshold: u32,
    /// Length of the fixed window: one minute or five.
    pub window: Duration,
    /// What shares one counter.
    pub group_by: WafGroupBy,
}

/// What shares one rate limit counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WafGroupBy {
    /// Each address of a TCP peer has its own.
    #[default]
    SocketAddr,
    /// Each country has its own.
    GeoLocation,
    /// One for all.
    None,
}
