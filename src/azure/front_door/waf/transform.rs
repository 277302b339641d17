//! What is done to a request's text before a condition looks at it.
//! Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules, transforms.

use std::borrow::Cow;

use crate::spec::WafTransform;

/// Applies transforms in their order.
pub(super) fn apply<'t>(text: Cow<'t, str>, transforms: &[WafTransform]) -> Cow<'t, str> {
    transforms.iter().fold(text, |text, transform| one(text, *transform))
}

fn one(text: Cow<'_, str>, transform: WafTransform) -> Cow<'_, str> {
    match transform {
        WafTransform::Lowercase if text.chars().any(char::is_uppercase) => Cow::Owned(text.to_lowercase()),
        WafTransform::Uppercase if text.chars().any(char::is_lowercase) => Cow::Owned(text.to_uppercase()),
        WafTransform::Trim if text.trim().len() != text.len() => Cow::Owned(text.trim().to_owned()),
        WafTransform::UrlDecode if text.contains(['%', '+']) => Cow::Owned(url_decode(&text)),
        WafTransform::UrlEncode if !text.bytes().all(is_unreserved) => Cow::Owned(url_encode(&text)),
        WafTransform::RemoveNulls if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
        _ => text,
    }
}

/// `%XX` resolved, and `+` as the space that a form means by it.
pub(super) fn url_decode(text: &str) -> String {
    crate::http::percent_decode(&text.replace('+', " "))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn url_encode(text: &str) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase();
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 0x0f)]);
        }
    }
    encoded
}
