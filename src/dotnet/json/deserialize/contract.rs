//! What types are to the deserialiser. Source: Serialization/DefaultContractResolver.cs.

use crate::{
    dotnet::{
        json::{BIG_INTEGER, JTOKEN, convert::is_convertible, serialize::part_names},
        registry,
        types::Type,
    },
    text::Text,
};

/// What a type is to the deserialiser.
pub(super) enum Contract {
    /// Nothing is known: JSON's own kinds.
    Any,
    /// `JToken` and what derives from it
    Token,
    /// A value: a number, text, a date …
    Primitive,
    /// A sequence of such items
    Sequence(Type),
    /// A rectangular array of such items
    Grid(Type, usize),
    /// A dictionary
    Dictionary(Type, Type),
    /// `KeyValuePair<TKey, TValue>`
    Pair(Type, Type),
    /// Named parts
    Parts(Vec<(Text, Type)>),
    /// Something else
    Other,
}

pub(super) fn contract(target: Option<&Type>) -> Contract {
    let Some(target) = target else { return Contract::Any };
    let plain = target.underlying().unwrap_or(target);
    let name = plain.class().map_or("", |class| class.name);
    match plain {
        Type::Array(element) if **element == Type::BYTE => Contract::Primitive,
        Type::Array(element) => Contract::Sequence((**element).clone()),
        Type::Grid(element, rank) => Contract::Grid((**element).clone(), *rank),
        Type::Anonymous(anonymous) => Contract::Parts(anonymous.properties.clone()),
        Type::Tuple(tuple) => {
            let names = part_names(plain, tuple.items.len());
            Contract::Parts(names.into_iter().zip(tuple.items.iter().cloned()).collect())
        }
        _ if *plain == Type::OBJECT => Contract::Any,
        _ if plain.as_class(&JTOKEN).is_some() => Contract::Token,
        _ if is_convertible(plain) || matches!(name, "Guid" | "TimeSpan" | "DateTimeOffset" | "Uri" | "BigInteger") => Contract::Primitive,
        Type::Generic(class, arguments) => match (class.name, &**arguments) {
            ("KeyValuePair", [key, value]) => Contract::Pair(key.clone(), value.clone()),
            ("Dictionary" | "IDictionary" | "IReadOnlyDictionary", [key, value]) => Contract::Dictionary(key.clone(), value.clone()),
            ("Tuple", items) => Contract::Parts(part_names(plain, items.len()).into_iter().zip(items.iter().cloned()).collect()),
            (_, [element]) if plain.as_class(&registry::IENUMERABLE).is_some() => Contract::Sequence(element.clone()),
            _ => Contract::Other,
        },
        _ if matches!(name, "IEnumerable" | "IList" | "ICollection" | "ArrayList") => Contract::Sequence(Type::OBJECT),
        _ => Contract::Other,
    }
}

/// What messages call the JSON that a type wants.
pub(super) fn expected(contract: &Contract, target: &Type) -> &'static str {
    match contract {
        Contract::Primitive if target.class().is_some_and(|class| std::ptr::eq(class, &BIG_INTEGER)) => "JSON string value",
        Contract::Primitive => "JSON primitive value (e.g. string, number, boolean, null)",
        Contract::Sequence(_) | Contract::Grid(..) => "JSON array (e.g. [1,2,3])",
        _ => "JSON object (e.g. {\"name\":\"value\"})",
    }
}
