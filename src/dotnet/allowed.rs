//! Which types and members an expression may use: the service's table.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, ".NET Framework types allowed in policy expressions".
//! The registry holds more than this, for what allowed members give and take; only what the table lists may be named.

use super::{
    member::{MemberInfo, MemberKind},
    types::{Class, Kind},
};

/// What of a type is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// All public members.
    All,
    /// These alone; `(Constructor)` and `Item` are written so.
    Only(&'static [&'static str]),
    /// All but these.
    Except(&'static [&'static str]),
}

use Members::{All, Except, Only};

/// The table, in the documentation's order.
pub const TABLE: &[(&str, Members)] = &[
    ("Newtonsoft.Json.Formatting", All),
    ("Newtonsoft.Json.JsonConvert", Only(&["SerializeObject", "DeserializeObject"])),
    ("Newtonsoft.Json.Linq.Extensions", All),
    ("Newtonsoft.Json.Linq.JArray", All),
    ("Newtonsoft.Json.Linq.JConstructor", All),
    ("Newtonsoft.Json.Linq.JContainer", All),
    ("Newtonsoft.Json.Linq.JObject", All),
    ("Newtonsoft.Json.Linq.JProperty", All),
    ("Newtonsoft.Json.Linq.JRaw", All),
    ("Newtonsoft.Json.Linq.JToken", All),
    ("Newtonsoft.Json.Linq.JTokenType", All),
    ("Newtonsoft.Json.Linq.JValue", All),
    ("System.Array", All),
    ("System.BitConverter", All),
    ("System.Boolean", All),
    ("System.Byte", All),
    ("System.Char", All),
    ("System.Collections.Generic.Dictionary", All),
    ("System.Collections.Generic.HashSet", All),
    ("System.Collections.Generic.ICollection", All),
    ("System.Collections.Generic.IDictionary", All),
    ("System.Collections.Generic.IEnumerable", All),
    ("System.Collections.Generic.IEnumerator", All),
    ("System.Collections.Generic.IList", All),
    ("System.Collections.Generic.IReadOnlyCollection", All),
    ("System.Collections.Generic.IReadOnlyDictionary", All),
    ("System.Collections.Generic.ISet", All),
    ("System.Collections.Generic.KeyValuePair", All),
    ("System.Collections.Generic.List", All),
    ("System.Collections.Generic.Queue", All),
    ("System.Collections.Generic.Stack", All),
    ("System.Convert", All),
    (
        "System.DateTime",
        Only(&[
            "(Constructor)",
            "Add",
            "AddDays",
            "AddHours",
            "AddMilliseconds",
            "AddMinutes",
            "AddMonths",
            "AddSeconds",
            "AddTicks",
            "AddYears",
            "Date",
            "Day",
            "DayOfWeek",
            "DayOfYear",
            "DaysInMonth",
            "Hour",
            "IsDaylightSavingTime",
            "IsLeapYear",
            "MaxValue",
            "Millisecond",
            "Minute",
            "MinValue",
            "Month",
            "Now",
            "Parse",
            "Second",
            "Subtract",
            "Ticks",
            "TimeOfDay",
            "Today",
            "ToString",
            "UtcNow",
            "Year",
        ]),
    ),
    ("System.DateTimeKind", Only(&["Utc"])),
    ("System.DateTimeOffset", All),
    ("System.Decimal", All),
    ("System.Double", All),
    ("System.Enum", Only(&["Parse", "TryParse", "ToString"])),
    ("System.Exception", All),
    ("System.Guid", All),
    ("System.Int16", All),
    ("System.Int32", All),
    ("System.Int64", All),
    ("System.IO.StringReader", All),
    ("System.IO.StringWriter", All),
    ("System.Linq.Enumerable", All),
    ("System.Math", All),
    ("System.MidpointRounding", All),
    ("System.Net.IPAddress", Only(&["AddressFamily", "Equals", "GetAddressBytes", "IsLoopback", "Parse", "TryParse", "ToString"])),
    ("System.Net.WebUtility", All),
    ("System.Nullable", All),
    ("System.Random", All),
    ("System.SByte", All),
    ("System.Security.Cryptography.AsymmetricAlgorithm", All),
    ("System.Security.Cryptography.CipherMode", All),
    ("System.Security.Cryptography.HashAlgorithm", All),
    ("System.Security.Cryptography.HashAlgorithmName", All),
    ("System.Security.Cryptography.HMAC", All),
    ("System.Security.Cryptography.HMACMD5", All),
    ("System.Security.Cryptography.HMACSHA1", All),
    ("System.Security.Cryptography.HMACSHA256", All),
    ("System.Security.Cryptography.HMACSHA384", All),
    ("System.Security.Cryptography.HMACSHA512", All),
    ("System.Security.Cryptography.KeyedHashAlgorithm", All),
    ("System.Security.Cryptography.MD5", All),
    ("System.Security.Cryptography.Oid", All),
    ("System.Security.Cryptography.PaddingMode", All),
    ("System.Security.Cryptography.RNGCryptoServiceProvider", All),
    ("System.Security.Cryptography.RSA", All),
    ("System.Security.Cryptography.RSAEncryptionPadding", All),
    ("System.Security.Cryptography.RSASignaturePadding", All),
    ("System.Security.Cryptography.SHA1", All),
    ("System.Security.Cryptography.SHA1Managed", All),
    ("System.Security.Cryptography.SHA256", All),
    ("System.Security.Cryptography.SHA256Managed", All),
    ("System.Security.Cryptography.SHA384", All),
    ("System.Security.Cryptography.SHA384Managed", All),
    ("System.Security.Cryptography.SHA512", All),
    ("System.Security.Cryptography.SHA512Managed", All),
    ("System.Security.Cryptography.SymmetricAlgorithm", Except(&["Create()"])),
    ("System.Security.Cryptography.X509Certificates.PublicKey", All),
    ("System.Security.Cryptography.X509Certificates.RSACertificateExtensions", All),
    ("System.Security.Cryptography.X509Certificates.X500DistinguishedName", Only(&["Name"])),
    ("System.Security.Cryptography.X509Certificates.X509Certificate", All),
    ("System.Security.Cryptography.X509Certificates.X509Certificate2", All),
    ("System.Security.Cryptography.X509Certificates.X509ContentType", All),
    ("System.Security.Cryptography.X509Certificates.X509NameType", All),
    ("System.Single", All),
    ("System.String", All),
    ("System.StringComparer", All),
    ("System.StringComparison", All),
    ("System.StringSplitOptions", All),
    ("System.Text.Encoding", All),
    ("System.Text.RegularExpressions.Capture", Only(&["Index", "Length", "Value"])),
    ("System.Text.RegularExpressions.CaptureCollection", Only(&["Count", "Item"])),
    ("System.Text.RegularExpressions.Group", Only(&["Captures", "Success"])),
    ("System.Text.RegularExpressions.GroupCollection", Only(&["Count", "Item"])),
    ("System.Text.RegularExpressions.Match", Only(&["Empty", "Groups", "Result"])),
    ("System.Text.RegularExpressions.Regex", Only(&["(Constructor)", "IsMatch", "Match", "Matches", "Replace", "Unescape", "Split"])),
    ("System.Text.RegularExpressions.RegexOptions", All),
    ("System.Text.StringBuilder", All),
    ("System.TimeSpan", All),
    ("System.TimeZone", All),
    ("System.TimeZoneInfo.AdjustmentRule", All),
    ("System.TimeZoneInfo.TransitionTime", All),
    ("System.TimeZoneInfo", All),
    ("System.Tuple", All),
    ("System.UInt16", All),
    ("System.UInt32", All),
    ("System.UInt64", All),
    ("System.Uri", All),
    ("System.UriPartial", All),
    ("System.Xml.Linq.Extensions", All),
    ("System.Xml.Linq.XAttribute", All),
    ("System.Xml.Linq.XCData", All),
    ("System.Xml.Linq.XComment", All),
    ("System.Xml.Linq.XContainer", All),
    ("System.Xml.Linq.XDeclaration", All),
    ("System.Xml.Linq.XDocument", Except(&["Load"])),
    ("System.Xml.Linq.XDocumentType", All),
    ("System.Xml.Linq.XElement", All),
    ("System.Xml.Linq.XName", All),
    ("System.Xml.Linq.XNamespace", All),
    ("System.Xml.Linq.XNode", All),
    ("System.Xml.Linq.XNodeDocumentOrderComparer", All),
    ("System.Xml.Linq.XNodeEqualityComparer", All),
    ("System.Xml.Linq.XObject", All),
    ("System.Xml.Linq.XProcessingInstruction", All),
    ("System.Xml.Linq.XText", All),
    ("System.Xml.XmlNodeType", All),
];

