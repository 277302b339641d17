//! `llm-token-limit`: so many tokens a minute, or in a period, under a key.

use super::rate_limit::header_name;
use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings; `azure-openai-token-limit` has the same.
#[derive(Debug)]
pub struct LlmTokenLimit {
    /// Calls with the same key are counted together.
    pub counter_key: Setting<Text>,
    /// Tokens a minute.
    pub tokens_per_minute: Option<Setting<i64>>,
    /// Tokens in a period, and the period.
    pub quota: Option<(Setting<i64>, Setting<TokenPeriod>)>,
    /// Whether a prompt's tokens are estimated before it is sent.
    pub estimate_prompt_tokens: Setting<bool>,
    /// Whether only the answer's tokens count. In the schema alone.
    pub ignore_prompt: bool,
    /// What it tells.
    pub names: TokenNames,
}

/// `token-quota-period`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenPeriod {
    /// `Hourly`
    Hourly,
    /// `Daily`
    Daily,
    /// `Weekly`
    Weekly,
    /// `Monthly`
    Monthly,
    /// `Yearly`
    Yearly,
}

impl TokenPeriod {
    /// The period of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Hourly" => Self::Hourly,
            "Daily" => Self::Daily,
            "Weekly" => Self::Weekly,
            "Monthly" => Self::Monthly,
            "Yearly" => Self::Yearly,
            _ => return None,
        })
    }
}

/// The headers and variables in which a token limit tells how it stands.
#[derive(Debug)]
pub struct TokenNames {
    /// `retry-after-header-name`
    pub retry_after_header: Text,
    /// `retry-after-variable-name`
    pub retry_after_variable: Option<Text>,
    /// `remaining-tokens-header-name`
    pub remaining_header: Option<Text>,
    /// `remaining-tokens-variable-name`
    pub remaining_variable: Option<Text>,
    /// `remaining-quota-tokens-header-name`
    pub remaining_quota_header: Option<Text>,
    /// `remaining-quota-tokens-variable-name`
    pub remaining_quota_variable: Option<Text>,
    /// `tokens-consumed-header-name`
    pub consumed_header: Option<Text>,
    /// `tokens-consumed-variable-name`
    pub consumed_variable: Option<Text>,
}

impl TokenNames {
    fn lower(lowering: &mut Lowering<'_>, element: &Element) -> Self {
        Self {
            retry_after_header: header_name(lowering, element, "retry-after-header-name").unwrap_or(Text::Static("Retry-After")),
            retry_after_variable: lowering.literal_attribute(element, "retry-after-variable-name"),
            remaining_header: header_name(lowering, element, "remaining-tokens-header-name"),
            remaining_variable: lowering.literal_attribute(element, "remaining-tokens-variable-name"),
            remaining_quota_header: header_name(lowering, element, "remaining-quota-tokens-header-name"),
            remaining_quota_variable: lowering.literal_attribute(element, "remaining-quota-tokens-variable-name"),
            consumed_header: header_name(lowering, element, "tokens-consumed-header-name"),
            consumed_variable: lowering.literal_attribute(element, "tokens-consumed-variable-name"),
        }
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<LlmTokenLimit> {
    // Whether the answer streams, and what the prompt is, stands in the request's body.
    lowering.reads_body();
    let counter_key = lowering.text_attribute(element, "counter-key");
    let tokens_per_minute = lowering.int_attribute(element, "tokens-per-minute", 1..=i64::from(i32::MAX));
    let amount = element.attribute("token-quota").map(|attribute| {
        lowering.setting(&attribute.value, Target::Long, |text| match text.trim().parse::<i64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err("a whole number above 0"),
        })
    });
    let period = element.attribute("token-quota-period").map(|attribute| {
        let read = |text: &str| TokenPeriod::named(text.trim()).ok_or("`Hourly`, `Daily`, `Weekly`, `Monthly` or `Yearly`");
        lowering.setting(&attribute.value, Target::Text, read)
    });
    let quota = match (amount, period) {
        (Some(amount), Some(period)) => Some((amount?, period?)),
        (Some(_), None) => {
            lowering.missing(element, "token-quota-period");
            None
        }
        _ => None,
    };
    let estimate_prompt_tokens = lowering.bool_attribute(element, "estimate-prompt-tokens");
    let ignore_prompt = lowering.literal_bool_attribute(element, "ignore-prompt", false);
    let names = TokenNames::lower(lowering, element);
    Some(LlmTokenLimit {
        counter_key: counter_key?,
        tokens_per_minute,
        quota,
        estimate_prompt_tokens: estimate_prompt_tokens?,
        ignore_prompt,
        names,
    })
}
