//! Members of other families, called as an expression would call them: what .NET's own member does is said once.

use crate::dotnet::{
    exception::Raise,
    member::{Call, MemberKind},
    registry,
    runtime::Runtime,
    string::Str,
    types::Class,
    uri::Uri,
    value::Value,
};

/// Calls the member of that name whose parameters are of the classes `parameters`; none where the table has no such member.
///
/// A constructor is named like its class; an instance member takes its receiver as first argument.
pub(super) fn call(
    runtime: &mut Runtime<'_>,
    class: &'static Class,
    name: &str,
    parameters: &[&str],
    arguments: &[Value],
) -> Option<Result<Value, Raise>> {
    let info = class.infos().iter().find(|info| {
        info.name == name
            && info.type_parameters.is_empty()
            && (info.parameters.len() == parameters.len() || info.kind == MemberKind::Property)
            && info.parameters.iter().zip(parameters).all(|(parameter, wanted)| {
                parameter.ty.class().is_some_and(|class| class.name == *wanted) && !parameter.is_out && !parameter.is_params
            })
    })?;
    let mut call = Call { runtime, arguments, types: &[], outs: Vec::new() };
    Some((info.native)(&mut call))
}

/// `Uri.OriginalString`
pub(super) fn original_string(runtime: &Runtime<'_>, uri: &Value) -> Str {
    match runtime.own::<Uri>(uri) {
        Some(uri) => uri.original.clone().into(),
        None => crate::dotnet::display::to_str(runtime, uri),
    }
}

/// `Regex.IsMatch(text, pattern, options)`; without that family nothing matches.
pub(super) fn regex_matches(runtime: &mut Runtime<'_>, text: &Value, pattern: &Value, options: i32) -> Result<bool, Raise> {
    let (Some(regex), Some(flags)) = (registry::find("Regex", 0), registry::find("RegexOptions", 0)) else { return Ok(false) };
    let options = super::convert::enumerated(flags, options.into());
    let arguments = [text.clone(), pattern.clone(), options];
    match call(runtime, regex, "IsMatch", &["String", "String", "RegexOptions"], &arguments) {
        Some(outcome) => Ok(matches!(outcome?, Value::Bool(true))),
        None => Ok(false),
    }
}
