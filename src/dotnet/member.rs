//! Members of types: a C# signature with the function behind it.
//!
//! The signature is the single source: the binder resolves overloads by it, messages print it, coverage is counted by it.
//! The forms, by example:
//!
//! ```text
//! int Length { get; }                                   property
//! static string Empty { get; }                          static property, field or constant
//! char this[int index] { get; }                         indexer
//! string Substring(int startIndex, int length)          method
//! static bool TryParse(string s, out int result)        out parameter; `ref` likewise
//! int Compare(string a, string b, StringComparison c = StringComparison.Ordinal)
//! static string Join(string separator, params object[] values)
//! T GetValueOrDefault<T>(string key, T defaultValue)    generic method
//! static T Value<T>(this JToken value)                  extension method
//! Random(int seed)                                      constructor, by the class's own name
//! static TimeSpan operator -(DateTime a, DateTime b)    operator
//! static implicit operator JToken(string value)         conversion; `explicit` likewise
//! ```

use std::sync::Arc;

use super::{
    enums::EnumValue,
    exception::Raise,
    registry,
    runtime::Runtime,
    types::{Class, ClassRef, Kind, TupleType, Type},
    value::Value,
};
use crate::text::Text;

/// The function behind a member.
pub type Native = fn(&mut Call<'_, '_>) -> Result<Value, Raise>;

/// One call of a [`Native`].
pub struct Call<'a, 'b> {
    /// What the function works in.
    pub runtime: &'a mut Runtime<'b>,
    /// The arguments; for an instance member the receiver comes first.
    pub arguments: &'a [Value],
    /// The type arguments of a generic method; of any other member those of the type that it was found on.
    pub types: &'a [Type],
    /// Values of `out` parameters, by their place among the arguments.
    pub outs: Vec<(usize, Value)>,
}

impl<'a, 'b> Call<'a, 'b> {
    /// A call with these arguments and type arguments.
    pub fn new(runtime: &'a mut Runtime<'b>, arguments: &'a [Value], types: &'a [Type]) -> Self {
        Self { runtime, arguments, types, outs: Vec::new() }
    }

    /// The same call with the first arguments alone: those behind say nothing.
    pub fn first(&mut self, count: usize) -> Call<'_, 'b> {
        Call::new(self.runtime, self.arguments.get(..count).unwrap_or(self.arguments), self.types)
    }

    /// The argument at `index`; null where there is none.
    pub fn argument(&self, index: usize) -> &'a Value {
        self.arguments.get(index).unwrap_or(&Value::Null)
    }

    /// Sets the `out` parameter at `index`.
    pub fn out(&mut self, index: usize, value: Value) {
        self.outs.push((index, value));
    }
}

/// An entry of a class's table.
pub struct Member {
    /// The signature.
    pub signature: &'static str,
    /// What it does.
    pub native: Native,
}

/// An entry of a class's table.
pub const fn member(signature: &'static str, native: Native) -> Member {
    Member { signature, native }
}

/// What kind of member a signature declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A property, field or constant.
    Property,
    /// `this[…]`
    Indexer,
    /// A method.
    Method,
    /// A constructor.
    Constructor,
    /// A user-defined operator.
    Operator,
    /// A user-defined implicit conversion.
    Implicit,
    /// A user-defined explicit conversion.
    Explicit,
}

/// A parameter of a member.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for named arguments.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Its value where the argument is left out.
    pub default: Option<Value>,
    /// `params`
    pub is_params: bool,
    /// `out`
    pub is_out: bool,
    /// `ref`: the argument's value comes in, and [`Call::out`] sets it.
    pub is_ref: bool,
}

/// A member with its signature understood.
#[derive(Debug)]
pub struct MemberInfo {
    /// The type that declares it.
    pub class: &'static Class,
    /// The signature as written.
    pub signature: &'static str,
    /// Its name; for an operator its token.
    pub name: &'static str,
    /// What it is.
    pub kind: MemberKind,
    /// Whether it is called without a receiver.
    pub is_static: bool,
    /// Whether its first parameter stands for a receiver.
    pub is_extension: bool,
    /// Whether it can be assigned: its native then takes the value as last argument.
    pub is_settable: bool,
    /// The names of its type parameters.
    pub type_parameters: Vec<&'static str>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub result: Type,
    /// What it does.
    pub native: Native,
}

