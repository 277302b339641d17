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
use crate::text::Text;

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
    /// `T[,]` and more dimensions: the element and the rank.
    Grid(Arc<Type>, usize),
    /// `(T a, U b)`: a `System.ValueTuple`.
    Tuple(Arc<TupleType>),
    /// `new { a, b }`: the type of an anonymous object.
    Anonymous(Arc<AnonymousType>),
    /// A type parameter in a member's signature, by name.
    Parameter(&'static str),
    /// The type of what has been reported as wrong: nothing more is said of it.
    Error,
}

/// A value tuple's elements. Names are a matter of the compiler: types that differ in them alone are the same.
#[derive(Clone, Debug)]
pub struct TupleType {
    /// The elements' types.
    pub items: Vec<Type>,
    /// The elements' names, where the code gives them.
    pub names: Vec<Option<Text>>,
}

impl PartialEq for TupleType {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Eq for TupleType {}

impl Hash for TupleType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items.hash(state);
    }
}

/// An anonymous object's properties: objects with the same names, types and order share a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnonymousType {
    /// The properties in order.
    pub properties: Vec<(Text, Type)>,
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
    /// A delegate: its `Invoke` says what it takes and gives.
    Delegate,
}

/// How the arguments of a generic interface or delegate convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variance {
    /// Not at all: `List<T>`.
    None,
    /// `IEnumerable<out T>`
    Out,
    /// `IComparer<in T>`
    In,
    /// `Func<in T, out TResult>`: all but the last contravariant.
    Function,
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
    /// How its type arguments convert.
    pub variance: Variance,
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
            variance: Variance::None,
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

    /// With type arguments that convert.
    pub const fn variance(mut self, variance: Variance) -> Self {
        self.variance = variance;
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
    ///
    /// A delegate type's `Invoke` is among them.
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

    /// Whether nothing can be made of the class itself: it has members, but no constructor among them.
    pub fn is_abstract(&'static self) -> bool {
        matches!(self.kind, Kind::Class)
            && !self.members.is_empty()
            && !self.infos().iter().any(|info| info.kind == super::member::MemberKind::Constructor)
    }

    /// `System.String`: the name with its namespace.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.namespace, self.name)
    }
}

/// A class that derives from `object`.
pub const fn class(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Class).bases(&["object"])
}

/// A structure.
pub const fn structure(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Struct).bases(&["ValueType"])
}

/// An interface.
pub const fn interface(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Interface)
}

/// A class of static members only.
pub const fn statics(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Static)
}

/// An enumeration: its members' names with their values.
pub const fn enumeration(namespace: &'static str, name: &'static str, members: &'static [(&'static str, i32)]) -> Class {
    Class::new(namespace, name, Kind::Enum(members)).bases(&["Enum"])
}

/// A delegate; its one member is `Invoke`.
pub const fn delegate(namespace: &'static str, name: &'static str) -> Class {
    Class::new(namespace, name, Kind::Delegate).bases(&["Delegate"]).variance(Variance::Function)
}

