//! The .NET types that expressions may use: static types, classes as tables of members, and what converts to what by reference.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, OnceLock},
};

use super::{
    member::{Member, MemberInfo},
    registry,
};

/// A static type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// What a method without a value returns.
    Void,
    /// The type of the literal `null`.
    Null,
    /// A class, structure, interface or enumeration that takes no arguments.
    Named(ClassRef),
    /// A generic one with its arguments.
    Generic(ClassRef, Arc<[Type]>),
    /// `T?` of a value type.
    Nullable(Arc<Type>),
    /// `T[]`
    Array(Arc<Type>),
    /// A type parameter in a member's signature, by name.
    Parameter(&'static str),
}

/// A class of the table; compared by identity.
#[derive(Clone, Copy)]
pub struct ClassRef(pub &'static Class);

impl PartialEq for ClassRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ClassRef {}

impl Hash for ClassRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).hash(state);
    }
}

impl fmt::Debug for ClassRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl std::ops::Deref for ClassRef {
    type Target = Class;
    fn deref(&self) -> &Class {
        self.0
    }
}

/// What kind of type a [`Class`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A reference type.
    Class,
    /// A value type.
    Struct,
    /// An interface.
    Interface,
    /// An enumeration: its members' names in the order of their values from 0, unless a value is given.
    Enum(&'static [(&'static str, i32)]),
    /// A class of static members only.
    Static,
}

/// A type of the .NET world with its members: one entry of the table.
pub struct Class {
    /// The name without namespace and type parameters.
    pub name: &'static str,
    /// The namespace; for a nested type the namespace and the outer type.
    pub namespace: &'static str,
    /// C#'s keyword for it, where it has one.
    pub keyword: Option<&'static str>,
    /// Class, structure, interface, enumeration.
    pub kind: Kind,
    /// The names of its type parameters.
    pub parameters: &'static [&'static str],
    /// The base class and the interfaces, as C# writes them.
    pub bases: &'static [&'static str],
    /// The members.
    pub members: &'static [Member],
    /// Members parsed from their signatures, at first use.
    pub parsed: OnceLock<Vec<MemberInfo>>,
    /// Bases resolved, at first use.
    pub supertypes: OnceLock<Vec<Type>>,
}

