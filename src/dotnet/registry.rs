//! The table of types: every .NET type that an expression may name, and where each one's members stand.
//!
//! Source of the list: learn.microsoft.com/azure/api-management/api-management-policy-expressions, "CLR types".
//! It only grows: a type is a line here and a file with its members.

pub use super::enums::{DAY_OF_WEEK, FORMATTING, JTOKEN_TYPE, STRING_COMPARISON, STRING_SPLIT_OPTIONS};
use super::{
    boolean, chars, collection, context, convert, datetime, encoding, enums, exception, guid, json, math, number, object, random, string,
    types::{Class, Kind},
    uri,
};

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $class:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs, reason = "the name is the documentation")] pub static $name: Class = $class;)*
        /// All types of the table.
        pub static CLASSES: &[&Class] = &[$(&$name),*, &STRING_COMPARISON, &STRING_SPLIT_OPTIONS, &FORMATTING, &JTOKEN_TYPE, &DAY_OF_WEEK];
    };
}

const fn class(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Class).bases(&["object"])
}

const fn structure(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Struct).bases(&["ValueType"])
}

const fn interface(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Interface)
}

const fn statics(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Static)
}

const fn error(name: &'static str, base: &'static [&'static str]) -> Class {
    Class::new("System", name, Kind::Class).bases(base)
}

const LINQ_JSON: &str = "Newtonsoft.Json.Linq";
const GENERIC: &str = "System.Collections.Generic";
const CONTEXT_NAMESPACE: &str = "Microsoft.Azure.ApiManagement";

classes! {
    OBJECT = Class::new("System", "Object", Kind::Class).keyword("object").members(object::MEMBERS);
    VALUE_TYPE = class("System", "ValueType");
    ENUM = Class::new("System", "Enum", Kind::Class).bases(&["ValueType"]).members(enums::MEMBERS);
    ARRAY = class("System", "Array").members(collection::ARRAY_MEMBERS);
    STRING = class("System", "String").keyword("string").bases(&["object", "IEnumerable<char>"]).members(string::MEMBERS);
    BOOLEAN = structure("System", "Boolean").keyword("bool").members(boolean::MEMBERS);
    CHAR = structure("System", "Char").keyword("char").members(chars::MEMBERS);
    SBYTE = structure("System", "SByte").keyword("sbyte").members(number::SBYTE);
    BYTE = structure("System", "Byte").keyword("byte").members(number::BYTE);
    INT16 = structure("System", "Int16").keyword("short").members(number::INT16);
    UINT16 = structure("System", "UInt16").keyword("ushort").members(number::UINT16);
    INT32 = structure("System", "Int32").keyword("int").members(number::INT32);
    UINT32 = structure("System", "UInt32").keyword("uint").members(number::UINT32);
    INT64 = structure("System", "Int64").keyword("long").members(number::INT64);
    UINT64 = structure("System", "UInt64").keyword("ulong").members(number::UINT64);
    SINGLE = structure("System", "Single").keyword("float").members(number::SINGLE);
    DOUBLE = structure("System", "Double").keyword("double").members(number::DOUBLE);
    DECIMAL = structure("System", "Decimal").keyword("decimal").members(number::DECIMAL);
    DATE_TIME = structure("System", "DateTime").members(datetime::DATE_TIME);
    DATE_TIME_OFFSET = structure("System", "DateTimeOffset").members(datetime::DATE_TIME_OFFSET);
    TIME_SPAN = structure("System", "TimeSpan").members(datetime::TIME_SPAN);
    GUID = structure("System", "Guid").members(guid::MEMBERS);
    MATH = statics("System", "Math").members(math::MEMBERS);
    CONVERT = statics("System", "Convert").members(convert::MEMBERS);
    RANDOM = class("System", "Random").members(random::MEMBERS);
    URI = class("System", "Uri").members(uri::URI);
    WEB_UTILITY = statics("System.Net", "WebUtility").members(uri::WEB_UTILITY);
    ENCODING = class("System.Text", "Encoding").members(encoding::MEMBERS);

    IENUMERABLE = interface(GENERIC, "IEnumerable").generic(&["T"]);
    IREADONLY_COLLECTION = interface(GENERIC, "IReadOnlyCollection").generic(&["T"]).bases(&["IEnumerable<T>"]).members(collection::COUNTED);
    ICOLLECTION = interface(GENERIC, "ICollection").generic(&["T"]).bases(&["IEnumerable<T>"]).members(collection::COUNTED);
    ILIST = interface(GENERIC, "IList").generic(&["T"]).bases(&["ICollection<T>"]).members(collection::INDEXED);
    LIST = class(GENERIC, "List").generic(&["T"]).bases(&["object", "IList<T>", "IReadOnlyCollection<T>"]).members(collection::LIST);
    DICTIONARY = class(GENERIC, "Dictionary").generic(&["TKey", "TValue"])
        .bases(&["object", "IDictionary<TKey, TValue>", "IReadOnlyDictionary<TKey, TValue>"]).members(collection::DICTIONARY);
    IDICTIONARY = interface(GENERIC, "IDictionary").generic(&["TKey", "TValue"]).bases(&["ICollection<KeyValuePair<TKey, TValue>>"]).members(collection::DICTIONARY_INTERFACE);
    IREADONLY_DICTIONARY = interface(GENERIC, "IReadOnlyDictionary").generic(&["TKey", "TValue"])
        .bases(&["IReadOnlyCollection<KeyValuePair<TKey, TValue>>"]).members(collection::READONLY_DICTIONARY);
    KEY_VALUE_PAIR = structure(GENERIC, "KeyValuePair").generic(&["TKey", "TValue"]).members(collection::PAIR);

    JTOKEN = class(LINQ_JSON, "JToken").bases(&["object", "IEnumerable<JToken>"]).members(json::TOKEN);
    JVALUE = Class::new(LINQ_JSON, "JValue", Kind::Class).bases(&["JToken"]).members(json::VALUE);
    JCONTAINER = Class::new(LINQ_JSON, "JContainer", Kind::Class).bases(&["JToken"]).members(json::CONTAINER);
    JOBJECT = Class::new(LINQ_JSON, "JObject", Kind::Class).bases(&["JContainer"]).members(json::OBJECT);
    JARRAY = Class::new(LINQ_JSON, "JArray", Kind::Class).bases(&["JContainer"]).members(json::ARRAY);
    JPROPERTY = Class::new(LINQ_JSON, "JProperty", Kind::Class).bases(&["JContainer"]).members(json::PROPERTY);
    JSON_EXTENSIONS = statics(LINQ_JSON, "Extensions").members(json::EXTENSIONS);

    EXCEPTION = class("System", "Exception").members(exception::MEMBERS);
    SYSTEM_EXCEPTION = error("SystemException", &["Exception"]);
    NULL_REFERENCE_EXCEPTION = error("NullReferenceException", &["SystemException"]);
    INVALID_CAST_EXCEPTION = error("InvalidCastException", &["SystemException"]);
    INVALID_OPERATION_EXCEPTION = error("InvalidOperationException", &["SystemException"]);
    NOT_SUPPORTED_EXCEPTION = error("NotSupportedException", &["SystemException"]);
    FORMAT_EXCEPTION = error("FormatException", &["SystemException"]);
    INDEX_OUT_OF_RANGE_EXCEPTION = error("IndexOutOfRangeException", &["SystemException"]);
    ARITHMETIC_EXCEPTION = error("ArithmeticException", &["SystemException"]);
    OVERFLOW_EXCEPTION = error("OverflowException", &["ArithmeticException"]);
    DIVIDE_BY_ZERO_EXCEPTION = error("DivideByZeroException", &["ArithmeticException"]);
    ARGUMENT_EXCEPTION = error("ArgumentException", &["SystemException"]);
    ARGUMENT_NULL_EXCEPTION = error("ArgumentNullException", &["ArgumentException"]);
    ARGUMENT_OUT_OF_RANGE_EXCEPTION = error("ArgumentOutOfRangeException", &["ArgumentException"]);
    KEY_NOT_FOUND_EXCEPTION = Class::new(GENERIC, "KeyNotFoundException", Kind::Class).bases(&["SystemException"]);
    JSON_READER_EXCEPTION = Class::new("Newtonsoft.Json", "JsonReaderException", Kind::Class).bases(&["Exception"]);

    CONTEXT = class(CONTEXT_NAMESPACE, "IProxyRequestContext").members(context::CONTEXT);
    REQUEST = class(CONTEXT_NAMESPACE, "IRequest").members(context::REQUEST);
    RESPONSE = class(CONTEXT_NAMESPACE, "IResponse").members(context::RESPONSE);
    MESSAGE_BODY = class(CONTEXT_NAMESPACE, "IMessageBody").members(context::BODY);
    IURL = class(CONTEXT_NAMESPACE, "IUrl").members(context::URL);
    API = class(CONTEXT_NAMESPACE, "IApi").members(context::API);
    KEY_NAMES = class(CONTEXT_NAMESPACE, "ISubscriptionKeyParameterNames").members(context::KEY_NAMES);
    OPERATION = class(CONTEXT_NAMESPACE, "IOperation").members(context::OPERATION);
    PRODUCT = class(CONTEXT_NAMESPACE, "IProduct").members(context::PRODUCT);
    SUBSCRIPTION = class(CONTEXT_NAMESPACE, "ISubscription").members(context::SUBSCRIPTION);
    USER = class(CONTEXT_NAMESPACE, "IUser").members(context::USER);
    DEPLOYMENT = class(CONTEXT_NAMESPACE, "IDeployment").members(context::DEPLOYMENT);
    DEPLOYMENT_GATEWAY = class(CONTEXT_NAMESPACE, "IGateway").members(context::DEPLOYMENT_GATEWAY);
    LAST_ERROR = class(CONTEXT_NAMESPACE, "ILastError").members(context::LAST_ERROR);
    CONTEXT_EXTENSIONS = statics(CONTEXT_NAMESPACE, "Extensions").members(context::EXTENSIONS);
}

/// The type of that name with that many type parameters: by keyword, simple name or full name.
pub fn find(name: &str, parameters: usize) -> Option<&'static Class> {
    let (namespace, simple) = name.rsplit_once('.').map_or((None, name), |(namespace, simple)| (Some(namespace), simple));
    CLASSES.iter().copied().find(|class| {
        class.parameters.len() == parameters
            && match namespace {
                Some(namespace) => class.name == simple && class.namespace == namespace,
                None => class.name == simple || class.keyword == Some(simple),
            }
    })
}

/// Whether some type of the table lies in a namespace of that name, or below it.
pub fn is_namespace(name: &str) -> bool {
    CLASSES.iter().any(|class| class.namespace == name || class.namespace.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The classes whose extension methods are in scope.
pub fn extension_classes() -> impl Iterator<Item = &'static Class> {
    [&JSON_EXTENSIONS, &CONTEXT_EXTENSIONS].into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_of_the_table_is_understood() {
        for class in CLASSES {
            let parsed: Vec<_> = class.infos().iter().map(|info| info.signature).collect();
            let missing: Vec<_> =
                class.members.iter().map(|member| member.signature).filter(|signature| !parsed.contains(signature)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", class.full_name());
            assert_eq!(class.supertypes().len(), class.bases.len(), "{}: {:?}", class.full_name(), class.bases);
        }
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