/// An exception class in `System`.
pub const fn error(name: &'static str, base: &'static [&'static str]) -> Class {
    Class::new("System", name, Kind::Class).bases(base)
}

/// The classes of one family: a static each, and `CLASSES`, the family's table that the registry gathers.
#[macro_export]
#[doc(hidden)]
macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $class:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs, reason = "the name is the documentation")] pub static $name: $crate::dotnet::types::Class = {
            #[allow(unused_imports, reason = "each family needs some of them")]
            use $crate::dotnet::types::{Class, Kind, Variance, class, delegate, enumeration, error, interface, statics, structure};
            $class
        };)*
        /// The family's types.
        pub static CLASSES: &[&$crate::dotnet::types::Class] = &[$(&$name),*];
    };
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
        matches!(self, Self::Tuple(_)) || self.class().is_some_and(Class::is_value_type)
    }

    /// A generic class with its arguments.
    pub fn generic(class: &'static Class, arguments: impl Into<Arc<[Type]>>) -> Self {
        Self::Generic(ClassRef(class), arguments.into())
    }

    /// A class without arguments.
    pub fn named(class: &'static Class) -> Self {
        Self::Named(ClassRef(class))
    }

    /// `IEnumerable<T>`
    pub fn enumerable(element: Type) -> Self {
        Self::generic(&registry::IENUMERABLE, [element])
    }

    /// What a delegate type takes and gives; `None` for other types.
    pub fn delegate(&self) -> Option<(Vec<Type>, Type)> {
        let class = self.class().filter(|class| class.kind == Kind::Delegate)?;
        let invoke = class.infos().iter().find(|info| info.name == "Invoke")?;
        let argument = |name: &str| {
            let index = class.parameters.iter().position(|parameter| *parameter == name)?;
            self.arguments().get(index).cloned()
        };
        let parameters = invoke.parameters.iter().map(|parameter| parameter.ty.substitute(&argument)).collect();
        Some((parameters, invoke.result.substitute(&argument)))
    }

    /// Whether a type parameter stands somewhere in it.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Parameter(_) => true,
            Self::Generic(_, arguments) => arguments.iter().any(Type::is_open),
            Self::Nullable(of) | Self::Array(of) | Self::Grid(of, _) => of.is_open(),
            Self::Tuple(tuple) => tuple.items.iter().any(Type::is_open),
            _ => false,
        }
    }

    /// The types among itself and all it derives from that are made from `class`.
    pub fn as_class(&self, class: &'static Class) -> Option<Type> {
        if self.class().is_some_and(|own| std::ptr::eq(own, class)) {
            return Some(self.clone());
        }
        self.supertypes().iter().find_map(|supertype| supertype.as_class(class))
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
            Self::Grid(element, rank) => Self::Grid(Arc::new(element.substitute(with)), *rank),
            Self::Tuple(tuple) => Self::Tuple(Arc::new(TupleType {
                items: tuple.items.iter().map(|item| item.substitute(with)).collect(),
                names: tuple.names.clone(),
            })),
            _ => self.clone(),
        }
    }

    /// The base class and interfaces with this type's own arguments.
    pub fn supertypes(&self) -> Vec<Type> {
        match self {
            Self::Grid(..) => vec![Self::Named(ClassRef(&registry::ARRAY))],
            Self::Tuple(_) => vec![Self::Named(ClassRef(&registry::VALUE_TYPE))],
            Self::Array(element) => [&registry::ILIST, &registry::IREADONLY_LIST]
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
            && class.variance != Variance::None
        {
            let out = |from: &Type, to: &Type| from == to || (!from.is_value_type() && from.is_reference_to(to));
            let last = from.len().saturating_sub(1);
            return from.iter().zip(to.iter()).enumerate().all(|(index, (from, to))| match class.variance {
                Variance::Out => out(from, to),
                Variance::In => out(to, from),
                Variance::Function if index == last && class.name != "Action" => out(from, to),
                Variance::Function => out(to, from),
                Variance::None => from == to,
            });
        }
        if let (Self::Array(from), Self::Array(to)) = (self, target) {
            return !from.is_value_type() && !to.is_value_type() && from.is_reference_to(to);
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
            Self::Grid(element, rank) => write!(f, "{element}[{}]", ",".repeat(rank.saturating_sub(1))),
            Self::Tuple(tuple) => {
                f.write_str("(")?;
                for (index, (item, name)) in tuple.items.iter().zip(&tuple.names).enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                    if let Some(name) = name {
                        write!(f, " {name}")?;
                    }
                }
                f.write_str(")")
            }
            Self::Anonymous(anonymous) => {
                f.write_str("<anonymous type: ")?;
                for (index, (name, ty)) in anonymous.properties.iter().enumerate() {
                    write!(f, "{}{ty} {name}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(">")
            }
            Self::Parameter(name) => f.write_str(name),
            Self::Error => f.write_str("?"),
        }
    }
}
