//! The rules that firewall rules must keep: <https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules>.

use std::net::IpAddr;

use super::{
    fields::{Reader, Spanned, shown},
    model::{WafAction, WafOperator, WafVariable},
    scalars::Text,
    wire,
};

/// Statuses that a blocked request may have:
/// <https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-configure-custom-response-code>.
const BLOCK_STATUSES: [u64; 5] = [200, 403, 405, 406, 429];
/// The longest body of a blocked request, in bytes.
const MAX_BLOCK_BODY: usize = 32 * 1024;

/// Checks the firewall.
pub(super) fn validate(waf: &wire::Waf, reader: &mut Reader<'_>) {
    if let Some(status) = waf.block_status.get()
        && !BLOCK_STATUSES.contains(&status.value.0)
        && !(990..=999).contains(&status.value.0)
    {
        let message = format!("a blocked request cannot have the status {}", status.value.0);
        reader.error("spec/out-of-range", status.span, message, "give 200, 403, 405, 406, 429 or 990 to 999");
    }
    if let Some(body) = waf.block_body.get().filter(|body| body.value.0.len() > MAX_BLOCK_BODY) {
        reader.error("spec/out-of-range", body.span, "the body is too long", format!("give at most {MAX_BLOCK_BODY} bytes"));
    }
    let rules = || waf.rules.value().into_iter().flat_map(|rules| &rules.0);
    // Azure's names have letters and digits only and ignore case, so names that differ otherwise are the same there.
    let canonical = |name: &str| name.replace('-', "").to_ascii_lowercase();
    let names = rules().filter_map(|rule| rule.value.name.get());
    reader.unique("spec/duplicate-id", "the rule name", names.map(|name| (canonical(&name.value.0), name.value.0.as_str(), name.span)));
    let priorities: Vec<_> = rules().filter_map(|rule| rule.value.priority.get()).map(|it| (it.value.0.to_string(), it.span)).collect();
    reader.unique("spec/duplicate-id", "the priority", priorities.iter().map(|(number, span)| (number.clone(), number.as_str(), *span)));
    for rule in rules() {
        if !rule.value.conditions.said && !rule.value.rate_limit.said {
            let span = rule.value.name.get().map_or(rule.span, |name| name.span);
            reader.error(
                "spec/bad-waf-rule",
                span,
                "the rule says neither what it matches nor what it limits",
                "add `match`, `rateLimit` or both",
            );
        }
        if let Some(action) = rule.value.action.get().filter(|action| action.value == WafAction::Redirect)
            && !waf.redirect_url.said
        {
            let help = "add `redirectUrl:` beside `rules`: all rules that redirect share it";
            reader.error("spec/bad-waf-rule", action.span, "the rule redirects, and nothing says where to", help);
        }
        for item in rule.value.conditions.value().into_iter().flat_map(|conditions| &conditions.0) {
            condition(item, reader);
        }
    }
}

fn condition(condition: &Spanned<wire::WafCondition>, reader: &mut Reader<'_>) {
    const CODE: &str = "spec/bad-waf-rule";
    let (Some(variable), Some(operator)) = (condition.value.variable.get(), condition.value.operator.get()) else { return };
    let address = matches!(variable.value, WafVariable::RemoteAddr | WafVariable::SocketAddr);
    if matches!(operator.value, WafOperator::IpMatch | WafOperator::GeoMatch) && !address {
        let help = "these operators look at `RemoteAddr` or `SocketAddr`";
        reader.error(CODE, variable.span, "this is no address", help);
    }
    let keyed = matches!(variable.value, WafVariable::RequestHeader | WafVariable::Cookies | WafVariable::PostArgs);
    match &condition.value.selector.get() {
        None if keyed => reader.error(CODE, variable.span, "this needs a `selector`", "add the name of the header, cookie or argument"),
        Some(selector) if !keyed && variable.value != WafVariable::QueryString => {
            let help = "only `QueryString`, `PostArgs`, `RequestHeader` and `Cookies` have keys";
            reader.error(CODE, selector.span, "there is nothing to select here", help);
        }
        _ => {}
    }
    let Some(values) = condition.value.values.get() else { return };
    let most = if operator.value == WafOperator::IpMatch { 600 } else { 10 };
    match values.value.0.len() {
        0 if operator.value != WafOperator::Any && !condition.value.values.said => {
            reader.error("spec/missing-key", operator.span, "this operator needs `values`", "add what it compares with");
        }
        0 if operator.value != WafOperator::Any => {
            reader.error("spec/empty", values.span, "this operator needs values", "add what it compares with")
        }
        count if count > 0 && operator.value == WafOperator::Any => {
            reader.error(CODE, values.span, "`Any` compares with nothing", "remove the values, or choose another operator");
        }
        count if count > most => {
            reader.error(
                "spec/out-of-range",
                values.span,
                format!("a condition of {count} values is too long"),
                format!("give at most {most}"),
            );
        }
        _ => {}
    }
    for value in &values.value.0 {
        one(operator.value, value, reader);
    }
}

/// One value, by what the operator compares.
fn one(operator: WafOperator, value: &Spanned<Text>, reader: &mut Reader<'_>) {
    let text = value.value.0.as_str();
    if operator == WafOperator::RegEx
        && let Err(fault) = regex::Regex::new(text)
    {
        // The last line of the message says what is wrong; those before draw the pattern.
        let fault = fault.to_string();
        let why = fault.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let message = format!("`{}` is no regular expression that the firewall takes", shown(text));
        reader.error("spec/bad-waf-value", value.span, message, format!("{why}; look-around and backreferences do not exist here"));
        return;
    }
    let wrong = |what: &str| format!("`{}` is {what}", shown(text));
    let (message, help) = match operator {
        WafOperator::GeoMatch if text.len() != 2 || !text.chars().all(|c| c.is_ascii_uppercase()) => {
            (wrong("no country code"), "write two capital letters, such as `SE`; `ZZ` is an unknown country")
        }
        WafOperator::IpMatch if !is_range(text) => (wrong("no address"), "write an address or a range such as `203.0.113.0/24`"),
        WafOperator::LessThan | WafOperator::GreaterThan | WafOperator::LessThanOrEqual | WafOperator::GreaterThanOrEqual
            if text.parse::<u32>().is_err() =>
        {
            (wrong("no length in bytes"), "this operator compares lengths: write a whole number")
        }
        _ if text.chars().count() > 256 => ("the value is too long".to_owned(), "give at most 256 characters"),
        _ => return,
    };
    reader.error("spec/bad-waf-value", value.span, message, help);
}

/// Whether the text is an IP address or a CIDR range.
fn is_range(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}
