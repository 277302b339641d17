//! Policy documents compiled: elements, Named Values, fragments and scopes become one [`Program`] that the gateway runs.
//!
//! One file a policy in `elements/`; the gateway runs it in the file of the same name in `gateway/execute/`.

pub mod elements;
pub mod catalogue;
mod lowering;
mod named_values;
mod program;

pub use elements::Policy;
pub use lowering::{Resources, compile, compile_fragment};
pub use named_values::references;
pub use program::{Block, BlockId, Place, Program, Section, Setting, Statement};
