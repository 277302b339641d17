//! The syntax of C#: tokens, tree, parser, printer.
//!
//! Policy expressions are C# 7.3: one expression in `@( … )`, a method body in `@{ … }`. What a later version brought is refused by
//! name, with the compiler's own code. What the code means is the business of `expression`.

mod code;
mod fault;
mod lexer;
mod parser;
mod printer;
mod token;
pub mod tree;

#[cfg(test)]
mod tests;

pub use code::Code;
pub use parser::{parse_block, parse_expression};
pub use printer::{Printer, print_block, print_expression, print_statement, print_type};
pub use tree::*;