/// Types that the table does not list, but that what it lists cannot do without: `object`; enumerations and interfaces of allowed
/// members; exceptions, which `catch` names. The gateway's own types are the `context`'s.
const SUPPORT: &[&str] =
    &["System.Object", "System.ValueType", "System.DayOfWeek", "System.ValueTuple", "System.Security.Cryptography.Aes"];

fn entry(full_name: &str) -> Option<Members> {
    TABLE.iter().find(|(name, _)| *name == full_name).map(|(_, members)| *members)
}

/// Whether the class is an exception: its bases say so.
fn is_exception(class: &Class) -> bool {
    class.full_name() == "System.Exception" || class.bases.iter().any(|base| base.ends_with("Exception"))
}

/// Whether an expression may name the type.
pub fn is_type(class: &Class) -> bool {
    let name = class.full_name();
    entry(&name).is_some() || SUPPORT.contains(&name.as_str()) || is_exception(class) || class.namespace.starts_with("Microsoft.Azure.")
}

/// Whether an expression may use the member. Members of types that the table does not list came from an allowed member.
pub fn is_member(info: &MemberInfo) -> bool {
    let name = match info.kind {
        MemberKind::Constructor => "(Constructor)",
        MemberKind::Indexer => "Item",
        MemberKind::Operator | MemberKind::Implicit | MemberKind::Explicit => return true,
        MemberKind::Property | MemberKind::Method => info.name,
    };
    if matches!(info.class.kind, Kind::Enum(_)) {
        return true;
    }
    match entry(&info.class.full_name()) {
        None | Some(All) => true,
        // What every object can do is no member of the type's own.
        Some(Only(members)) => members.contains(&name) || matches!(name, "Equals" | "GetHashCode" | "CompareTo"),
        Some(Except(members)) => !members.contains(&name),
    }
}

