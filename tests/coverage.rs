//! How much is there of the .NET types that policy expressions may use, and that the reference page names all that is not.
//!
//! `fixtures/dotnet/members.txt` has the public members, `dotnet::allowed` says which of them the service allows, and
//! `fixtures/dotnet/left-out.txt` why some are left out. From these and the registry comes `docs/dotnet.md`: the test fails where the
//! committed page says anything else, and where a member is missing without a reason. `COVERAGE=write` writes the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use openai_failover::{
    csharp::Code,
    dotnet::{
        allowed::{Members, TABLE},
        exception::Raise,
        member::{Member, MemberInfo, MemberKind, Parameter, member, own_type},
        registry,
        types::{Class, Kind, Type},
    },
    expression::{Form, Target, compile},
    source::Source,
};

const MEMBERS: &str = "fixtures/dotnet/members.txt";
const LEFT_OUT: &str = "fixtures/dotnet/left-out.txt";
const PAGE: &str = "docs/dotnet.md";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A type of the service's table as .NET has it.
struct Reference {
    /// `System.Collections.Generic.List<T>`
    title: &'static str,
    /// The signatures of the members that the table allows.
    signatures: Vec<&'static str>,
}

/// Where a signature's own name ends: at its parameters or accessors.
fn head(signature: &str) -> &str {
    let body = signature.find(" { ").unwrap_or(signature.len());
    let field = signature.find(" = ").unwrap_or(body);
    let parameters = signature.find(['(', '[']).filter(|at| {
        // `T[]` is a type, `this[` an indexer, and a tuple is no list of parameters.
        !signature[*at..].starts_with("[]") && *at > 0 && !signature[..*at].ends_with(' ')
    });
    let array_free = parameters.or_else(|| signature.rfind('('));
    &signature[..array_free.unwrap_or(body).min(body).min(field)]
}

/// The name as the service's table writes it.
fn table_name<'a>(signature: &'a str, simple: &str) -> &'a str {
    let head = head(signature);
    if head.contains(" operator ") {
        return "operator";
    }
    let head = head.split('<').next().filter(|_| head.ends_with('>') && !head.contains("> ")).unwrap_or(head);
    let word = head.rsplit(' ').next().unwrap_or(head);
    let word = word.split('<').next().unwrap_or(word);
    match word {
        "this" => "Item",
        word if head == word && word == simple => "(Constructor)",
        word => word,
    }
}

/// `System.Tuple` of `System.Tuple<T1, T2>`.
fn plain(title: &str) -> &str {
    title.split('<').next().unwrap_or(title)
}

fn references() -> Vec<Reference> {
    let text: &'static str = read(MEMBERS).leak();
    let mut references: Vec<Reference> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("T:") {
            references.push(Reference { title, signatures: Vec::new() });
            continue;
        }
        let reference = references.last_mut().expect("a type comes first");
        let name = plain(reference.title);
        let (_, rule) = TABLE.iter().find(|(listed, _)| *listed == name).unwrap_or_else(|| panic!("{name} is not in the table"));
        let member = table_name(line, name.rsplit('.').next().unwrap_or(name));
        let is_allowed = match rule {
            Members::All => true,
            Members::Only(names) => names.contains(&member),
            Members::Except(names) => {
                let bare = names.iter().any(|name| name.strip_suffix("()") == Some(member)) && line.contains("()");
                !names.contains(&member) && !bare
            }
        };
        if is_allowed {
            reference.signatures.push(line);
        }
    }
    for (name, _) in TABLE {
        assert!(references.iter().any(|reference| plain(reference.title) == *name), "{MEMBERS} lacks {name}");
    }
    references
}

/// The registry's class for a title.
fn class(title: &str) -> Option<&'static Class> {
    let parameters = if title.contains('<') { title.split(',').count() } else { 0 };
    registry::find(plain(title), parameters)
}

/// A signature of .NET in the form of the registry's.
fn normal(signature: &'static str) -> String {
    let mut text = signature.replace("const ", "static ");
    for (nested, ours) in [
        ("Dictionary<TKey, TValue>.KeyCollection", "KeyCollection<TKey, TValue>"),
        ("Dictionary<TKey, TValue>.ValueCollection", "ValueCollection<TKey, TValue>"),
        ("Dictionary<TKey, TValue>.Enumerator", "IEnumerator<KeyValuePair<TKey, TValue>>"),
        ("HashSet<T>.Enumerator", "IEnumerator<T>"),
        ("List<T>.Enumerator", "IEnumerator<T>"),
        ("Queue<T>.Enumerator", "IEnumerator<T>"),
        ("Stack<T>.Enumerator", "IEnumerator<T>"),
        ("CharEnumerator", "IEnumerator<char>"),
        // It can be called without a converter, and only so.
        ("ToString(Formatting formatting, params JsonConverter[] converters)", "ToString(Formatting formatting)"),
    ] {
        text = text.replace(nested, ours);
    }
    if head(signature).len() < signature.len() && signature[head(signature).len()..].starts_with(" = ") || !text.contains(['(', '{']) {
        let field = text.split(" = ").next().unwrap_or(&text);
        return format!("{field} {{ get; }}");
    }
    // What an optional parameter is without its argument makes no overload.
    while let Some(start) = text.find(" = ") {
        let mut depth = 0;
        let end = text[start..].find(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' if depth > 0 => {
                depth -= 1;
                false
            }
            c => c == ',' || c == ')',
        });
        text.replace_range(start..end.map_or(text.len(), |end| start + end), "");
    }
    text
}

