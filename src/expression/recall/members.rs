//! Which members of the .NET world only compute, by where their code is.

use std::{collections::HashSet, sync::LazyLock};

use crate::dotnet::{registry, types::Class};

/// The members that give the same for the same arguments and change nothing that outlives an expression, by where their code is.
static REPEATABLE: LazyLock<HashSet<usize>> = LazyLock::new(|| {
    let members = |wanted: bool| {
        let classes = registry::classes().filter(|class| COMPUTING.contains(&class.name));
        classes.flat_map(move |class| class.members.iter().filter(move |member| only_computes(class, member.signature) == wanted))
    };
    let mut repeatable: HashSet<usize> = members(true).map(|member| member.native as usize).collect();
    // Members whose code is the same may share its place.
    members(false).for_each(|member| {
        repeatable.remove(&(member.native as usize));
    });
    repeatable
});

/// The members that read one entry of a dictionary among the parts of `context`.
static READING: LazyLock<HashSet<usize>> = LazyLock::new(|| {
    let classes = [&registry::IREADONLY_DICTIONARY, &registry::CONTEXT_EXTENSIONS];
    let members = classes.into_iter().flat_map(|class| class.members);
    let reads = |signature: &str| ["GetValueOrDefault", "ContainsKey", "this["].iter().any(|name| signature.contains(name));
    members.filter(|member| reads(member.signature)).map(|member| member.native as usize).collect()
});

/// Whether a member reads one entry of a dictionary among the parts of `context`.
pub(super) fn reads_entry(native: usize) -> bool {
    READING.contains(&native)
}

/// Whether a member gives the same for the same arguments and changes nothing that outlives an expression.
pub(super) fn is_repeatable(native: usize) -> bool {
    REPEATABLE.contains(&native)
}

/// Classes that compute. Not among them: what has to do with chance and keys. Who asks the clock is found out when it is asked.
const COMPUTING: [&str; 34] = [
    "Array",
    "Boolean",
    "Byte",
    "Char",
    "Convert",
    "DateTime",
    "DateTimeOffset",
    "Decimal",
    "Dictionary",
    "Double",
    "Encoding",
    "Enumerable",
    "Group",
    "IEnumerable",
    "Int32",
    "Int64",
    "JArray",
    "JContainer",
    "JObject",
    "JProperty",
    "JToken",
    "JValue",
    "KeyValuePair",
    "List",
    "Match",
    "Math",
    "Nullable",
    "Object",
    "Regex",
    "Single",
    "String",
    "StringBuilder",
    "TimeSpan",
    "Uri",
];

/// An enumerator is a walk under way, and a copy of it begins anew. `Shuffle`s draw, which object something is depends on more than what it says, and `Array`'s other members change what they are given.
fn only_computes(class: &Class, signature: &str) -> bool {
    const NOT: [&str; 9] =
        ["GetEnumerator", "Guid", "Random", "Shuffle", "GetHashCode", "ReferenceEquals", "GetType", "CopyTo", "byteIndex"];
    (class.name != "Array" || signature.starts_with("int Length")) && !NOT.iter().any(|word| signature.contains(word))
}
