//! Runs `validate-jwt`, and what `validate-azure-ad-token` has in common with it.

use std::time::Duration;

use super::{Outcome, Stop, Turn, Waiting};
use crate::{
    dotnet::{
        context::{LastError, tokens},
        crypto::jws::Key,
    },
    gateway::{
        answers::PolicyError,
        effect::{Effect, Failure, Outgoing, Purpose, Received, Reception, Send},
        tokens::{Claim, Fault, Requirement, Token, open_id},
    },
    http::{Headers, RequestHead, Url, percent_decode},
    policy::{
        Setting,
        elements::validate_jwt::{KeySource, Refusal, RequiredClaim, TokenSource, ValidateJwt},
    },
    text::Text,
};

/// How long an OpenID endpoint may take. The documentation gives no number.
const PATIENCE: Duration = Duration::from_secs(30);

/// A document that is being fetched.
pub(in crate::gateway) struct Fetching {
    /// The configuration's URL.
    url: Text,
    /// What it said, once its keys are on their way.
    issuer: Option<Text>,
}

pub(super) fn execute(policy: &ValidateJwt, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(token) = find(&policy.source, policy.scheme.as_ref(), element, turn)? else {
        return refuse(Fault::absent(), &policy.refusal, element, turn);
    };
    let mut requirement = Requirement {
        audiences: turn.texts(&policy.audiences, element)?,
        issuers: turn.texts(&policy.issuers, element)?,
        configurations: turn.texts(&policy.configurations, element)?,
        claims: claims(&policy.claims, element, turn)?,
        clock_skew: turn.number(&policy.clock_skew, element)?,
        require_expiration_time: turn.truth(&policy.require_expiration_time, element)?,
        require_signed_tokens: turn.truth(&policy.require_signed_tokens, element)?,
        ..Requirement::default()
    };
    for issuer_key in &policy.keys {
        let id = issuer_key.id.as_ref().map(|id| turn.text(id, element)).transpose()?;
        let key = match &issuer_key.source {
            KeySource::Known(key) => Some(key.clone()),
            KeySource::Text(text) => Key::symmetric(&turn.text(text, element)?),
            KeySource::Certificate(certificate) => {
                let certificate = turn.text(certificate, element)?;
                turn.gateway.entities.certificates.get(&certificate).and_then(|bytes| Key::certificate(bytes))
            }
        };
        requirement.keys.extend(key.map(|key| (id, key)));
    }
    demand(&requirement, &token, &policy.refusal, policy.output.as_ref(), element, turn)
}

/// What must be said of claims, for this request.
pub(super) fn claims(required: &[RequiredClaim], element: &Text, turn: &mut Turn<'_>) -> Result<Vec<Claim>, Stop> {
    let mut claims = Vec::with_capacity(required.len());
    for claim in required {
        let matching = claim.matching.as_ref().map(|matching| turn.text(matching, element)).transpose()?;
        claims.push(Claim {
            name: turn.text(&claim.name, element)?,
            any: matching.is_some_and(|matching| matching == "any"),
            separator: claim.separator.as_ref().map(|separator| turn.text(separator, element)).transpose()?,
            values: turn.texts(&claim.values, element)?,
        });
    }
    Ok(claims)
}

/// The token of the request, without its scheme. A scheme that is asked for must be there in an `Authorization` header; in other headers it
/// is not asked for. Source: learn.microsoft.com/azure/api-management/validate-jwt-policy, usage notes.
pub(super) fn find(
    source: &TokenSource,
    scheme: Option<&Setting<Text>>,
    element: &Text,
    turn: &mut Turn<'_>,
) -> Result<Option<String>, Stop> {
    let scheme = scheme.map(|scheme| turn.text(scheme, element)).transpose()?.filter(|scheme| !scheme.is_empty());
    let found = match source {
        TokenSource::Value(value) => turn.text(value, element)?.trim().to_owned(),
        TokenSource::Query(name) => {
            let name = turn.text(name, element)?;
            query_parameter(&turn.state.context.request.url.query, &name).unwrap_or_default()
        }
        TokenSource::Header(name) => {
            let name = turn.text(name, element)?;
            let value = turn.state.context.request.headers.get(&name).map(|value| value.trim().to_owned()).unwrap_or_default();
            match (value.split_once(' '), scheme.filter(|_| name.eq_ignore_ascii_case("Authorization"))) {
                (Some((before, token)), Some(scheme)) if before.eq_ignore_ascii_case(&scheme) => token.trim().to_owned(),
                (_, Some(_)) => String::new(),
                (Some((_, token)), None) => token.trim().to_owned(),
                (None, None) => value,
            }
        }
    };
    Ok(Some(found).filter(|found| !found.is_empty()))
}

fn query_parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| percent_decode(known).eq_ignore_ascii_case(name)).map(|(_, value)| percent_decode(value))
}