fn nothing(_: &mut openai_failover::dotnet::member::Call<'_, '_>) -> Result<openai_failover::dotnet::Value, Raise> {
    Ok(openai_failover::dotnet::Value::Null)
}

/// The signature understood by the registry's own rules; `None` where it names a type that the registry does not know.
fn parse(class: &'static Class, signature: &'static str) -> Option<MemberInfo> {
    let member: &'static Member = Box::leak(Box::new(member(normal(signature).leak(), nothing)));
    MemberInfo::parse(class, member)
}

/// The bases in which the binder looks members up: classes of a class, interfaces of an interface.
fn lineage(ty: Type) -> Vec<Type> {
    let is_interface = |ty: &Type| ty.class().is_some_and(|class| class.kind == Kind::Interface);
    let interfaces = is_interface(&ty);
    let mut lineage = vec![ty];
    let mut next = 0;
    while let Some(current) = lineage.get(next) {
        let bases: Vec<Type> = current.supertypes().into_iter().filter(|base| interfaces || !is_interface(base)).collect();
        lineage.extend(bases);
        next += 1;
    }
    lineage.push(Type::OBJECT);
    lineage
}

/// A parameter's type with the method's own type parameters by their place.
fn shape(parameter: &Parameter, on: &Type, info: &MemberInfo) -> (Type, bool) {
    const PLACES: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
    let ty = parameter.ty.substitute(&|name| {
        if let Some(place) = info.type_parameters.iter().position(|own| *own == name) {
            return Some(Type::Parameter(PLACES[place]));
        }
        let place = info.class.parameters.iter().position(|own| *own == name)?;
        on.arguments().get(place).cloned()
    });
    (ty, parameter.is_out || parameter.is_ref)
}

/// Whether a member of the registry is the one of .NET; its optional parameters may stand for several.
fn is_same(ours: &MemberInfo, on: &Type, theirs: &MemberInfo) -> bool {
    let own = own_type(theirs.class);
    let kind = ours.kind == theirs.kind && ours.name == theirs.name && ours.is_static == theirs.is_static;
    let generic = ours.type_parameters.len() == theirs.type_parameters.len();
    let (least, most) = (ours.parameters.iter().filter(|p| p.default.is_none()).count(), ours.parameters.len());
    let is_conversion = matches!(ours.kind, MemberKind::Implicit | MemberKind::Explicit);
    kind && generic
        && (least..=most).contains(&theirs.parameters.len())
        && (!is_conversion || ours.result == theirs.result)
        && (!theirs.is_settable || ours.is_settable)
        && ours.parameters.iter().zip(&theirs.parameters).all(|(a, b)| shape(a, on, ours) == shape(b, &own, theirs))
}

fn compiles(text: &str) -> bool {
    let source = Source::new("coverage", text);
    let (code, is_block) = Code::framed(&source);
    compile(&code, if is_block { Form::Block } else { Form::Expression }, Target::Any).is_ok()
}

/// Whether the language itself has the operator: those of the primitive types are C#'s own.
fn is_of_the_language(info: &MemberInfo) -> bool {
    let operands: Vec<String> = info.parameters.iter().map(|parameter| format!("default({})", parameter.ty)).collect();
    let (result, name) = (&info.result, info.name);
    let code = match (info.kind, operands.as_slice()) {
        (MemberKind::Operator, [one]) if ["++", "--"].contains(&name) => format!("var a = {one}; a{name}; return a;"),
        (MemberKind::Operator, [one]) => format!("var a = {one}; {result} c = {name}a; return c;"),
        (MemberKind::Operator, [one, two]) => format!("var a = {one}; var b = {two}; {result} c = a {name} b; return c;"),
        (MemberKind::Implicit, [one]) => format!("var a = {one}; {result} c = a; return c;"),
        (MemberKind::Explicit, [one]) => format!("var a = {one}; return ({result})a;"),
        _ => return false,
    };
    compiles(&format!("@{{ {code} }}"))
}