/// Whether it is the name of a well-known .NET type that the table leaves out.
pub fn is_refused(name: &str) -> bool {
    const NAMESPACES: &[&str] = &[
        "System.IO",
        "System.Threading",
        "System.Reflection",
        "System.Diagnostics",
        "System.Net.Http",
        "System.Text.Json",
        "System.Web",
        "System.Globalization",
        "System.Numerics",
        "System.Runtime",
        "System.Collections.Concurrent",
        "System.Collections.Specialized",
    ];
    const TYPES: &[&str] = &[
        "Console",
        "Environment",
        "CultureInfo",
        "NumberStyles",
        "DateTimeStyles",
        "File",
        "Directory",
        "Path",
        "Stream",
        "MemoryStream",
        "StreamReader",
        "StreamWriter",
        "Thread",
        "Task",
        "HttpClient",
        "WebClient",
        "Stopwatch",
        "Process",
        "Assembly",
        "Activator",
        "Type",
        "JsonSerializer",
        "JsonDocument",
        "HttpUtility",
        "BigInteger",
        "GC",
        "AppDomain",
        "Delegate",
        "XmlDocument",
        "XmlReader",
        "SortedDictionary",
        "SortedList",
        "SortedSet",
        "LinkedList",
        "ConcurrentDictionary",
        "Lazy",
        "StringInfo",
        "Version",
        "Interlocked",
        "Buffer",
        "Marshal",
        "SecureString",
        "RandomNumberGenerator",
        "JsonSerializerSettings",
        "JsonTextReader",
    ];
    let (namespace, simple) = name.rsplit_once('.').unwrap_or(("", name));
    TYPES.contains(&simple) || NAMESPACES.iter().any(|refused| namespace.starts_with(refused) || name == *refused)
}

/// What to write instead of a type or member that is not allowed.
pub fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "DateTime.TryParse" | "DateTime.ParseExact" | "DateTime.TryParseExact" => {
            "use `DateTime.Parse`, or whole seconds: `long.TryParse` with `DateTimeOffset.UtcNow.ToUnixTimeSeconds()`"
        }
        "DateTime.ToUniversalTime" | "DateTime.ToLocalTime" | "DateTime.Kind" | "DateTime.SpecifyKind" => {
            "use `DateTime.UtcNow` and `DateTimeOffset`, whose members are all allowed"
        }
        "DateTimeKind.Local" | "DateTimeKind.Unspecified" => "only `DateTimeKind.Utc` is allowed",
        "JsonSerializer" | "JsonDocument" => "use `JObject.Parse`, or `JsonConvert`",
        "HttpUtility" => "use `System.Net.WebUtility`",
        "CultureInfo" | "NumberStyles" | "DateTimeStyles" => "leave the argument out: the culture is invariant",
        "XmlDocument" | "XmlReader" => "use `XDocument` or `XElement`",
        "Func" | "Action" | "Predicate" | "Comparison" => "declare a local function",
        "Stopwatch" => "use `context.Elapsed`",
        "RandomNumberGenerator" => "use `RNGCryptoServiceProvider`",
        "Regex.Escape" | "Match.NextMatch" => "use `Regex.Matches` and `Regex.Replace`",
        "SortedDictionary" | "SortedList" | "SortedSet" => "use `Dictionary` or `List` with `OrderBy`",
        _ => return None,
    })
}
