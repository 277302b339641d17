//! The .NET world that expressions live in: values, types with their members, conversions, exceptions.
//!
//! One file a family. A family's members are a table of C# signatures with the functions behind them (`member`), and the table of
//! types (`registry`) names the families: to add a type is to add a line there and a file here. Nothing here knows syntax or sockets.

pub mod allowed;
pub mod context;
pub mod delegate;
pub mod datetime;
pub mod enums;
pub mod exception;
pub mod heap;
pub mod json;
pub mod member;
pub mod registry;
pub mod runtime;
pub mod sequence;
pub mod string;
pub mod types;
pub mod value;

/// `System.BitConverter`
mod bit_converter;
/// `bool`
mod boolean;
/// `char`
mod chars;
/// arrays, `List<T>`, `Dictionary<TKey, TValue>` and their interfaces
pub mod collection;
/// `System.Convert`
mod convert;
/// `ToString`: how values look as text
pub mod display;
/// `System.Text.Encoding`
pub mod encoding;
/// values that outlive their request
pub mod frozen;
/// composite formatting
pub mod format;
/// `System.Guid`
pub mod guid;
/// `System.Security.Cryptography`: hashes, ciphers, certificates
pub mod crypto;
/// `System.Linq.Enumerable`
mod linq;
/// `System.Math`
mod math;
/// `System.Net.IPAddress`
mod net;
/// `System.Nullable`
mod nullable;
/// the numeric types: parsing and conversion
pub mod number;
/// `System.Object`
pub mod object;
/// `System.Random`
mod random;
/// `System.Text.RegularExpressions`
pub mod regex;
/// `System.Text.StringBuilder` and readers and writers of text
mod string_builder;
/// `System.TimeZoneInfo`
pub mod time_zone;
/// `System.Tuple`
mod tuple;
/// `System.Uri` and `System.Net.WebUtility`
mod uri;
/// `System.Xml.Linq`
pub mod xml;

pub use types::Type;
pub use value::Value;
