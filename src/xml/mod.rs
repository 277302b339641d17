//! Policy documents as text: both formats (`xml`, `rawxml`), spanned lossless tree, writer, formatter.
//!
//! Azure API Management takes policies as `xml` (well-formed, expressions escaped) and as `rawxml` (expressions as authors write them,
//! with `"`, `<` and `&&` standing raw). One reader takes both: [`parse`] finds the expressions first, hides them from the XML reader
//! behind as many harmless letters, and cuts the tree's texts out of the original by the same offsets.
//! <https://learn.microsoft.com/rest/api/apimanagement/policy/create-or-update> (`PolicyContentFormat`)

mod balance;
mod decode;
mod faults;
mod formatter;
mod parser;
mod scan;
mod tree;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use formatter::format;
pub use parser::{MAX_BYTES, MAX_DEPTH, parse};
pub use tree::*;
pub use writer::write;
