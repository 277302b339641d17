//! The table of types: every .NET type that an expression may name, gathered from the families.
//!
//! A family (a file of this room) holds its types and their members; to add a type is to add a line there.

use std::{collections::HashMap, sync::OnceLock};

use super::{member::MemberInfo, types::Class};

pub use super::{
    boolean::BOOLEAN,
    chars::CHAR,
    collection::{
        ARRAY, COMPARER, DICTIONARY, EQUALITY_COMPARER, HASH_SET, ICOLLECTION, IDICTIONARY, IENUMERABLE, IENUMERATOR, ILIST,
        IREADONLY_COLLECTION, IREADONLY_DICTIONARY, IREADONLY_LIST, ISET, KEY_COLLECTION, KEY_VALUE_PAIR, LIST, NONGENERIC_IENUMERABLE,
        QUEUE, READ_ONLY_COLLECTION, STACK, VALUE_COLLECTION,
    },
    context::{
        CONTEXT, CONTEXT_EXTENSIONS, DEPLOYMENT, DEPLOYMENT_GATEWAY, IURL, LAST_ERROR, MESSAGE_BODY, REQUEST, RESPONSE,
        entities::{API, KEY_NAMES, OPERATION, PRODUCT, SUBSCRIPTION, USER},
    },
    datetime::{DATE_TIME, DATE_TIME_OFFSET, TIME_SPAN},
    encoding::ENCODING,
    enums::{DAY_OF_WEEK, ENUM, FORMATTING, JTOKEN_TYPE, STRING_COMPARISON, STRING_SPLIT_OPTIONS},
    exception::{
        ARGUMENT_EXCEPTION, ARGUMENT_NULL_EXCEPTION, ARGUMENT_OUT_OF_RANGE_EXCEPTION, ARITHMETIC_EXCEPTION, ARRAY_TYPE_MISMATCH_EXCEPTION,
        DIVIDE_BY_ZERO_EXCEPTION, EXCEPTION, FORMAT_EXCEPTION, INDEX_OUT_OF_RANGE_EXCEPTION, INVALID_CAST_EXCEPTION,
        INVALID_OPERATION_EXCEPTION, KEY_NOT_FOUND_EXCEPTION, NOT_SUPPORTED_EXCEPTION, NULL_REFERENCE_EXCEPTION, OBJECT_DISPOSED_EXCEPTION,
        OVERFLOW_EXCEPTION, RANK_EXCEPTION, SYSTEM_EXCEPTION,
    },
    guid::GUID,
    json::{JARRAY, JCONTAINER, JOBJECT, JPROPERTY, JSON_READER_EXCEPTION, JTOKEN, JVALUE},
    linq::{IGROUPING, ILOOKUP, IORDERED_ENUMERABLE, LOOKUP},
    number::{BYTE, DECIMAL, DOUBLE, INT16, INT32, INT64, SBYTE, SINGLE, UINT16, UINT32, UINT64},
    object::{OBJECT, VALUE_TYPE},
    random::RANDOM,
    string::STRING,
    uri::URI,
};

/// The families' tables.
const FAMILIES: &[&[&Class]] = &[
    super::object::CLASSES,
    super::boolean::CLASSES,
    super::chars::CLASSES,
    super::number::CLASSES,
    super::math::CLASSES,
    super::convert::CLASSES,
    super::bit_converter::CLASSES,
    super::random::CLASSES,
    super::guid::CLASSES,
    super::enums::CLASSES,
    super::string::CLASSES,
    super::string_builder::CLASSES,
    super::encoding::CLASSES,
    super::uri::CLASSES,
    super::net::CLASSES,
    super::datetime::CLASSES,
    super::time_zone::CLASSES,
    super::collection::CLASSES,
    super::tuple::CLASSES,
    super::nullable::CLASSES,
    super::delegate::CLASSES,
    super::linq::CLASSES,
    super::regex::CLASSES,
    super::crypto::CLASSES,
    super::json::CLASSES,
    super::xml::CLASSES,
    super::exception::CLASSES,
    super::context::CLASSES,
    super::context::entities::CLASSES,
    super::context::tokens::CLASSES,
];

/// All types of the table.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The type of that name with that many type parameters: by keyword, simple name or full name.
pub fn find(name: &str, parameters: usize) -> Option<&'static Class> {
    static NAMES: OnceLock<HashMap<(&'static str, usize), Vec<&'static Class>>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for class in classes() {
            names.entry((class.name, class.parameters.len())).or_default().push(class);
            if let Some(keyword) = class.keyword {
                names.entry((keyword, class.parameters.len())).or_default().push(class);
            }
        }
        names
    });
    let (namespace, simple) = name.rsplit_once('.').map_or((None, name), |(namespace, simple)| (Some(namespace), simple));
    names.get(&(simple, parameters))?.iter().copied().find(|class| match namespace {
        // A nested type is named through its outer type, whose namespace may be left out.
        Some(namespace) => {
            class.name == simple
                && (class.namespace == namespace
                    || class.namespace.rsplit_once('.').is_some_and(|(_, outer)| outer == namespace && find(outer, 0).is_some()))
        }
        None => true,
    })
}

/// Whether some type of the table lies in a namespace of that name, or below it.
pub fn is_namespace(name: &str) -> bool {
    classes().any(|class| class.namespace == name || class.namespace.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The extension methods of that name.
pub fn extensions(name: &str) -> &'static [&'static MemberInfo] {
    static METHODS: OnceLock<HashMap<&'static str, Vec<&'static MemberInfo>>> = OnceLock::new();
    let methods = METHODS.get_or_init(|| {
        let mut methods: HashMap<_, Vec<_>> = HashMap::new();
        for info in classes().flat_map(Class::infos).filter(|info| info.is_extension) {
            methods.entry(info.name).or_default().push(info);
        }
        methods
    });
    methods.get(name).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_of_the_table_is_understood() {
        for class in classes() {
            let parsed: Vec<_> = class.infos().iter().map(|info| info.signature).collect();
            let missing: Vec<_> =
                class.members.iter().map(|member| member.signature).filter(|signature| !parsed.contains(signature)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", class.full_name());
            assert_eq!(class.supertypes().len(), class.bases.len(), "{}: {:?}", class.full_name(), class.bases);
            let mut twice = parsed.clone();
            twice.sort_unstable();
            let before = twice.len();
            twice.dedup();
            assert_eq!(twice.len(), before, "{} declares a member twice", class.full_name());
        }
    }

    #[test]
    fn no_type_is_declared_twice() {
        let mut names: Vec<(String, usize)> = classes().map(|class| (class.full_name(), class.parameters.len())).collect();
        names.sort();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn a_type_is_found_by_keyword_simple_and_full_name() {
        for name in ["string", "String", "System.String"] {
            assert!(std::ptr::eq(find(name, 0).unwrap(), &STRING), "{name}");
        }
        assert!(find("List", 0).is_none() && find("List", 1).is_some());
        assert!(is_namespace("System") && is_namespace("Newtonsoft.Json") && !is_namespace("Sys"));
    }
}