impl MemberInfo {
    /// Understands a signature; `None` where it names a type that is not in the table (a test finds those).
    pub fn parse(class: &'static Class, member: &Member) -> Option<Self> {
        let mut scan = Scan { rest: member.signature, class: class.parameters, method: Vec::new() };
        let is_static = scan.take("static ");
        let conversion = if scan.take("implicit operator ") {
            Some(MemberKind::Implicit)
        } else if scan.take("explicit operator ") {
            Some(MemberKind::Explicit)
        } else {
            None
        };
        let mut info = Self {
            class,
            signature: member.signature,
            name: "",
            kind: conversion.unwrap_or(MemberKind::Method),
            is_static,
            is_extension: false,
            is_settable: false,
            type_parameters: Vec::new(),
            parameters: Vec::new(),
            result: Type::Void,
            native: member.native,
        };
        if conversion.is_none() && scan.rest.starts_with(class.name) && scan.rest.get(class.name.len()..)?.starts_with('(') {
            info.kind = MemberKind::Constructor;
            info.name = scan.identifier()?;
            info.result = own_type(class);
        } else {
            // A generic method's own parameters stand behind its name, and its result before: look ahead for them.
            scan.method = method_parameters(member.signature);
            info.result = scan.parse_type()?;
            scan.space();
            if conversion.is_some() {
                info.name = "op_Conversion";
            } else if scan.take("operator ") {
                info.kind = MemberKind::Operator;
                let end = scan.rest.find('(')?;
                info.name = scan.rest.get(..end)?.trim();
                scan.rest = scan.rest.get(end..)?;
            } else if scan.take("this") {
                info.kind = MemberKind::Indexer;
                info.name = "this";
            } else {
                info.name = scan.identifier()?;
                if scan.rest.starts_with('<') {
                    scan.rest = scan.rest.get(scan.rest.find('>')? + 1..)?;
                }
            }
            info.type_parameters.clone_from(&scan.method);
        }
        scan.space();
        if scan.take("{") {
            info.kind = MemberKind::Property;
            info.is_settable = scan.rest.contains("set;");
            return Some(info);
        }
        let close = if scan.take("(") {
            ")"
        } else if scan.take("[") {
            "]"
        } else {
            return None;
        };
        info.is_extension = scan.take("this ");
        while !scan.take(close) {
            info.parameters.push(scan.parameter()?);
            scan.take(",");
            scan.space();
        }
        info.is_settable = scan.rest.contains("set;");
        Some(info)
    }
}

/// A class as a type, its own type parameters as arguments.
pub fn own_type(class: &'static Class) -> Type {
    if class.parameters.is_empty() {
        Type::Named(ClassRef(class))
    } else {
        Type::Generic(ClassRef(class), class.parameters.iter().map(|name| Type::Parameter(name)).collect())
    }
}

/// Reads a type as C# writes it; `None` where the table has no such type.
pub fn parse_type(text: &'static str, parameters: &'static [&'static str]) -> Option<Type> {
    let mut scan = Scan { rest: text, class: parameters, method: Vec::new() };
    scan.parse_type()
}

fn method_parameters(signature: &'static str) -> Vec<&'static str> {
    let Some(head) = before_parameters(signature) else { return Vec::new() };
    let Some(inner) = head.strip_suffix('>') else { return Vec::new() };
    let Some(start) = inner.rfind('<') else { return Vec::new() };
    inner.get(start + 1..).unwrap_or("").split(',').map(str::trim).collect()
}

/// What stands before the parameters: their parenthesis is the one that the last closes, for tuple types have parentheses of their own.
fn before_parameters(signature: &'static str) -> Option<&'static str> {
    let mut depth = 0_usize;
    for (index, byte) in signature.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' if depth == 1 => return signature.get(..index),
            b'(' => depth -= 1,
            _ => {}
        }
    }
    None
}

struct Scan {
    rest: &'static str,
    class: &'static [&'static str],
    method: Vec<&'static str>,
}

impl Scan {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.strip_prefix(token);
        if let Some(rest) = found {
            self.rest = rest;
        }
        found.is_some()
    }

    fn identifier(&mut self) -> Option<&'static str> {
        self.space();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn parse_type(&mut self) -> Option<Type> {
        if self.take("(") {
            return self.tuple();
        }
        let name = self.identifier()?;
        let mut arguments = Vec::new();
        if self.take("<") {
            while !self.take(">") {
                arguments.push(self.parse_type()?);
                self.take(",");
                self.space();
            }
        }
        let parameter = self.class.iter().chain(&self.method).find(|parameter| **parameter == name);
        let mut ty = match parameter {
            Some(parameter) => Type::Parameter(parameter),
            None if name == "void" => Type::Void,
            None => {
                let class = registry::find(name, arguments.len())?;
                if arguments.is_empty() { Type::Named(ClassRef(class)) } else { Type::Generic(ClassRef(class), arguments.into()) }
            }
        };
        loop {
            if self.take("[]") {
                ty = Type::array(ty);
            } else if self.take("[,]") {
                ty = Type::Grid(ty.into(), 2);
            } else if self.take("?") {
                ty = Type::nullable(ty);
            } else {
                return Some(ty);
            }
        }
    }

    /// `A First, B Second)`; the names may be left out.
    fn tuple(&mut self) -> Option<Type> {
        let (mut items, mut names) = (Vec::new(), Vec::new());
        while !self.take(")") {
            items.push(self.parse_type()?);
            names.push(self.identifier().map(Text::Static));
            self.take(",");
            self.space();
        }
        Some(Type::Tuple(Arc::new(TupleType { items, names })))
    }

    fn parameter(&mut self) -> Option<Parameter> {
        self.space();
        let is_params = self.take("params ");
        let is_out = self.take("out ");
        let is_ref = self.take("ref ");
        let ty = self.parse_type()?;
        let name = self.identifier()?;
        self.space();
        let default = if self.take("= ") { Some(self.constant()?) } else { None };
        Some(Parameter { name, ty, default, is_params, is_out, is_ref })
    }

    fn constant(&mut self) -> Option<Value> {
        if self.take("\"") {
            let (text, rest) = self.rest.split_once('"')?;
            self.rest = rest;
            return Some(Value::string(text));
        }
        let negative = self.take("-");
        let word = self.identifier()?;
        Some(match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            member if member.contains('.') => {
                let (enumeration, member) = member.rsplit_once('.')?;
                let class = registry::find(enumeration, 0)?;
                let Kind::Enum(members) = class.kind else { return None };
                let (_, value) = members.iter().find(|(name, _)| *name == member)?;
                Value::Enum(EnumValue::new(class, *value))
            }
            number => Value::Int32(number.parse::<i32>().ok()? * if negative { -1 } else { 1 }),
        })
    }
}