/// Why members are left out: a group of `left-out.txt`.
#[derive(Default)]
struct Reason {
    title: &'static str,
    text: Vec<&'static str>,
    /// A member that takes or gives one of these is left out.
    types: Vec<&'static str>,
    /// Members by name: the type, or `*` for all, and the signature.
    members: Vec<(&'static str, &'static str)>,
}

/// The reasons, and members of types that are the language's own with an expression each that uses it.
fn reasons() -> (Vec<Reason>, Vec<(&'static str, &'static str)>) {
    let text: &'static str = read(LEFT_OUT).leak();
    let (mut reasons, mut own): (Vec<Reason>, Vec<_>) = (Vec::new(), Vec::new());
    let mut of = "";
    for line in text.lines().filter(|line| !line.is_empty() && *line != "#" && !line.starts_with("# ")) {
        if let Some(proof) = line.strip_prefix("language: ") {
            own.push(proof.split_once(" => ").expect("an expression proves it"));
        } else if let Some(title) = line.strip_prefix("## ") {
            reasons.push(Reason { title, ..Reason::default() });
        } else if let Some(title) = line.strip_prefix("T:") {
            of = title;
        } else {
            let reason = reasons.last_mut().expect("a reason comes first");
            if let Some(types) = line.strip_prefix("types: ") {
                reason.types.extend(types.split(", "));
            } else if let Some(member) = line.strip_prefix("- ") {
                reason.members.push((of, member));
            } else {
                of = "*";
                reason.text.push(line);
            }
        }
    }
    (reasons, own)
}

