//! The tree of a C# method body or expression: what stands in the code, not yet what it means.
//!
//! Every node carries its span in the code's text. Equality ignores spans: two trees are equal when they say the same.
//!
//! How deep a tree can be is limited, and so is recursion over it, with one exception: chains (`a + b + …`, `a.b().c…`) lean to the left
//! and may have thousands of links. Whoever walks a tree follows [`Expression::first_operand`] with a loop.

mod equality;
mod expressions;
mod operators;
mod queries;
mod statements;
mod types;

pub use expressions::*;
pub use operators::*;
pub use queries::*;
pub use statements::*;
pub use types::*;