/// Judges the token, after its configurations have been fetched.
pub(super) fn demand(
    requirement: &Requirement,
    text: &str,
    refusal: &Refusal,
    output: Option<&Text>,
    element: &Text,
    turn: &mut Turn<'_>,
) -> Result<Outcome, Stop> {
    if Token::is_encrypted(text) {
        return Err(PolicyError::refused(element, "NotSimulated", "Encrypted tokens are not simulated.", 500).into());
    }
    let token = match Token::read(text) {
        Ok(token) => token,
        Err(fault) => return refuse(fault, refusal, element, turn),
    };
    let now = turn.environment.now();
    let own = |id: &str| requirement.keys.iter().any(|(known, _)| known.as_ref().is_some_and(|known| *known == *id));
    let sought = token.key_id().filter(|id| !own(id));
    let (known, failed) = match turn.gateway.instance.configurations.known(&requirement.configurations, sought, now) {
        open_id::Known::All(known, failed) => (known, failed),
        open_id::Known::Fetch(url) => return Ok(fetch(Fetching { url: url.clone(), issuer: None }, &url, turn)),
    };
    if let Err(fault) = requirement.check(&token, &known, failed.as_ref(), now) {
        return refuse(fault, refusal, element, turn);
    }
    if let Some(output) = output {
        let jwt = turn.in_world(|runtime| tokens::jwt(runtime, text)).map_err(|raise| PolicyError::expression(element, &raise))?;
        turn.state.context.variables.set(output.clone(), jwt.unwrap_or(crate::dotnet::Value::Null));
    }
    Ok(Outcome::Done)
}

/// The error of a refused token. Its message is evaluated with `context.LastError` set: people put the library's words into it that way.
/// Source: MicrosoftDocs/azure-docs, issue 50219.
pub(super) fn refuse(fault: Fault, refusal: &Refusal, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let message: Text = fault.message.into();
    turn.state.context.last_error = Some(Box::new(LastError {
        source: element.clone(),
        reason: fault.reason.into(),
        message: message.clone(),
        ..LastError::default()
    }));
    let status = turn.number(&refusal.status, element)?;
    let told = refusal.message.as_ref().map(|told| turn.text(told, element)).transpose()?;
    let status = u16::try_from(status).ok().filter(|status| (100..1000).contains(status)).unwrap_or(401);
    Err(PolicyError::refused(element, fault.reason, message, status).telling(told.unwrap_or_else(|| fault.told.into())).into())
}

/// Asks for a document; one that is no URL is as one that cannot be had.
fn fetch(fetching: Fetching, url: &str, turn: &mut Turn<'_>) -> Outcome {
    let Some(url) = Url::parse(url) else {
        let now = turn.environment.now();
        turn.gateway.instance.configurations.keep(fetching.url, Err("It is no absolute URL.".into()), now);
        return Outcome::Again;
    };
    let operation = turn.operation();
    let request = RequestHead { method: "GET".into(), url, headers: Headers::new() };
    let purpose = Purpose::SigningKeys;
    let send = Send { operation, purpose, request, body: Outgoing::Empty, timeout: PATIENCE, reception: Reception::Collect };
    Outcome::wait(Effect::Send(Box::new(send)), operation, Waiting::SigningKeys(Box::new(fetching)))
}

/// A document has come, or has not; in the end the statement runs again, with what is known then.
pub(super) fn received(fetching: Fetching, outcome: Result<Received, Failure>, turn: &mut Turn<'_>) -> Outcome {
    let now = turn.environment.now();
    let body = match outcome {
        Ok(received) if received.head.status == 200 => Ok(received.body.unwrap_or_default()),
        Ok(received) => Err(format!("The endpoint answered with status {}.", received.head.status)),
        Err(failure) => Err(failure.message.to_string()),
    };
    let outcome = match (body, fetching.issuer) {
        (Err(why), _) => Err(why.into()),
        (Ok(body), None) => match open_id::configuration(&body) {
            Some((issuer, keys)) => return fetch(Fetching { url: fetching.url, issuer: Some(issuer) }, &keys, turn),
            None => Err("It names no `jwks_uri`.".into()),
        },
        (Ok(body), Some(issuer)) => match open_id::keys(&body) {
            Some(keys) => Ok(open_id::Metadata { issuer, keys }),
            None => Err("Its keys are no JSON Web Key Set.".into()),
        },
    };
    let said = match &outcome {
        Ok(metadata) => format!("Fetched '{}': {} keys.", fetching.url, metadata.keys.len()),
        Err(why) => format!("Could not fetch '{}': {why}", fetching.url),
    };
    turn.say("verbose", said);
    turn.gateway.instance.configurations.keep(fetching.url, outcome, now);
    Outcome::Again
}