/// The type names in a signature.
fn mentions<'a>(signature: &'a str, name: &str) -> bool {
    let head = head(signature);
    let own = head.rsplit(' ').next().map_or(head.len(), |own| head.len() - own.len());
    let rest = &signature[head.len()..];
    [&signature[..own], rest].iter().any(|part: &&'a str| part.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name))
}

/// What became of a type.
struct Coverage {
    title: &'static str,
    of: usize,
    there: Vec<&'static str>,
    /// What is left out: the place of the reason, and the signature.
    left_out: Vec<(usize, &'static str)>,
    /// What is missing without a reason.
    missing: Vec<&'static str>,
}

fn is_there(class: Option<&'static Class>, title: &str, signature: &'static str, own: &[(&str, &str)]) -> bool {
    if own.iter().any(|(member, proof)| member.split_once(": ") == Some((title, signature)) && compiles(proof)) {
        return true;
    }
    let Some(class) = class else { return false };
    if let Kind::Enum(members) = class.kind {
        let (name, value) = signature.split_once(" = ").unwrap();
        return members.iter().any(|(own, is)| *own == name && is.to_string() == value);
    }
    let Some(theirs) = parse(class, signature) else { return false };
    let lineage = lineage(own_type(class));
    let mut ours = lineage.iter().flat_map(|on| on.class().into_iter().flat_map(Class::infos).map(move |info| (info, on)));
    ours.any(|(info, on)| is_same(info, on, &theirs)) || is_of_the_language(&theirs)
}

fn cover(reasons: &[Reason], own: &[(&str, &str)]) -> Vec<Coverage> {
    let mut coverages = Vec::new();
    for reference in references() {
        let class = class(reference.title);
        let mut coverage = Coverage {
            title: reference.title,
            of: reference.signatures.len(),
            there: Vec::new(),
            left_out: Vec::new(),
            missing: Vec::new(),
        };
        for signature in reference.signatures {
            let is_named = |(of, member): &(&str, &str)| *member == signature && (*of == "*" || *of == reference.title);
            let named = reasons.iter().position(|reason| reason.members.iter().any(is_named));
            if is_there(class, reference.title, signature, own) {
                coverage.there.push(signature);
                continue;
            }
            let by_type = || reasons.iter().position(|reason| reason.types.iter().any(|name| mentions(signature, name)));
            match named.or_else(by_type) {
                Some(reason) => coverage.left_out.push((reason, signature)),
                None => coverage.missing.push(signature),
            }
        }
        coverages.push(coverage);
    }
    coverages
}

/// What a reader calls a type: without its namespace.
fn short(title: &str) -> &str {
    let name = plain(title);
    let outer = name.rsplit_once('.').map_or("", |(outer, _)| outer);
    let start = if outer.ends_with("TimeZoneInfo") { outer.rfind('.') } else { name.rfind('.') };
    &title[start.map_or(0, |at| at + 1)..]
}

/// A member by its name: overloads have one.
fn shown(signature: &str, simple: &str) -> String {
    match table_name(signature, simple) {
        "(Constructor)" => format!("new {simple}"),
        "Item" => "this[]".to_owned(),
        "operator" if signature.contains("plicit operator ") => {
            let (_, conversion) = signature.split_once("operator ").unwrap();
            let (to, from) = conversion.split_once('(').unwrap();
            format!("({to}){}", from.rsplit_once(' ').map_or("", |(ty, _)| ty))
        }
        "operator" => signature.split_once("operator ").and_then(|(_, rest)| rest.split('(').next()).unwrap_or("").to_owned(),
        name => name.to_owned(),
    }
}

/// The page.
fn page(reasons: &[Reason], coverages: &[Coverage]) -> String {
    let (of, out): (usize, usize) = coverages.iter().fold((0, 0), |(of, out), c| (of + c.of, out + c.left_out.len()));
    let mut page = read(LEFT_OUT)
        .lines()
        .take_while(|line| line.starts_with('#'))
        .fold(String::new(), |page, line| page + line.strip_prefix("# ").unwrap_or("") + "\n");
    page = page.replace("{there}", &(of - out).to_string()).replace("{of}", &of.to_string()).replace("{out}", &out.to_string());
    page += "\n## Types\n\n| type | members | left out |\n|---|---|---|\n";
    for coverage in coverages {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for (reason, _) in &coverage.left_out {
            *counts.entry(*reason).or_default() += 1;
        }
        let why: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {}", link(reasons[*reason].title))).collect();
        let there = coverage.of - coverage.left_out.len();
        let share = if there == coverage.of { format!("all {there}") } else { format!("{there} of {}", coverage.of) };
        writeln!(page, "| `{}` | {share} | {} |", coverage.title, why.join(", ")).unwrap();
    }
    page += "\n## Members\n\n";
    for coverage in coverages {
        let simple = plain(coverage.title).rsplit('.').next().unwrap_or("");
        let mut names: Vec<String> = coverage.there.iter().map(|signature| format!("`{}`", shown(signature, simple))).collect();
        names.sort_by_key(|name| name.to_lowercase());
        names.dedup();
        writeln!(page, "- `{}`: {}", short(coverage.title), names.join(", ")).unwrap();
    }
    page += "\n## Left out\n";
    for (place, reason) in reasons.iter().enumerate() {
        write!(page, "\n### {}\n\n{}\n\n", reason.title, reason.text.join("\n")).unwrap();
        for coverage in coverages {
            let simple = plain(coverage.title).rsplit('.').next().unwrap_or("");
            let mut names: Vec<(String, usize)> = Vec::new();
            for (_, signature) in coverage.left_out.iter().filter(|(at, _)| *at == place) {
                // By type a member's name is enough to know which overloads are meant.
                let is_named = reason.members.iter().any(|(_, member)| member == signature);
                let shown = if is_named { (*signature).to_owned() } else { shown(signature, simple) };
                match names.iter_mut().find(|(name, _)| *name == shown) {
                    Some((_, count)) => *count += 1,
                    None => names.push((shown, 1)),
                }
            }
            if !names.is_empty() {
                let shown: Vec<String> = names
                    .iter()
                    .map(|(name, count)| if *count > 1 { format!("`{name}` (×{count})") } else { format!("`{name}`") })
                    .collect();
                writeln!(page, "- `{}`: {}", short(coverage.title), shown.join(", ")).unwrap();
            }
        }
    }
    page
}

/// `[culture](#culture)`
fn link(title: &str) -> String {
    let anchor: String = title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -".contains(*c)).collect();
    format!("[{}](#{})", title.to_lowercase(), anchor.replace(' ', "-"))
}

#[test]
fn every_member_of_the_table_is_there_or_left_out_with_a_reason() {
    let (reasons, own) = reasons();
    let coverages = cover(&reasons, &own);
    let mut faults = Vec::new();
    for coverage in &coverages {
        let there = coverage.of - coverage.left_out.len() - coverage.missing.len();
        println!("{:<60} {there:>4} of {:>4}", coverage.title, coverage.of);
        for signature in &coverage.missing {
            println!("    missing: {signature}");
            faults.push(format!("{}: {signature} is missing, and {LEFT_OUT} gives no reason", coverage.title));
        }
    }
    for reason in &reasons {
        for (of, member) in &reason.members {
            let is_left_out = |c: &Coverage| (*of == "*" || *of == c.title) && c.left_out.iter().any(|(_, left)| left == member);
            if !coverages.iter().any(is_left_out) {
                faults.push(format!("{LEFT_OUT} lists {of}: {member}, which is there or is no member"));
            }
        }
        for name in &reason.types {
            if !coverages.iter().flat_map(|c| &c.left_out).any(|(_, signature)| mentions(signature, name)) {
                faults.push(format!("{LEFT_OUT}: nothing is left out for the type {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let page = page(&reasons, &coverages);
    if std::env::var_os("COVERAGE").is_some_and(|wanted| wanted == "write") {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), &page).unwrap();
    }
    assert!(read(PAGE) == page, "{PAGE} says something else; `COVERAGE=write cargo test --test coverage` writes it");
}