impl Class {
    /// A class without members, to be filled by the other `const` functions.
    pub const fn new(namespace: &'static str, name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            namespace,
            keyword: None,
            kind,
            parameters: &[],
            bases: &[],
            members: &[],
            parsed: OnceLock::new(),
            supertypes: OnceLock::new(),
        }
    }

    /// With a keyword.
    pub const fn keyword(mut self, keyword: &'static str) -> Self {
        self.keyword = Some(keyword);
        self
    }

    /// With type parameters.
    pub const fn generic(mut self, parameters: &'static [&'static str]) -> Self {
        self.parameters = parameters;
        self
    }

    /// With a base class and interfaces.
    pub const fn bases(mut self, bases: &'static [&'static str]) -> Self {
        self.bases = bases;
        self
    }

    /// With members.
    pub const fn members(mut self, members: &'static [Member]) -> Self {
        self.members = members;
        self
    }

    /// The members with their signatures understood.
    pub fn infos(&'static self) -> &'static [MemberInfo] {
        self.parsed.get_or_init(|| self.members.iter().filter_map(|member| MemberInfo::parse(self, member)).collect())
    }

    /// The base class and interfaces.
    pub fn supertypes(&'static self) -> &'static [Type] {
        self.supertypes.get_or_init(|| self.bases.iter().filter_map(|text| super::member::parse_type(text, self.parameters)).collect())
    }

    /// Whether its values are copied.
    pub fn is_value_type(&self) -> bool {
        matches!(self.kind, Kind::Struct | Kind::Enum(_))
    }

    /// `System.String`: the name with its namespace.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.namespace, self.name)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! shorthands {
    ($($name:ident => $class:path),* $(,)?) => {
        impl Type {
            $(#[doc = concat!("`", stringify!($name), "` as a type.")]
            pub const $name: Self = Self::Named(ClassRef(&$class));)*
        }
    };
}

shorthands! {
    OBJECT => registry::OBJECT, STRING => registry::STRING, BOOL => registry::BOOLEAN, CHAR => registry::CHAR,
    SBYTE => registry::SBYTE, BYTE => registry::BYTE, INT16 => registry::INT16, UINT16 => registry::UINT16,
    INT32 => registry::INT32, UINT32 => registry::UINT32, INT64 => registry::INT64, UINT64 => registry::UINT64,
    SINGLE => registry::SINGLE, DOUBLE => registry::DOUBLE, DECIMAL => registry::DECIMAL,
    DATE_TIME => registry::DATE_TIME, DATE_TIME_OFFSET => registry::DATE_TIME_OFFSET, TIME_SPAN => registry::TIME_SPAN, GUID => registry::GUID,
    EXCEPTION => registry::EXCEPTION, CONTEXT => registry::CONTEXT,
    JTOKEN => registry::JTOKEN,
}

impl Type {
    /// `T[]`
    pub fn array(element: Type) -> Self {
        Self::Array(Arc::new(element))
    }

    /// `T?`
    pub fn nullable(of: Type) -> Self {
        Self::Nullable(Arc::new(of))
    }

    /// The class, where there is one.
    pub fn class(&self) -> Option<&'static Class> {
        match self {
            Self::Named(class) | Self::Generic(class, _) => Some(class.0),
            _ => None,
        }
    }

    /// The type arguments.
    pub fn arguments(&self) -> &[Type] {
        match self {
            Self::Generic(_, arguments) => arguments,
            _ => &[],
        }
    }

    /// Whether its values are copied and are never null.
    pub fn is_value_type(&self) -> bool {
        self.class().is_some_and(Class::is_value_type)
    }

    /// Whether `null` is one of its values.
    pub fn admits_null(&self) -> bool {
        !self.is_value_type() && *self != Self::Void
    }

    /// `T` of `T?`.
    pub fn underlying(&self) -> Option<&Type> {
        match self {
            Self::Nullable(of) => Some(of),
            _ => None,
        }
    }

    /// The enumeration's members.
    pub fn enum_members(&self) -> Option<&'static [(&'static str, i32)]> {
        match self.class()?.kind {
            Kind::Enum(members) => Some(members),
            _ => None,
        }
    }

    /// Puts types in the place of type parameters.
    pub fn substitute(&self, with: &dyn Fn(&str) -> Option<Type>) -> Type {
        match self {
            Self::Parameter(name) => with(name).unwrap_or_else(|| self.clone()),
            Self::Generic(class, arguments) => Self::Generic(*class, arguments.iter().map(|argument| argument.substitute(with)).collect()),
            Self::Nullable(of) => Self::nullable(of.substitute(with)),
            Self::Array(element) => Self::array(element.substitute(with)),
            _ => self.clone(),
        }
    }

    /// The base class and interfaces with this type's own arguments.
    pub fn supertypes(&self) -> Vec<Type> {
        match self {
            Self::Array(element) => [&registry::ILIST, &registry::IREADONLY_COLLECTION]
                .into_iter()
                .map(|class| Self::Generic(ClassRef(class), Arc::new([element.as_ref().clone()])))
                .chain([Self::Named(ClassRef(&registry::ARRAY))])
                .collect(),
            Self::Named(class) | Self::Generic(class, _) => {
                let class = class.0;
                let argument = |name: &str| {
                    let index = class.parameters.iter().position(|parameter| *parameter == name)?;
                    self.arguments().get(index).cloned()
                };
                class.supertypes().iter().map(|supertype| supertype.substitute(&argument)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a reference of this type is one of `target` as it stands: inheritance, interfaces, covariance.
    pub fn is_reference_to(&self, target: &Type) -> bool {
        if self == target || *target == Self::OBJECT {
            return *self != Self::Void;
        }
        if let (Self::Generic(class, from), Self::Generic(to_class, to)) = (self, target)
            && class == to_class
            && matches!(class.name, "IEnumerable" | "IReadOnlyCollection" | "IReadOnlyList" | "IEnumerator")
            && from.iter().zip(to.iter()).all(|(from, to)| from == to || (!from.is_value_type() && from.is_reference_to(to)))
        {
            return true;
        }
        self.supertypes().iter().any(|supertype| supertype.is_reference_to(target))
    }
}

impl fmt::Display for Type {
    /// As C# writes it in its messages: keywords, no namespaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Null => f.write_str("<null>"),
            Self::Named(class) => f.write_str(class.keyword.unwrap_or(class.name)),
            Self::Generic(class, arguments) => {
                write!(f, "{}<", class.name)?;
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{argument}")?;
                }
                f.write_str(">")
            }
            Self::Nullable(of) => write!(f, "{of}?"),
            Self::Array(element) => write!(f, "{element}[]"),
            Self::Parameter(name) => f.write_str(name),
        }
    }
}
