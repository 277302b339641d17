//! The faults: their targets, words and options, and what is odd about their times.

use std::time::Duration;

use super::{model::TimedFault, wire};
use crate::{
    azure::faults::{Fault, FaultError, FaultOption, FaultOptions, Target},
    diagnostic::{Diagnostic, nearest},
    source::Span,
    spec::{
        Region,
        fields::{Field, Reader, Spanned, shown},
        scalars::Text,
    },
};

/// One fault; what is wrong with it is reported.
pub(super) fn fault(item: &Spanned<wire::Fault>, duration: Option<Duration>, reader: &mut Reader<'_>) -> Option<TimedFault> {
    let fault = &item.value;
    let target = target(item, reader);
    let word = fault.fault.get();
    let parsed = word.and_then(|word| match Fault::parse(&word.value.0, options(fault)) {
        Ok(fault) => Some(fault),
        Err(wrong) => {
            reader.error("scenario/bad-fault", blamed(fault, &wrong).unwrap_or(word.span), wrong.to_string(), "");
            None
        }
    });
    if let (Some(Err(wrong)), Some(word)) = (parsed.as_ref().zip(target.as_ref()).map(|(fault, target)| fault.fits(target)), word) {
        reader.error("scenario/bad-fault", word.span, wrong.to_string(), "");
    }
    let at = fault.at.get()?;
    if duration.is_some_and(|duration| at.value.0 >= duration) {
        let message = "this fault begins when the scenario is over";
        reader.warning(
            "scenario/beyond-the-end",
            fault.at.place().unwrap_or(item.span),
            message,
            "let it begin before `duration` has passed",
        );
    }
    if fault.lasts.said && fault.lasts.value().is_none() {
        return None;
    }
    Some(TimedFault { at: at.value.0, lasts: fault.lasts.value().map(|lasts| lasts.0), target: target?, fault: parsed?, span: item.span })
}

/// The options that the file gives.
fn options(fault: &wire::Fault) -> FaultOptions {
    let headers = fault.headers.value().map_or(&[][..], |headers| &headers.0);
    FaultOptions {
        rate: fault.rate.value().map(|rate| rate.0),
        period: fault.period.value().map(|time| time.0),
        retry_after: fault.retry_after.value().map(|time| time.0),
        headers: headers.iter().map(|(name, value)| (name.value.0.clone().into(), value.value.0.clone().into())).collect(),
        body: fault.body.value().map(|body| body.0.clone().into()),
        delay: fault.delay.value().map(|time| time.0),
        pieces: fault.pieces.value().and_then(|pieces| pieces.narrow()),
        tokens_per_minute: fault.tokens_per_minute.value().map(|quota| quota.0),
    }
}

fn place(fault: &wire::Fault, option: FaultOption) -> Option<Span> {
    match option {
        FaultOption::Rate => fault.rate.place(),
        FaultOption::Period => fault.period.place(),
        FaultOption::RetryAfter => fault.retry_after.place(),
        FaultOption::Header => fault.headers.place(),
        FaultOption::Body => fault.body.place(),
        FaultOption::Delay => fault.delay.place(),
        FaultOption::Pieces => fault.pieces.place(),
        FaultOption::TokensPerMinute => fault.tokens_per_minute.place(),
    }
}

/// Where what is wrong stands: the option that is to blame, else the fault's word.
fn blamed(fault: &wire::Fault, wrong: &FaultError) -> Option<Span> {
    match wrong {
        FaultError::StrangeOption { option, .. } => place(fault, *option),
        FaultError::NoBody { .. } => place(fault, FaultOption::Body),
        FaultError::WrongHeader { .. } => place(fault, FaultOption::Header),
        FaultError::ShortPeriod => place(fault, FaultOption::Period),
        FaultError::UnknownWord { .. } | FaultError::NoStatus { .. } | FaultError::WrongPlace { .. } => None,
    }
}

/// The one target.
fn target(item: &Spanned<wire::Fault>, reader: &mut Reader<'_>) -> Option<Target> {
    let fault = &item.value;
    let kinds: [(&str, &Field<Text>); 5] = [
        ("backend", &fault.backend),
        ("region", &fault.region),
        ("gateway", &fault.gateway),
        ("deployment", &fault.deployment),
        ("link", &fault.link),
    ];
    let mut said = kinds.iter().filter(|(_, field)| field.said);
    let Some((kind, field)) = said.next() else {
        let help = "add `backend: ID`, or one of `region`, `gateway`, `deployment`, `link`";
        reader.error("scenario/bad-fault", item.span, "the fault has no target", help);
        return None;
    };
    if let Some((second, other)) = said.next() {
        let message = format!("the fault has two targets, `{kind}` and `{second}`");
        reader.error("scenario/bad-fault", other.place().unwrap_or(item.span), message, "write a fault for each");
        return None;
    }
    let name = field.get()?;
    let text = &name.value.0;
    if matches!(*kind, "region" | "gateway") && Region::spelled(text).is_none() {
        let help = match nearest(text, Region::all().map(|region| region.name)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`az account list-locations --query \"[].name\"` lists the regions".to_owned(),
        };
        reader.error("scenario/unknown-region", name.span, format!("there is no Azure region `{}`", shown(text)), help);
        return None;
    }
    match format!("{kind}:{text}").parse() {
        Ok(target) => Some(target),
        Err(wrong) => {
            reader.error("scenario/bad-fault", name.span, format!("{wrong}"), "");
            None
        }
    }
}

/// Faults that meet on one target: the second takes the place of the first.
pub(super) fn overlaps(faults: &[Option<TimedFault>], reader: &mut Reader<'_>) {
    for (index, second) in faults.iter().enumerate() {
        let Some(second) = second else { continue };
        let earlier = faults.iter().enumerate().filter_map(|(at, fault)| Some((at, fault.as_ref()?)));
        let met = earlier
            .filter(|(at, first)| (first.at, *at) < (second.at, index) && first.target == second.target)
            .find(|(_, first)| first.end() > second.at);
        if let Some((at, first)) = met {
            let message = format!("fault {} begins while fault {} holds on the same target, and takes its place", index + 1, at + 1);
            let fault = Diagnostic::warning("scenario/overlapping-faults", message).at(reader.source, second.span);
            let fault = fault.label(reader.source, first.span, format!("fault {} holds from here on", at + 1));
            reader.faults.push(fault.help("let the first end before the second begins"));
        }
    }
}
